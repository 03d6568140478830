/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities leave in the order they came, so they live in a queue of chunks
 * (16 bytes each) and are numbered; a number below `head` is forgotten.  A
 * hash table of numbers finds them.  Forgetting moves `head` and touches no
 * slot: slots of the forgotten are dead and are left behind when the table is
 * moved into the next one.  The move is spread over insertions, so none of
 * them pauses.  Sequences and times are kept once per run of entries.
 */
#include "workers/bus/dedup.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/log.h"

#define CHUNK_SHIFT      13 /* 8192 entries, 128 KiB */
#define CHUNK_ENTRIES    (UINT64_C(1) << CHUNK_SHIFT)
#define SLOTS_MIN        1024u
#define EXTRA_BYTES      (512u << 10) /* begun chunks, marks */
#define MOVE_STEP        16u /* old slots moved per insertion, see table_next() */
#define MARKS_PER_WINDOW 256

struct slot {
	uint32_t number; /* low half of the entry's number; 0 = never used */
	uint32_t hash;
};

struct table {
	struct slot *slots;
	uint64_t size; /* a power of two */
	uint64_t used; /* slots not 0, dead ones included */
};

/* A run of entries whose sequences follow each other, from `number` on. */
struct mark {
	uint64_t number;
	uint64_t seq;
	int64_t first_ms; /* of its first entry */
	int64_t last_ms;
};

struct dedup {
	uint64_t window_ms;
	uint64_t entries_max;
	uint64_t head; /* number of the oldest entry */
	uint64_t next; /* number of the next one */
	struct id128 **chunks;
	uint64_t first_chunk; /* chunks[0] holds numbers from here << SHIFT */
	size_t chunk_count, chunk_cap;
	struct mark *marks;
	size_t mark_head, mark_end, mark_cap;
	struct table now;
	struct table old; /* being moved; size 0 = none */
	uint64_t moved;   /* slots of old that are done */
	bool capped;      /* entries_max has cut the window */
};

struct dedup *
dedup_new(uint64_t window_ms, uint64_t entries_max)
{
	struct dedup *d = xcalloc(1, sizeof(*d));

	dedup_set_limits(d, window_ms, entries_max);
	d->head = d->next = 1;
	d->now.size = SLOTS_MIN;
	d->now.slots = xcalloc(SLOTS_MIN, sizeof(*d->now.slots));
	return d;
}

void
dedup_free(struct dedup **dedup)
{
	struct dedup *d = *dedup;

	if (!d)
		return;
	*dedup = NULL;
	for (size_t i = 0; i < d->chunk_count; i++)
		free(d->chunks[i]);
	free(d->chunks);
	free(d->marks);
	free(d->now.slots);
	free(d->old.slots);
	free(d);
}

void
dedup_set_limits(struct dedup *d, uint64_t window_ms, uint64_t entries_max)
{
	d->window_ms = window_ms;
	d->entries_max = entries_max ? entries_max : 1;
	d->capped = false;
}

static struct id128 *
entry_at(const struct dedup *d, uint64_t number)
{
	struct id128 *chunk =
	    d->chunks[(number >> CHUNK_SHIFT) - d->first_chunk];

	return &chunk[number & (CHUNK_ENTRIES - 1)];
}

/* The identity is a hash already. */
static uint32_t
hash_of(const struct id128 *id)
{
	return get_u32(id->byte);
}

/* The whole number behind its low half; below head or beyond next = dead. */
static bool
slot_is_live(const struct dedup *d, const struct slot *slot, uint64_t *number_r)
{
	*number_r = d->head + (uint32_t)(slot->number - (uint32_t)d->head);
	return *number_r < d->next;
}

static uint64_t
table_find(const struct dedup *d, const struct table *t, const struct id128 *id)
{
	uint32_t hash = hash_of(id);
	uint64_t number;

	if (t->size == 0)
		return 0;
	for (uint64_t i = hash & (t->size - 1);; i = (i + 1) & (t->size - 1)) {
		const struct slot *slot = &t->slots[i];

		if (slot->number == 0)
			return 0;
		if (slot->hash == hash && slot_is_live(d, slot, &number) &&
		    memcmp(entry_at(d, number), id, sizeof(*id)) == 0)
			return number;
	}
}

