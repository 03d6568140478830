/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of small buckets, a cache line each.  A full bucket forgets its
 * oldest event first.  So when a cause is not in its bucket and was made (as
 * its UUIDv7 says) after something the bucket still has, or the bucket never
 * was full, it has never been here: that is the proof.  Hashes stand for ids:
 * 46 bits for an event, 28 for correlation and trace.
 */
#include "workers/bus/flow.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/id.h"

#define BUCKET_BITS 14 /* 1 MiB, touched as events come */
#define BUCKETS     (1u << BUCKET_BITS)
#define WAYS        4u
#define TICK_SHIFT  4 /* 16 ms; 32 bits of them are two years */
#define AHEAD_TICKS 4u
#define SMALL_BITS  28
#define SMALL_MASK  ((1u << SMALL_BITS) - 1)
#define DEPTH_MASK  255u

struct entry {
	uint32_t tick;  /* it came in, from 1; 0: empty */
	uint32_t tag;   /* of its id */
	uint64_t facts; /* correlation | trace | depth */
};
struct bucket {
	struct entry way[WAYS];
};
_Static_assert(sizeof(struct bucket) == 64, "a cache line");
_Static_assert(BUCKETS *WAYS == FLOW_REMEMBERED, "as the header says");

struct flow {
	uint64_t begun_ms;
	uint32_t tick;          /* never goes back */
	uint32_t blind_tick;    /* the last in which some were not remembered */
	uint64_t second;        /* of 1024 ms */
	uint32_t left;          /* to be remembered in it */
	struct bucket *buckets; /* within memory */
	void *memory;
};

const char *
flow_fault_name(enum flow_fault fault)
{
	static const char *const names[FLOW_FAULTS] = {
		[FLOW_SOUND] = "sound",
		[FLOW_SELF] = "self",
		[FLOW_UNKNOWN_CAUSE] = "unknown_cause",
		[FLOW_OTHER_CORRELATION] = "other_correlation",
		[FLOW_OTHER_TRACE] = "other_trace",
		[FLOW_LONG_CHAIN] = "long_chain",
	};

	return names[fault];
}

/* Not aligned_alloc(): it would have to be cleared, and so be touched. */
static struct bucket *
aligned(void *memory)
{
	uintptr_t at = (uintptr_t)memory + sizeof(struct bucket) - 1;

	return (void *)(at & ~(uintptr_t)(sizeof(struct bucket) - 1));
}

struct flow *
flow_new(uint64_t now_ms)
{
	struct flow *f = xcalloc(1, sizeof(*f));

	f->begun_ms = now_ms;
	f->tick = 1;
	f->memory = xcalloc(BUCKETS + 1, sizeof(struct bucket));
	f->buckets = aligned(f->memory);
	return f;
}

void
flow_free(struct flow **flow)
{
	if (!*flow)
		return;
	free((*flow)->memory);
	free(*flow);
	*flow = NULL;
}

/* ---- places -------------------------------------------------------------- */

static uint64_t
hash_of(const struct id128 *id)
{
	uint64_t mixed = get_u64(id->byte) ^ get_u64(id->byte + 8);

	mixed = (mixed ^ mixed >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

/* The bits behind those that choose the bucket. */
static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> (32 - BUCKET_BITS));
}

static struct bucket *
bucket_of(const struct flow *f, uint64_t hash)
{
	return &f->buckets[hash >> (64 - BUCKET_BITS)];
}

void
flow_expect(const struct flow *f, const struct id128 *id)
{
	if (f->left > 0)
		__builtin_prefetch(bucket_of(f, hash_of(id)), 1);
}

static const struct entry *
find(const struct bucket *b, uint32_t tag)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (b->way[i].tag == tag && b->way[i].tick)
			return &b->way[i];
	return NULL;
}

static struct entry *
oldest(struct bucket *b)
{
	struct entry *first = &b->way[0];

	for (unsigned i = 1; i < WAYS; i++)
		if (b->way[i].tick < first->tick)
			first = &b->way[i];
	return first;
}

/* ---- facts ------------------------------------------------------------------ */

static uint64_t
small(uint64_t hash)
{
	return hash & SMALL_MASK;
}

static uint64_t
correlation_of(const struct flow_event *e, uint64_t id_hash)
{
	return small((id_is_zero(&e->correlation) ? id_hash
						  : hash_of(&e->correlation)) >>
	    8);
}

