/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk through the queue, oldest waiter first, decides everything: each
 * waiter claims the best source that no earlier one has claimed (an idle slot
 * of its key, one that is on its way to idle, free room, room about to be
 * free, the room of the slot that was idle for longest).  Who finds none ends
 * the walk, so a later waiter never takes what an earlier one could have used.
 */
#include "workers/pool/pool.h"

#include <string.h>

#include "common/backoff.h"
#include "common/log.h"

#define LIFETIME_JITTER_PCT 10

/* How often we knock at a server that is away.  An opening always ends: it has
 * its connect_timeout. */
static const struct breaker_conf breaker_conf = {
	.failure_threshold = 1,
	.success_threshold = 1,
	.probes = 1,
	.open = { 100, 5000 },
};

void
pool_init(struct pool *pool, const struct pool_limits *limits, uint64_t dice)
{
	*pool = (struct pool){ .limits = *limits, .dice = dice };
	TAILQ_INIT(&pool->keys);
	TAILQ_INIT(&pool->queue);
	TAILQ_INIT(&pool->idle);
}

void
pool_add_key(struct pool *pool, struct pool_key *key)
{
	*key = (struct pool_key){ 0 };
	dice_next(&pool->dice);
	breaker_init(&key->breaker, &breaker_conf, pool->dice, pool->on_breaker,
	    pool->breaker_arg);
	TAILQ_INIT(&key->idle);
	TAILQ_INSERT_TAIL(&pool->keys, key, in_pool);
}

bool
pool_key_is_unused(const struct pool_key *key)
{
	for (int i = SLOT_OPENING; i < SLOT_STATES; i++)
		if (key->count[i])
			return false;
	return key->waiting == 0;
}

void
pool_remove_key(struct pool *pool, struct pool_key *key)
{
	ms_assert(pool_key_is_unused(key));
	if (pool->warm == key)
		pool->warm = NULL;
	TAILQ_REMOVE(&pool->keys, key, in_pool);
}

static void
queued(struct pool *pool, struct pool_waiter *waiter)
{
	waiter->queued = true;
	waiter->key->waiting++;
	pool->waiting++;
}

void
pool_wait(struct pool *pool, struct pool_waiter *waiter, struct pool_key *key,
    struct mono now)
{
	ms_assert(!waiter->queued);
	waiter->key = key;
	waiter->since = now;
	TAILQ_INSERT_TAIL(&pool->queue, waiter, in_pool);
	queued(pool, waiter);
}

void
pool_wait_again(struct pool *pool, struct pool_waiter *waiter)
{
	ms_assert(!waiter->queued);
	TAILQ_INSERT_HEAD(&pool->queue, waiter, in_pool);
	queued(pool, waiter);
}

void
pool_unwait(struct pool *pool, struct pool_waiter *waiter)
{
	if (!waiter->queued)
		return;
	TAILQ_REMOVE(&pool->queue, waiter, in_pool);
	waiter->queued = false;
	waiter->key->waiting--;
	pool->waiting--;
}

struct pool_waiter *
pool_first_of(struct pool *pool, const struct pool_key *key)
{
	struct pool_waiter *waiter;

	TAILQ_FOREACH(waiter, &pool->queue, in_pool)
		if (waiter->key == key)
			return waiter;
	return NULL;
}

/* The one place that changes slot->state. */
static void
slot_set_state(struct pool *pool, struct pool_slot *slot, enum slot_state state,
    struct mono now)
{
	struct pool_key *key = slot->key;

	if (slot->state == SLOT_IDLE) {
		TAILQ_REMOVE(&pool->idle, slot, in_pool);
		TAILQ_REMOVE(&key->idle, slot, in_key);
	}
	if (slot->state != SLOT_OUT) {
		pool->count[slot->state]--;
		key->count[slot->state]--;
	}
	slot->state = state;
	slot->since = now;
	if (state == SLOT_IDLE) {
		TAILQ_INSERT_HEAD(&pool->idle, slot, in_pool);
		TAILQ_INSERT_HEAD(&key->idle, slot, in_key);
	}
	if (state != SLOT_OUT) {
		pool->count[state]++;
		key->count[state]++;
	}
}

static uint64_t
jittered_lifetime(struct pool *pool)
{
	uint64_t life = pool->limits.max_lifetime_ms;
	uint64_t tenth = life / 100 * LIFETIME_JITTER_PCT;

	if (life == DURATION_INFINITY)
		return life;
	return life - tenth +
	    (uint64_t)((unsigned __int128)(2 * tenth) *
		    dice_next(&pool->dice) >>
		32);
}

void
pool_opening(struct pool *pool, struct pool_key *key, struct pool_slot *slot,
    struct mono now)
{
	bool allowed = breaker_allow(&key->breaker, now, &slot->ticket);

	ms_assert(slot->state == SLOT_OUT && allowed);
	slot->key = key;
	slot->retire_at = mono_add_ms(now, jittered_lifetime(pool));
	slot_set_state(pool, slot, SLOT_OPENING, now);
}

