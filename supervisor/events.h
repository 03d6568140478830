/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to the tree, numbered, as JSON lines.  The last EVENTS_KEPT
 * stay readable, so a reader that was away continues where it was.
 */
#ifndef SUPERVISOR_EVENTS_H
#define SUPERVISOR_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/defs.h"

#define EVENTS_KEPT 4096u

struct events;

struct events *events_new(void);
void events_free(struct events **events);
/* Called after each new event; at most one listener. */
void events_listen(struct events *events, void (*on_event)(void *arg),
    void *arg);

/* members: more JSON members without the leading comma, or "". */
void events_add(struct events *events, const char *event, const char *name,
    const char *members, ...) MS_PRINTF(4, 5);
uint64_t events_first(const struct events *events); /* oldest kept */
uint64_t events_next(const struct events *events);  /* number of the next */
/* A line without newline; NULL when seq is not kept. */
const char *events_get(const struct events *events, uint64_t seq);

#endif
