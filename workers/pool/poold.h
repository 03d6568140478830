/* SPDX-License-Identifier: Apache-2.0 */
/* The process: every [pool NAME] of the configuration. */
#ifndef WORKERS_POOL_POOLD_H
#define WORKERS_POOL_POOLD_H

#include "workers/pool/pg_pool.h"
#include "workers/worker.h"

SLIST_HEAD(pg_pools, pg_pool);

struct poold {
	struct worker *w;
	struct pg_pools pools;
	ev_timer prepare_timer; /* the sessions had their time to end */
};

extern const struct route pool_routes[];

#endif