/* 0 stands for none. */
static uint64_t
trace_of(const struct flow_event *e)
{
	uint64_t trace = small(e->trace ^ e->trace >> 32);

	return e->trace && trace == 0 ? 1 : trace;
}

/* Behind them there is room for the depth. */
static uint64_t
facts_of(const struct flow_event *e, uint64_t id_hash)
{
	return correlation_of(e, id_hash) << (SMALL_BITS + 8) |
	    trace_of(e) << 8;
}

/* ---- judging --------------------------------------------------------------- */

/* False: it has no time in it. */
static bool
made_ms(const struct id128 *id, uint64_t *ms_r)
{
	uint64_t ms = 0;

	if (id->byte[6] >> 4 != 7)
		return false;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->byte[i];
	*ms_r = ms;
	return true;
}

static uint32_t
tick_of(const struct flow *f, uint64_t ms)
{
	return ms < f->begun_ms
	    ? 1
	    : (uint32_t)((ms - f->begun_ms) >> TICK_SHIFT) + 1;
}

/* Ids of somebody who makes very many are a little ahead of the clock. */
static bool
is_before(uint32_t tick, uint32_t made)
{
	return tick == 0 || tick + AHEAD_TICKS < made;
}

/* Not in its bucket: was it never? */
static bool
never_came(const struct flow *f, struct bucket *b, const struct id128 *id)
{
	uint64_t ms;
	uint32_t made;

	if (!made_ms(id, &ms) || ms <= f->begun_ms)
		return false;
	made = tick_of(f, ms);
	return is_before(f->blind_tick, made) &&
	    is_before(oldest(b)->tick, made);
}

static enum flow_fault
judge(const struct flow *f, const struct flow_event *e, uint64_t facts,
    unsigned *depth_r)
{
	uint64_t hash = hash_of(&e->causation);
	struct bucket *b = bucket_of(f, hash);
	const struct entry *cause = find(b, tag_of(hash));
	uint64_t differs;

	*depth_r = 1;
	if (memcmp(&e->id, &e->causation, sizeof(e->id)) == 0)
		return FLOW_SELF;
	if (!cause)
		return never_came(f, b, &e->causation) ? FLOW_UNKNOWN_CAUSE
						       : FLOW_SOUND;
	*depth_r = (cause->facts & DEPTH_MASK) + 1;
	if (*depth_r > FLOW_CHAIN_MAX)
		return FLOW_LONG_CHAIN;
	differs = cause->facts ^ facts;
	if (differs >> (SMALL_BITS + 8))
		return FLOW_OTHER_CORRELATION;
	if (small(cause->facts >> 8) && small(differs >> 8))
		return FLOW_OTHER_TRACE;
	return FLOW_SOUND;
}

static void
set_time(struct flow *f, uint64_t now_ms)
{
	uint32_t tick = tick_of(f, now_ms);

	if (f->tick < tick)
		f->tick = tick;
	if (f->second == now_ms >> 10)
		return;
	f->second = now_ms >> 10;
	f->left = FLOW_REMEMBERED;
}

/* A flood would wash everything out within a second, and cost time that it
 * does not have: what is above is not remembered. */
static void
remember(struct flow *f, uint64_t hash, uint64_t facts, unsigned depth)
{
	if (f->left == 0) {
		f->blind_tick = f->tick;
		return;
	}
	f->left--;
	*oldest(bucket_of(f, hash)) = (struct entry){ f->tick, tag_of(hash),
		facts | (depth < DEPTH_MASK ? depth : DEPTH_MASK) };
}

enum flow_fault
flow_event(struct flow *f, const struct flow_event *e, uint64_t now_ms)
{
	enum flow_fault fault = FLOW_SOUND;
	uint64_t hash, facts;
	unsigned depth = 0;

	set_time(f, now_ms);
	if (f->left == 0 && id_is_zero(&e->causation)) {
		f->blind_tick = f->tick;
		return FLOW_SOUND;
	}
	hash = hash_of(&e->id);
	facts = facts_of(e, hash);
	if (!id_is_zero(&e->causation))
		fault = judge(f, e, facts, &depth);
	remember(f, hash, facts, depth);
	return fault;
}

enum flow_fault
flow_look(const struct flow *f, const struct flow_event *e)
{
	unsigned depth;

	if (id_is_zero(&e->causation))
		return FLOW_SOUND;
	return judge(f, e, facts_of(e, hash_of(&e->id)), &depth);
}
