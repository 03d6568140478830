/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many threads the pools of a process have, and when one more is worth
 * its cost.  Pure.
 */
#ifndef COMMON_WORKQ_LIMITS_H
#define COMMON_WORKQ_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum workq_kind {
	WORKQ_COMPUTE,  /* uses a CPU all the time: compression, keys */
	WORKQ_IO,       /* waits for others: names, connections */
	WORKQ_BLOCKING, /* waits for the disk */
	WORKQ_KINDS
};

#define WORKQ_THREADS_MAX  1024u
#define WORKQ_CAPACITY_MAX 1000000u
/* All threads of a process, those of libraries included, per CPU. */
#define WORKQ_PROCESS_THREADS_PER_CPU 16u

struct workq_limits {
	uint32_t min_threads; /* started as work comes, then kept */
	uint32_t max_threads; /* the rest leaves after keep_alive_ms idle */
	uint64_t keep_alive_ms;
	uint32_t capacity; /* tasks that wait; more are refused */
	uint32_t grow_at;  /* tasks that wait when the rest is worth it */
};

/* What an operator may say about one kind; 0 = as below. */
struct workq_wish {
	uint32_t threads;
	uint32_t capacity;
};

/* "compute", "io", "blocking" */
const char *workq_kind_name(enum workq_kind kind);
/* For n CPUs: compute n..2n, io 2n..8n, blocking n/2..n threads, 1 at least. */
struct workq_limits workq_limits_of(enum workq_kind kind, uint32_t cpus,
    const struct workq_wish *wish);
/* No thread is idle, `waiting` tasks wait. */
bool workq_wants_thread(const struct workq_limits *limits, uint32_t threads,
    uint32_t waiting);
/* A pool without any thread gets its first whatever the process has. */
bool workq_may_start(uint32_t threads, uint32_t process_threads, uint32_t cpus);
/* How many of `waiting` tasks one of so many threads takes at once. */
uint32_t workq_share(uint32_t waiting, uint32_t threads);

#endif
