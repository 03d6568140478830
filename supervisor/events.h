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

#define EVENTS_KEPT 8192u /* two thousand workers die and come back */

struct events;

struct events *events_new(void);
void events_free(struct events **events);
/* Called after each new event; at most one listener. */
void events_listen(struct events *events, void (*on_event)(void *arg),
    void *arg);

/* members: more JSON members without the leading comma, or "".  Returns its
 * number. */
uint64_t events_add(struct events *events, const char *event, const char *name,
    const char *members, ...) MS_PRINTF(4, 5);
/*
 * A held event, and with it all that come after, is not shown yet: readers see
 * the numbers in order and without gaps.  Whoever holds shows soon.
 */
void events_hold(struct events *events, uint64_t seq);
void events_show(struct events *events, uint64_t seq);
void events_show_all(struct events *events);

/* From a saved state, oldest first: the event `seq` as a finished line; the
 * next one is seq + 1.  Nobody is told. */
void events_put(struct events *events, uint64_t seq, const char *line);
/* The numbers go on: it is the life of before. */
void events_set_life(struct events *events, const char *life);
uint64_t events_first(const struct events *events); /* oldest kept */
uint64_t events_next(const struct events *events);  /* next to be shown */
/* Numbers mean something within one life of msd; this names it. */
const char *events_life(const struct events *events);
/* A line without newline, good until the next event or call; NULL when seq is
 * not kept or not shown. */
const char *events_get(struct events *events, uint64_t seq);

#endif
