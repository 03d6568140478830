/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sizes are a multiple of the CPUs each, so a small machine gets small
 * pools.  Threads up to the minimum start when a task finds nobody idle.
 * Beyond it a compute thread only helps when tasks block against expectation,
 * which a half-full queue tells; the others wait for somebody else anyway, and
 * one waiting task is reason enough.
 */
#include "common/workq_limits.h"

#include "common/defs.h"

#define SHARE_MAX 32u /* of a deque's 64: half is always free */

struct kind_row {
	const char *name;
	uint32_t min_halves; /* threads per two CPUs */
	uint32_t max_halves;
	uint64_t keep_alive_ms;
	uint32_t capacity;
	bool grows_late;
};

static const struct kind_row rows[] = {
	[WORKQ_COMPUTE] = { "compute", 2, 4, 60000, 10000, true },
	[WORKQ_IO] = { "io", 4, 16, 120000, 50000, false },
	[WORKQ_BLOCKING] = { "blocking", 1, 2, 30000, 1000, false },
};
_Static_assert(ARRAY_LEN(rows) == WORKQ_KINDS, "every kind has its row");

static uint32_t
clamp(uint32_t value, uint32_t low, uint32_t high)
{
	return value < low ? low : value > high ? high : value;
}

const char *
workq_kind_name(enum workq_kind kind)
{
	return rows[kind].name;
}

struct workq_limits
workq_limits_of(enum workq_kind kind, uint32_t cpus,
    const struct workq_wish *wish)
{
	const struct kind_row *row = &rows[kind];
	uint32_t n = clamp(cpus, 1, WORKQ_THREADS_MAX);
	uint32_t most = clamp(n * row->max_halves / 2, 1, WORKQ_THREADS_MAX);
	struct workq_limits limits = { .keep_alive_ms = row->keep_alive_ms };

	limits.max_threads =
	    wish->threads ? clamp(wish->threads, 1, most) : most;
	limits.min_threads =
	    clamp(n * row->min_halves / 2, 1, limits.max_threads);
	limits.capacity = wish->capacity
	    ? clamp(wish->capacity, 1, WORKQ_CAPACITY_MAX)
	    : row->capacity;
	limits.grow_at = row->grows_late ? limits.capacity / 2 + 1 : 1;
	return limits;
}

bool
workq_wants_thread(const struct workq_limits *limits, uint32_t threads,
    uint32_t waiting)
{
	if (waiting == 0 || threads >= limits->max_threads)
		return false;
	return threads < limits->min_threads || waiting >= limits->grow_at;
}

bool
workq_may_start(uint32_t threads, uint32_t process_threads, uint32_t cpus)
{
	return threads == 0 ||
	    process_threads < cpus * WORKQ_PROCESS_THREADS_PER_CPU;
}

/* Half of a fair share: who is done early comes again. */
uint32_t
workq_share(uint32_t waiting, uint32_t threads)
{
	return clamp(waiting / (2 * clamp(threads, 1, WORKQ_THREADS_MAX)), 1,
	    SHARE_MAX);
}
