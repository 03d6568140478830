/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches what the numbers themselves cost.  In a process that counts: updates
 * times their price, as a share of one processor; above the limit only one
 * update in 2, 4, 8 ... is made (metrics_sample), below it again each.  In one
 * that collects: how many series fit into the time a turn may take.
 * Pure: times are given.
 */
#ifndef COMMON_OVERHEAD_H
#define COMMON_OVERHEAD_H

#include <stdbool.h>
#include <stdint.h>

struct overhead_limits {
	uint64_t max_collection_ns; /* of one piece */
	uint32_t sampling_ppm;      /* 1,000,000: every update, if it may */
	uint32_t share_ppm;         /* of one processor */
	uint32_t batch;             /* series in one piece, at most */
};
#define OVERHEAD_DEFAULTS \
	((struct overhead_limits){ 10000000, 1000000, 10000, 1000 })

#define OVERHEAD_WINDOW_NS 10000000000u /* it judges so often */
#define OVERHEAD_EVERY_MAX 1024u
#define OVERHEAD_BATCH_MIN 10u

struct overhead {
	struct overhead_limits limits;
	uint64_t update_ps; /* price of an update */
	uint64_t since_ns, updates, collecting_ns;
	uint32_t every;     /* one in so many; see metrics_sample() */
	uint32_t share_ppm; /* of the last window */
	uint32_t batch;
};

/* updates: metrics_updates() of now. */
void overhead_init(struct overhead *o, struct overhead_limits limits,
    uint64_t update_ps, uint64_t updates, uint64_t now_ns);
/* Others from now on. */
void overhead_limit(struct overhead *o, struct overhead_limits limits);
bool overhead_is_due(const struct overhead *o, uint64_t now_ns);
/* The window ends: o->every and o->share_ppm are new. */
void overhead_judge(struct overhead *o, uint64_t updates, uint64_t now_ns);
/* A piece of series was collected: o->batch, the size of the next, is new. */
void overhead_collected(struct overhead *o, uint32_t series, uint64_t took_ns);

/* One update of a counter, in picoseconds, measured now in 10 us. */
uint64_t overhead_measure(void);

#endif
