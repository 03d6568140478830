/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted and measured of one pool (common/metrics.h); its rows are in
 * figures.c.  What the pool answers to pool.status is read from here.
 */
#ifndef WORKERS_POOL_FIGURES_H
#define WORKERS_POOL_FIGURES_H

#include "common/metrics.h"
#include "workers/pool/pool.h"

enum pool_trouble {
	TROUBLE_CONNECT,  /* a server was not reached, or did not answer */
	TROUBLE_REFUSED,  /* it refused the database or the user */
	TROUBLE_LOST,     /* a connection was lost in a session */
	TROUBLE_BROKEN,   /* one was given up between two sessions */
	TROUBLE_PROTOCOL, /* it sent what breaks the protocol */
	TROUBLE_FULL,     /* a client was beyond max_clients */
	TROUBLE_TIMEOUT,  /* a client waited for acquire_timeout */
	TROUBLE_COUNT
};

struct pool_figures {
	struct metric acquire, connect;
	struct metric transactions, queries;
	struct metric connections[SLOT_STATES], clients, waiting;
	struct metric trouble[TROUBLE_COUNT];
};

void pool_figures_init(struct pool_figures *figures, const char *pool);
/* How it stands now. */
void pool_figures_show(const struct pool_figures *figures,
    const struct pool *core, uint32_t clients);
/* Of all kinds but TROUBLE_TIMEOUT. */
uint64_t pool_figures_errors(const struct pool_figures *figures);

#endif