static void
table_put(struct table *t, struct slot put)
{
	uint64_t i = put.hash & (t->size - 1);

	while (t->slots[i].number != 0)
		i = (i + 1) & (t->size - 1);
	t->slots[i] = put;
	t->used++;
}

/*
 * Starts the move into a table for twice what lives.  A quarter of the old
 * size at least: then the old one is moved (size / MOVE_STEP insertions)
 * before the new one can be three quarters full.
 */
static void
table_next(struct dedup *d)
{
	uint64_t size = SLOTS_MIN;
	uint64_t live = d->next - d->head;

	while (size < live * 2 || size < d->now.size / 4)
		size *= 2;
	d->old = d->now;
	d->moved = 0;
	d->now = (struct table){ .size = size };
	d->now.slots = xcalloc(size, sizeof(*d->now.slots));
}

static void
table_move(struct dedup *d, uint64_t steps)
{
	uint64_t number;

	for (; steps > 0 && d->moved < d->old.size; steps--, d->moved++) {
		struct slot *slot = &d->old.slots[d->moved];

		if (slot->number != 0 && slot_is_live(d, slot, &number))
			table_put(&d->now, *slot);
	}
	if (d->old.size != 0 && d->moved == d->old.size) {
		free(d->old.slots);
		d->old = (struct table){ 0 };
	}
}

static const struct mark *
mark_of(const struct dedup *d, uint64_t number)
{
	size_t low = d->mark_head, high = d->mark_end;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (d->marks[mid].number <= number)
			low = mid;
		else
			high = mid;
	}
	return &d->marks[low];
}

uint64_t
dedup_find(const struct dedup *d, const struct id128 *id)
{
	uint64_t number = table_find(d, &d->now, id);
	const struct mark *mark;

	if (number == 0)
		number = table_find(d, &d->old, id);
	if (number == 0)
		return 0;
	mark = mark_of(d, number);
	return mark->seq + (number - mark->number);
}

void
dedup_expect(const struct dedup *d, const struct id128 *id)
{
	__builtin_prefetch(&d->now.slots[hash_of(id) & (d->now.size - 1)], 1);
	if (d->old.size != 0)
		__builtin_prefetch(
		    &d->old.slots[hash_of(id) & (d->old.size - 1)]);
}

static void
mark_add(struct dedup *d, uint64_t number, uint64_t seq, int64_t now_ms)
{
	struct mark *last =
	    d->mark_end > d->mark_head ? &d->marks[d->mark_end - 1] : NULL;
	int64_t grain = (int64_t)(d->window_ms / MARKS_PER_WINDOW);

	if (last && last->seq + (number - last->number) == seq &&
	    now_ms - last->first_ms <= grain) {
		if (now_ms > last->last_ms)
			last->last_ms = now_ms;
		return;
	}
	if (d->mark_head > 64 && d->mark_head > d->mark_end / 2) {
		memmove(d->marks, &d->marks[d->mark_head],
		    (d->mark_end - d->mark_head) * sizeof(*d->marks));
		d->mark_end -= d->mark_head;
		d->mark_head = 0;
	}
	if (d->mark_end == d->mark_cap) {
		d->mark_cap = d->mark_cap ? d->mark_cap * 2 : 16;
		d->marks =
		    xreallocarray(d->marks, d->mark_cap, sizeof(*d->marks));
	}
	d->marks[d->mark_end++] = (struct mark){ number, seq, now_ms, now_ms };
}

static void
chunk_add(struct dedup *d, uint64_t number)
{
	if (d->chunk_count == 0)
		d->first_chunk = number >> CHUNK_SHIFT;
	if ((number >> CHUNK_SHIFT) - d->first_chunk < d->chunk_count)
		return;
	if (d->chunk_count == d->chunk_cap) {
		d->chunk_cap = d->chunk_cap ? d->chunk_cap * 2 : 8;
		d->chunks =
		    xreallocarray(d->chunks, d->chunk_cap, sizeof(*d->chunks));
	}
	d->chunks[d->chunk_count++] =
	    xmalloc(CHUNK_ENTRIES * sizeof(struct id128));
}

