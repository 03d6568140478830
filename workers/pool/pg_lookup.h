/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts of an upstream with their names looked up, as the lists libpq
 * wants: it would stop the loop for a name.  What is no name stays as it is; a
 * name that cannot be looked up is left out while there are others.
 */
#ifndef WORKERS_POOL_PG_LOOKUP_H
#define WORKERS_POOL_PG_LOOKUP_H

#include "common/workq.h"
#include "workers/pool/pg_upstream.h"

struct pg_lookup;

/* Never inside pg_lookup_start(); the lookup is gone.  hosts is borrowed, NULL
 * when there is none left: then error says why. */
typedef void pg_lookup_fn(void *arg, const struct pg_hosts *hosts,
    const char *error);

/* Each name may take its share of timeout_ms; one share is left for
 * connecting.  up must stay. */
struct pg_lookup *pg_lookup_start(struct workq *workq,
    const struct pg_upstream *up, uint64_t timeout_ms, pg_lookup_fn *fn,
    void *arg);
/* fn will not be called. */
void pg_lookup_cancel(struct pg_lookup **lookup);

#endif
