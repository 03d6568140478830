/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to a PostgreSQL server to end what one of its sessions does: a
 * connection of its own, 16 bytes, then the server hangs up.  (libpq's own
 * cancel blocks.)
 */
#ifndef WORKERS_POOL_CANCEL_H
#define WORKERS_POOL_CANCEL_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <ev.h>

#include "common/loop.h"
#include "workers/pool/pg_proto.h"

struct cancel {
	LIST_ENTRY(cancel) link;
	struct loop *loop;
	int fd;
	ev_io io;
	ev_timer timer;
	struct buf out;
	void *server; /* NULL: it is gone meanwhile */
	void *owner;
	void (*done)(struct cancel *cancel); /* free it then */
};

/* done() comes in a later turn, whatever happens, within 5 s. */
struct cancel *cancel_start(struct loop *loop,
    const struct sockaddr_storage *addr, socklen_t len, struct pg_key key);
void cancel_free(struct cancel *cancel);

#endif
