/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers found by a hash: names and labels of series in the registry of this
 * process (metrics.c).  Open addressing; nothing is ever taken out. */
#ifndef COMMON_METRICS_INDEX_H
#define COMMON_METRICS_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct metrics_slot {
	uint32_t hash;
	uint32_t number; /* +1; 0: free */
};
struct metrics_index {
	struct metrics_slot *slots; /* a power of two, half full at most */
	uint32_t size;
	uint32_t used;
};

#define METRICS_INDEX_NONE UINT32_MAX

/* Numbers of this hash, one after the other: *at begins as 0 and is the
 * search's.  METRICS_INDEX_NONE: no more. */
uint32_t metrics_index_next(const struct metrics_index *index, uint32_t hash,
    uint32_t *at);
/* False: no memory. */
bool metrics_index_add(struct metrics_index *index, uint32_t hash,
    uint32_t number);
void metrics_index_fini(struct metrics_index *index);

uint32_t metrics_hash(uint32_t hash, const char *text);

#endif
