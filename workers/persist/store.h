/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes batches of events into ms_framework.event_store, exactly once: an
 * event is known by (id, source), and the consumer's cursor moves in the same
 * transaction.  Runs on the database thread.
 */
#ifndef WORKERS_PERSIST_STORE_H
#define WORKERS_PERSIST_STORE_H

#include <libpq-fe.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "proto/client/ms.h"

struct store { /* scratch memory of the database thread */
	struct buf stream;
	struct arena arena;
};

struct stored {
	uint64_t events;     /* new rows */
	uint64_t duplicates; /* known before */
	uint64_t as_raw;     /* PostgreSQL took them only as bytes */
	uint64_t cursor_seq;
};

void store_init(struct store *store);
void store_fini(struct store *store);
/* Settings and the staging table of a new connection. */
enum ms_err store_session(PGconn *conn, struct why *why);
/*
 * All of events or, after an error, a whole number of the first ones (a batch
 * that PostgreSQL refuses is halved until the refused event stands alone, and
 * that one is stored as bytes).  *stored_r is added to.
 */
enum ms_err store_events(struct store *store, PGconn *conn,
    const char *consumer, const struct ms_event *events, size_t count,
    struct stored *stored_r, struct why *why);

#endif
