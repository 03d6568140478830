/* SPDX-License-Identifier: Apache-2.0 */
#include "common/metrics_index.h"

#include <stdlib.h>

#define SLOTS_AT_FIRST 64u

uint32_t
metrics_index_next(const struct metrics_index *index, uint32_t hash,
    uint32_t *at)
{
	while (*at < index->size) {
		const struct metrics_slot *slot =
		    &index->slots[(hash + *at) & (index->size - 1)];

		(*at)++;
		if (slot->number == 0)
			break;
		if (slot->hash == hash)
			return slot->number - 1;
	}
	return METRICS_INDEX_NONE;
}

static void
put(struct metrics_index *index, struct metrics_slot slot)
{
	uint32_t at = slot.hash & (index->size - 1);

	while (index->slots[at].number != 0)
		at = (at + 1) & (index->size - 1);
	index->slots[at] = slot;
	index->used++;
}

static bool
grow(struct metrics_index *index)
{
	struct metrics_index larger = { .size = index->size ? index->size * 2
							    : SLOTS_AT_FIRST };

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (uint32_t i = 0; i < index->size; i++) {
		if (index->slots[i].number != 0)
			put(&larger, index->slots[i]);
	}
	free(index->slots);
	*index = larger;
	return true;
}

bool
metrics_index_add(struct metrics_index *index, uint32_t hash, uint32_t number)
{
	if (index->used * 2 >= index->size && !grow(index))
		return false;
	put(index, (struct metrics_slot){ hash, number + 1 });
	return true;
}

void
metrics_index_fini(struct metrics_index *index)
{
	free(index->slots);
	*index = (struct metrics_index){ 0 };
}

/* FNV-1a, the terminator included: "ab","c" is not "a","bc". */
uint32_t
metrics_hash(uint32_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	while (*text++);
	return hash;
}
