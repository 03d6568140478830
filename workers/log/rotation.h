/* SPDX-License-Identifier: Apache-2.0 */
/* When a log file has had enough, and how many old ones may stay.  Pure. */
#ifndef WORKERS_LOG_ROTATION_H
#define WORKERS_LOG_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rotation {
	uint64_t size_bytes;  /* 0 = any size */
	uint64_t age_ms;      /* 0 or DURATION_INFINITY = any age */
	uint64_t total_bytes; /* of the file and the old ones; 0 = no cap */
	uint32_t keep;        /* old files */
};

/* A file of `bytes`, begun age_ms ago: does it end before `more` are added?
 * An empty file never does. */
bool rotation_is_due(const struct rotation *r, uint64_t bytes, uint64_t age_ms,
    uint64_t more);
/* How many of the old files, newest first, may stay, so that beside them the
 * file in use can grow to its size. */
size_t rotation_keeps(const struct rotation *r, const uint64_t *bytes,
    size_t count);

#endif