/* Drops chunks and marks that lie wholly below head. */
static void
set_head(struct dedup *d, uint64_t head)
{
	size_t gone = 0;

	d->head = head;
	while (gone < d->chunk_count &&
	    ((d->first_chunk + gone + 1) << CHUNK_SHIFT) <= head)
		free(d->chunks[gone++]);
	if (gone > 0) {
		memmove(d->chunks, &d->chunks[gone],
		    (d->chunk_count - gone) * sizeof(struct id128 *));
		d->chunk_count -= gone;
		d->first_chunk += gone;
	}
	while (d->mark_end - d->mark_head > 1 &&
	    d->marks[d->mark_head + 1].number <= head)
		d->mark_head++;
}

void
dedup_add(struct dedup *d, const struct id128 *id, uint64_t seq, int64_t now_ms)
{
	if ((uint32_t)d->next == 0)
		d->next++; /* 0 marks an empty slot */
	if (d->next - d->head >= d->entries_max) {
		set_head(d, d->next - d->entries_max + 1);
		d->capped = true;
	}
	if (d->old.size != 0)
		table_move(d, MOVE_STEP);
	if (d->now.used >= d->now.size / 4 * 3) {
		table_move(d, d->old.size); /* never two moves at once */
		table_next(d);
	}
	chunk_add(d, d->next);
	mark_add(d, d->next, seq, now_ms);
	*entry_at(d, d->next) = *id;
	table_put(&d->now, (struct slot){ (uint32_t)d->next, hash_of(id) });
	d->next++;
}

/* Nothing lives: give the memory back. */
static void
dedup_empty(struct dedup *d)
{
	set_head(d, d->next);
	for (size_t i = 0; i < d->chunk_count; i++)
		free(d->chunks[i]);
	d->chunk_count = 0;
	d->mark_head = d->mark_end = 0;
	free(d->old.slots);
	d->old = (struct table){ 0 };
	if (d->now.used == 0)
		return;
	free(d->now.slots);
	d->now = (struct table){ .size = SLOTS_MIN };
	d->now.slots = xcalloc(SLOTS_MIN, sizeof(*d->now.slots));
}

void
dedup_expire(struct dedup *d, int64_t now_ms)
{
	size_t live = d->mark_head;
	uint64_t excess;

	while (live < d->mark_end &&
	    now_ms - d->marks[live].last_ms > (int64_t)d->window_ms)
		live++;
	if (live > d->mark_head)
		d->capped = false;
	if (live == d->mark_end) {
		dedup_empty(d);
		return;
	}
	if (d->marks[live].number > d->head)
		set_head(d, d->marks[live].number);
	excess = d->next - d->head;
	if (excess > d->entries_max) {
		set_head(d, d->next - d->entries_max);
		d->capped = true;
	}
}

uint64_t
dedup_count(const struct dedup *d)
{
	return d->next - d->head;
}

uint64_t
dedup_bytes(const struct dedup *d)
{
	return sizeof(*d) +
	    d->chunk_count * CHUNK_ENTRIES * sizeof(struct id128) +
	    (d->now.size + d->old.size) * sizeof(struct slot) +
	    d->mark_cap * sizeof(*d->marks);
}

/* While a full table is moved there are two of twice the entries at least. */
uint64_t
dedup_entries_within(uint64_t bytes)
{
	uint64_t most = 1;

	bytes -= bytes < EXTRA_BYTES ? bytes : EXTRA_BYTES;
	for (uint64_t size = SLOTS_MIN; 2 * size * sizeof(struct slot) < bytes;
	     size *= 2) {
		uint64_t entries = (bytes - 2 * size * sizeof(struct slot)) /
		    sizeof(struct id128);

		if (entries > size / 2)
			entries = size / 2;
		if (entries > most)
			most = entries;
	}
	return most;
}

uint64_t
dedup_window_ms(const struct dedup *d, int64_t now_ms)
{
	int64_t oldest_ms;

	if (!d->capped || d->mark_head == d->mark_end)
		return d->window_ms;
	oldest_ms = d->marks[d->mark_head].last_ms;
	if (now_ms - oldest_ms > (int64_t)d->window_ms)
		return d->window_ms;
	return now_ms > oldest_ms ? (uint64_t)(now_ms - oldest_ms) : 0;
}
