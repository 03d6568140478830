/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets msd opens for a worker and keeps over its restarts, so that no
 * connection is refused while it is away. */
#ifndef SUPERVISOR_CHILD_LISTEN_H
#define SUPERVISOR_CHILD_LISTEN_H

#include "common/buf.h"
#include "common/err.h"

struct child;

/* Opens what is not open yet. */
enum ms_err listen_open(struct child *child, struct why *why);
void listen_close(struct child *child);
/* "name:" of each, for LISTEN_FDNAMES. */
void listen_names(const struct child *child, struct buf *out);

#endif