void
pool_opened(struct pool *pool, struct pool_slot *slot, struct mono now)
{
	struct breaker *breaker = &slot->key->breaker;

	ms_assert(slot->state == SLOT_OPENING);
	breaker_done(breaker, slot->ticket, true, now);
	breaker_hint(breaker); /* one from before a failure counts this much */
	slot_set_state(pool, slot, SLOT_IDLE, now);
}

void
pool_failed(struct pool *pool, struct pool_slot *slot, struct mono now)
{
	struct pool_key *key = slot->key;

	ms_assert(slot->state == SLOT_OPENING);
	if (key->breaker.state == BREAKER_CLOSED)
		key->away_since = now;
	/* several that were under way together are one failure */
	breaker_done(&key->breaker, slot->ticket, false, now);
	slot_set_state(pool, slot, SLOT_OUT, now);
}

void
pool_resetting(struct pool *pool, struct pool_slot *slot, struct mono now)
{
	ms_assert(slot->state == SLOT_LEASED);
	slot_set_state(pool, slot, SLOT_RESETTING, now);
}

void
pool_released(struct pool *pool, struct pool_slot *slot, struct mono now)
{
	ms_assert(slot->state == SLOT_LEASED || slot->state == SLOT_RESETTING);
	slot_set_state(pool, slot, SLOT_IDLE, now);
}

/* An opening that is given up says nothing about the server. */
static void
forget_opening(struct pool_slot *slot)
{
	if (slot->state == SLOT_OPENING)
		breaker_forget(&slot->key->breaker, slot->ticket);
}

void
pool_closing(struct pool *pool, struct pool_slot *slot, struct mono now)
{
	ms_assert(slot->state != SLOT_OUT);
	forget_opening(slot);
	slot_set_state(pool, slot, SLOT_CLOSING, now);
}

void
pool_gone(struct pool *pool, struct pool_slot *slot)
{
	ms_assert(slot->state != SLOT_OUT);
	forget_opening(slot);
	slot_set_state(pool, slot, SLOT_OUT, slot->since);
}

/* Resources that are or may become useful. */
static uint32_t
live(const struct pool *pool)
{
	return pool->count[SLOT_OPENING] + pool->count[SLOT_IDLE] +
	    pool->count[SLOT_LEASED] + pool->count[SLOT_RESETTING];
}

static bool
has_room(const struct pool *pool)
{
	return live(pool) + pool->count[SLOT_CLOSING] < pool->limits.size;
}

/* After a failure one opening at a time finds out whether all is well. */
static bool
may_open(const struct pool_key *key, struct mono now)
{
	return breaker_wait_ms(&key->breaker, now) == 0;
}

/* No slot of the key will come free, and none has come for long. */
static bool
is_hopeless(const struct pool *pool, const struct pool_key *key,
    struct mono now)
{
	return key->breaker.state != BREAKER_CLOSED &&
	    key->count[SLOT_LEASED] + key->count[SLOT_RESETTING] == 0 &&
	    mono_reached(now,
		mono_add_ms(key->away_since, pool->limits.fail_fast_ms));
}

static struct pool_step
expire(struct pool *pool, struct pool_waiter *waiter)
{
	pool_unwait(pool, waiter);
	return (
	    struct pool_step){ POOL_EXPIRE, waiter, NULL, waiter->key, NULL };
}

static struct pool_step
retire(struct pool *pool, struct pool_slot *slot, const char *reason,
    struct mono now)
{
	slot_set_state(pool, slot, SLOT_CLOSING, now);
	return (struct pool_step){ POOL_RETIRE, NULL, slot, slot->key, reason };
}

static struct pool_step
serve(struct pool *pool, struct pool_waiter *waiter, struct mono now)
{
	struct pool_slot *slot = TAILQ_FIRST(&waiter->key->idle);

	pool_unwait(pool, waiter);
	slot_set_state(pool, slot, SLOT_LEASED, now);
	return (struct pool_step){ POOL_SERVE, waiter, slot, slot->key, NULL };
}

/* Does a slot that is on its way, and not promised yet, suit this waiter? */
static bool
claim_coming(struct pool *pool, struct pool_key *key)
{
	if (key->walk != pool->walk) {
		key->walk = pool->walk;
		key->claimed = 0;
	}
	if (key->claimed >=
	    key->count[SLOT_OPENING] + key->count[SLOT_RESETTING])
		return false;
	key->claimed++;
	return true;
}

static struct pool_step
walk_queue(struct pool *pool, struct mono now)
{
	uint32_t leaving = pool->count[SLOT_CLOSING];
	struct pool_waiter *waiter;

	pool->walk++;
	TAILQ_FOREACH(waiter, &pool->queue, in_pool) {
		struct pool_key *key = waiter->key;

		if (!TAILQ_EMPTY(&key->idle))
			return serve(pool, waiter, now);
		if (claim_coming(pool, key))
			continue;
		if (!may_open(key, now) && is_hopeless(pool, key, now))
			return expire(pool, waiter);
		if (pool->draining || !may_open(key, now))
			continue;
		if (has_room(pool))
			return (struct pool_step){ POOL_OPEN, waiter, NULL, key,
				NULL };
		if (leaving > 0) {
			leaving--;
			continue;
		}
		if (TAILQ_EMPTY(&pool->idle))
			break;
		return retire(pool, TAILQ_LAST(&pool->idle, pool_slots),
		    "evicted for another key", now);
	}
	return (struct pool_step){ .act = POOL_REST };
}

