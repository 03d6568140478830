/* SPDX-License-Identifier: Apache-2.0 */
/* What logs.c (the pipes) and log_orders.c (the conversation with the
 * collector) share; nobody else includes it. */
#ifndef SUPERVISOR_LOG_LOGS_IMPL_H
#define SUPERVISOR_LOG_LOGS_IMPL_H

#include <ev.h>

#include "supervisor/child/child.h"
#include "supervisor/log/logs.h"

/* Of a worker that left while the collector's socket was full. */
struct left {
	struct left *next;
	char *name;
};

struct logs {
	struct msd *msd;
	int orders; /* our end; -1: no collector has been started */
	ev_io writable, readable;
	struct last_words *words;
	bool reopen;
	struct left *left;
	bool told; /* that there is no collector */
};

/* The file as the configuration names it. */
void logs_file(const struct child *child, char out[static LOG_PATH_BYTES]);

/* ---- log_orders.c -------------------------------------------------------- */
void orders_init(struct logs *logs);
/* A new collector reads from this socket; it is told everything. */
void orders_open(struct logs *logs, int fd);
void orders_close(struct logs *logs);
/* What is flagged, as far as the socket takes it; the rest by and by. */
void orders_send(struct logs *logs);
/* The same for one worker: without a queue, no look at the others is needed. */
void orders_send_child(struct logs *logs, struct child *child);

#endif
