/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decisions of a pool, whatever is pooled: whom to serve, when to open,
 * what to evict or retire.  Pure: `now` is an argument, nothing here does I/O.
 * The owner embeds slots (one per resource), keys (resources of one key are
 * interchangeable) and waiters, reports facts, and then asks pool_next() what
 * to do until it answers POOL_REST.
 *
 * It is a bulkhead (size, a queue bounded by who may be a client, and
 * acquire_timeout) and, for each key, a circuit breaker: after one opening
 * that failed none is begun for a while, then one at a time, until one
 * succeeds.  Those who wait meanwhile wait on, for fail_fast: their server may be
 * restarting.
 */
#ifndef WORKERS_POOL_POOL_H
#define WORKERS_POOL_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/breaker.h"
#include "common/mono.h"

/* Where a slot lives: counted in its pool and its key; idle ones also wait in
 * two lists.  Every state but SLOT_OUT counts against the size. */
enum slot_state {
	SLOT_OUT,     /* not in a pool */
	SLOT_OPENING, /* on its way to idle */
	SLOT_IDLE,
	SLOT_LEASED,
	SLOT_RESETTING, /* given back, being cleaned; on its way to idle */
	SLOT_CLOSING,   /* of no use any more, but not gone yet */
	SLOT_STATES
};

struct pool_slot {
	enum slot_state state;
	struct pool_key *key;
	struct mono since;              /* of this state */
	struct mono retire_at;          /* end of its life, with jitter */
	struct breaker_ticket ticket;   /* while opening */
	TAILQ_ENTRY(pool_slot) in_pool; /* while idle */
	TAILQ_ENTRY(pool_slot) in_key;  /* while idle */
};
TAILQ_HEAD(pool_slots, pool_slot);

struct pool_key {
	struct pool_slots idle; /* given back last = first */
	uint32_t count[SLOT_STATES];
	uint32_t waiting;
	struct breaker breaker; /* of the openings */
	struct mono away_since; /* the failure that opened it first */
	uint32_t claimed;       /* scratch of one walk through the queue */
	uint64_t walk;
	TAILQ_ENTRY(pool_key) in_pool;
};
TAILQ_HEAD(pool_keys, pool_key);

struct pool_waiter {
	bool queued;
	struct pool_key *key;
	struct mono since;
	TAILQ_ENTRY(pool_waiter) in_pool;
};
TAILQ_HEAD(pool_waiters, pool_waiter);

struct pool_limits {
	uint32_t size;
	uint32_t min_size;
	uint64_t acquire_timeout_ms;
	uint64_t fail_fast_ms; /* of a key that is away */
	uint64_t idle_timeout_ms;
	uint64_t max_lifetime_ms; /* 10 % more or less */
};

struct pool {
	struct pool_limits limits; /* may change at any time */
	struct pool_key *warm; /* min_size is kept of this one; NULL: of none */
	bool draining;         /* opens nothing, retires what is idle */
	struct pool_keys keys;
	struct pool_waiters queue; /* first come, first served */
	uint32_t waiting;
	struct pool_slots idle; /* idle for longest = last */
	uint32_t count[SLOT_STATES];
	breaker_change_fn *on_breaker; /* of any key; NULL: nobody asks */
	void *breaker_arg;
	uint64_t dice;
	uint64_t walk;
};

enum pool_act {
	POOL_REST,   /* nothing to do before pool_wake() */
	POOL_EXPIRE, /* step.waiter has waited too long, or its server has been
	                away for too long; it left the queue */
	POOL_SERVE, /* step.slot is leased to step.waiter, which left the queue */
	POOL_OPEN,  /* make a resource of step.key, tell with pool_opening() */
	POOL_RETIRE /* close step.slot, tell with pool_gone() */
};
struct pool_step {
	enum pool_act act;
	struct pool_waiter *waiter;
	struct pool_slot *slot;
	struct pool_key *key;
	const char *reason; /* of POOL_RETIRE */
};

/* dice: seed, not 0 */
void pool_init(struct pool *pool, const struct pool_limits *limits,
    uint64_t dice);
void pool_add_key(struct pool *pool, struct pool_key *key);
/* Only when nothing waits for it and no slot is of it. */
void pool_remove_key(struct pool *pool, struct pool_key *key);
bool pool_key_is_unused(const struct pool_key *key);

void pool_wait(struct pool *pool, struct pool_waiter *waiter,
    struct pool_key *key, struct mono now);
/* What it was served turned out to be dead: first in the queue again, with
 * the time it has already waited. */
void pool_wait_again(struct pool *pool, struct pool_waiter *waiter);
/* Harmless when it does not wait. */
void pool_unwait(struct pool *pool, struct pool_waiter *waiter);
struct pool_waiter *pool_first_of(struct pool *pool,
    const struct pool_key *key);

/* Facts. */
void pool_opening(struct pool *pool, struct pool_key *key,
    struct pool_slot *slot, struct mono now);
void pool_opened(struct pool *pool, struct pool_slot *slot, struct mono now);
/* The slot is out; its key's breaker opens. */
void pool_failed(struct pool *pool, struct pool_slot *slot, struct mono now);
void pool_resetting(struct pool *pool, struct pool_slot *slot, struct mono now);
void pool_released(struct pool *pool, struct pool_slot *slot, struct mono now);
void pool_closing(struct pool *pool, struct pool_slot *slot, struct mono now);
/* From any state: it exists no more. */
void pool_gone(struct pool *pool, struct pool_slot *slot);

struct pool_step pool_next(struct pool *pool, struct mono now);
/* When pool_next(), which rests now, may answer something else although
 * nothing happened; .ns 0 = never. */
struct mono pool_wake(const struct pool *pool, struct mono now);
/* Every slot in exactly one place and all counts agree? */
bool pool_is_sound(const struct pool *pool);

#endif
