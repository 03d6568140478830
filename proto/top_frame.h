/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key figures of one moment: what `msctl top` shows, what the history of
 * the last hour is made of.  Counters are totals; rates are the difference of
 * two frames.  99th percentiles are of the time between the two looks that the
 * frame was taken from.  Pure.
 */
#ifndef PROTO_TOP_FRAME_H
#define PROTO_TOP_FRAME_H

#include "common/metrics_set.h"
#include "proto/tree_facts.h"

#define TOP_PROMISES_MAX  8u
#define TOP_POOLS_MAX     64u
#define TOP_CONSUMERS_MAX 64u
#define TOP_STATE_BYTES   12u

struct top_worker {
	const char *name;
	char state[TOP_STATE_BYTES]; /* "" : not known */
	bool wanted, ready;
	uint32_t pid; /* 0: no process */
	bool has_proc;
	uint64_t cpu_ns, rss_bytes; /* with has_proc */
	uint64_t restarts, uptime_ms;
	uint64_t requests;       /* answered */
	uint64_t request_p99_ns; /* 0: none answered */
};

struct top_pool {
	const char *name;
	uint64_t used, idle, other; /* connections; other: opening, closing */
	uint64_t waiting, clients;
	uint64_t acquired; /* times */
	uint64_t transactions, errors;
	uint64_t acquire_p99_ns;
};

struct top_consumer {
	const char *name;
	uint64_t lag, in_flight;
	uint64_t delivered, redelivered;
};

struct top_bus {
	bool is_there; /* somebody counts as a bus */
	uint64_t events, received_bytes;
	uint64_t delivered, live, refused;
	uint64_t log_bytes, last_seq, waiting_publishes;
	uint64_t lag; /* of the consumer that is farthest behind */
	uint64_t route_p99_ns;
};

struct top_promise { /* ms_sla_*, as ms-metrics judges */
	const char *name;
	uint64_t p99_ns, threshold_ns;
	bool breached;
};

struct top_frame {
	struct arena arena; /* owns everything */
	int64_t wall_ns;
	uint64_t mono_ns;
	bool has_tree;     /* false: msd did not answer; workers are those that
	                  have left numbers */
	uint32_t left_out; /* workers that found no room in the history */
	struct top_worker *workers;
	size_t worker_count;
	struct top_bus bus;
	struct top_consumer *consumers;
	size_t consumer_count;
	struct top_pool *pools;
	size_t pool_count;
	struct top_promise promises[TOP_PROMISES_MAX];
	size_t promise_count;
};

/* before, tree: NULL when there is none.  The caller sets wall_ns, mono_ns.
 * MS_ENOMEM; frame_r is to be ended in any case. */
enum ms_err top_frame_take(const struct metrics_set *now,
    const struct metrics_set *before, const struct tree_facts *tree,
    struct top_frame *frame_r);
void top_frame_fini(struct top_frame *frame);
/* It should be up and is not. */
bool top_worker_is_missing(const struct top_worker *worker);
const struct top_worker *top_frame_worker(const struct top_frame *frame,
    const char *name);

#endif
