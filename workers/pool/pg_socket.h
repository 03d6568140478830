/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket clients connect to, and how often the pool has lived: both outlive a
 * restart and a crash of ms-pool, so clients wait instead of being refused.
 */
#ifndef WORKERS_POOL_PG_SOCKET_H
#define WORKERS_POOL_PG_SOCKET_H

#include "workers/pool/pg_pool.h"

/* Sets pool->path and pool->listen_fd. */
enum ms_err pg_socket_open(struct pg_pool *pool, struct worker *w,
    const struct pool_conf *conf, struct why *why);
/* When all pools have theirs: what is left is of pools that are no more. */
void pg_socket_retire_rest(struct worker *w);
struct pool_record *pg_socket_record(struct worker *w, const char *name);

#endif
