/* SPDX-License-Identifier: Apache-2.0 */
/* The cancel requests a pool has under way; bounded. */
#ifndef WORKERS_POOL_PG_CANCELS_H
#define WORKERS_POOL_PG_CANCELS_H

#include "workers/pool/pg_pool.h"

/* Does nothing when there are already twice as many as servers may be. */
void pg_cancels_start(struct pg_pool *pool, struct pg_server *server);
/* The server ends before its cancels do. */
void pg_cancels_forget(struct pg_pool *pool, const struct pg_server *server);
void pg_cancels_stop(struct pg_pool *pool);

#endif