static struct pool_step
retire_idle(struct pool *pool, struct mono now)
{
	struct pool_slot *slot;

	TAILQ_FOREACH_REVERSE(slot, &pool->idle, pool_slots, in_pool)
	{
		if (pool->draining)
			return retire(pool, slot, "draining", now);
		if (live(pool) > pool->limits.size)
			return retire(pool, slot, "size was lowered", now);
		if (mono_reached(now, slot->retire_at))
			return retire(pool, slot, "end of life", now);
		if (live(pool) > pool->limits.min_size &&
		    mono_reached(now,
			mono_add_ms(slot->since, pool->limits.idle_timeout_ms)))
			return retire(pool, slot, "idle", now);
	}
	return (struct pool_step){ .act = POOL_REST };
}

static struct pool_step
expire_first(struct pool *pool, struct mono now)
{
	struct pool_waiter *first = TAILQ_FIRST(&pool->queue);

	if (!first ||
	    !mono_reached(now,
		mono_add_ms(first->since, pool->limits.acquire_timeout_ms)))
		return (struct pool_step){ .act = POOL_REST };
	return expire(pool, first);
}

static struct pool_step
warm_up(struct pool *pool, struct mono now)
{
	if (pool->draining || !pool->warm || !has_room(pool) ||
	    live(pool) >= pool->limits.min_size || !may_open(pool->warm, now))
		return (struct pool_step){ .act = POOL_REST };
	return (struct pool_step){ POOL_OPEN, NULL, NULL, pool->warm, NULL };
}

struct pool_step
pool_next(struct pool *pool, struct mono now)
{
	static struct pool_step (*const rules[])(struct pool *,
	    struct mono) = { retire_idle, walk_queue, expire_first, warm_up };
	struct pool_step step = { .act = POOL_REST };

	for (size_t i = 0; step.act == POOL_REST && i < ARRAY_LEN(rules); i++)
		step = rules[i](pool, now);
	return step;
}

static void
sooner(struct mono *wake, struct mono t)
{
	if (t.ns != 0 && t.ns != UINT64_MAX &&
	    (wake->ns == 0 || t.ns < wake->ns))
		*wake = t;
}

/* What opens it again, and what ends the waiting for that. */
static void
sooner_of_key(struct mono *wake, const struct pool *pool,
    const struct pool_key *key, struct mono now)
{
	struct mono times[] = { key->breaker.until,
		mono_add_ms(key->away_since, pool->limits.fail_fast_ms) };

	if (key->breaker.state != BREAKER_OPEN)
		return;
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (times[i].ns > now.ns)
			sooner(wake, times[i]);
}

struct mono
pool_wake(const struct pool *pool, struct mono now)
{
	const struct pool_limits *limits = &pool->limits;
	const struct pool_waiter *first = TAILQ_FIRST(&pool->queue);
	bool above_min = live(pool) > limits->min_size;
	struct mono wake = { 0 };
	const struct pool_slot *slot;
	const struct pool_key *key;

	if (first)
		sooner(&wake,
		    mono_add_ms(first->since, limits->acquire_timeout_ms));
	TAILQ_FOREACH(slot, &pool->idle, in_pool) {
		sooner(&wake, slot->retire_at);
		if (above_min)
			sooner(&wake,
			    mono_add_ms(slot->since, limits->idle_timeout_ms));
	}
	TAILQ_FOREACH(key, &pool->keys, in_pool)
		if (!pool->draining &&
		    (key->waiting ||
			(key == pool->warm && live(pool) < limits->min_size)))
			sooner_of_key(&wake, pool, key, now);
	return wake;
}

bool
pool_is_sound(const struct pool *pool)
{
	uint32_t sum[SLOT_STATES] = { 0 }, idle = 0, waiting = 0;
	const struct pool_waiter *waiter;
	const struct pool_slot *slot;
	const struct pool_key *key;

	TAILQ_FOREACH(slot, &pool->idle, in_pool) {
		if (slot->state != SLOT_IDLE)
			return false;
		idle++;
	}
	TAILQ_FOREACH(waiter, &pool->queue, in_pool)
		waiting++;
	TAILQ_FOREACH(key, &pool->keys, in_pool) {
		TAILQ_FOREACH(slot, &key->idle, in_key)
			idle--;
		waiting -= key->waiting;
		for (int i = SLOT_OPENING; i < SLOT_STATES; i++)
			sum[i] += key->count[i];
	}
	return idle == 0 && waiting == 0 &&
	    memcmp(sum, pool->count, sizeof(sum)) == 0;
}
