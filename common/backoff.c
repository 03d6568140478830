/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jitter comes before the cap: many clients that all reached the cap retry at
 * the cap, none later than promised.
 */
#include "common/backoff.h"

#include <errno.h>
#include <sys/random.h>
#include <sysexits.h>

#include "common/log.h"

#define MULTIPLIER_PCT 200u
#define US_PER_MS      UINT64_C(1000)

static uint64_t
doubled(uint64_t ms, uint32_t times)
{
	if (ms == 0)
		return 0;
	if (times >= 64 || ms > UINT64_MAX >> times)
		return UINT64_MAX;
	return ms << times;
}

/* value * (0.8 + 0.4 * dice / 2^32) */
static uint64_t
jittered(uint64_t value, uint32_t dice)
{
	unsigned __int128 wide = value;
	unsigned __int128 tenths = wide * 8 + (wide * dice * 4 >> 32);

	return tenths / 10 > UINT64_MAX ? UINT64_MAX : (uint64_t)(tenths / 10);
}

uint64_t
backoff_ms(struct span_ms span, uint32_t n, uint32_t dice)
{
	uint64_t ms = jittered(doubled(span.min_ms, n), dice);

	return ms < span.max_ms ? ms : span.max_ms;
}

/* ---- with a state ------------------------------------------------------- */

/* Microseconds inside: a factor of 1.5 moves a delay of 1 ms too. */
static uint64_t
us_of(uint64_t ms)
{
	return ms > UINT64_MAX / US_PER_MS ? UINT64_MAX : ms * US_PER_MS;
}

static uint64_t
grown(uint64_t us, const struct backoff_conf *conf)
{
	uint32_t pct =
	    conf->multiplier_pct ? conf->multiplier_pct : MULTIPLIER_PCT;
	uint64_t cap = us_of(conf->span.max_ms);
	unsigned __int128 wide = (unsigned __int128)us * pct / 100;

	/* past the cap by the jitter, so that none shortens the last delay */
	if (cap > UINT64_MAX / 2)
		return wide > UINT64_MAX ? UINT64_MAX : (uint64_t)wide;
	return wide > 2 * cap ? 2 * cap : (uint64_t)wide;
}

void
backoff_init(struct backoff *b, uint64_t seed)
{
	*b = (struct backoff){ .dice = seed };
}

bool
backoff_next(struct backoff *b, const struct backoff_conf *conf,
    struct mono now, uint64_t *delay_ms_r)
{
	uint64_t ms;

	if (b->failures == 0) {
		b->since = now;
		b->next_us = us_of(conf->span.min_ms);
	}
	if (conf->max_elapsed_ms &&
	    mono_ms_between(b->since, now) >= conf->max_elapsed_ms)
		return false;
	if (b->failures < UINT32_MAX)
		b->failures++;
	ms = jittered(b->next_us, dice_next(&b->dice)) / US_PER_MS;
	*delay_ms_r = ms < conf->span.max_ms ? ms : conf->span.max_ms;
	b->next_us = grown(b->next_us, conf);
	return true;
}

void
backoff_reset(struct backoff *b)
{
	b->failures = 0;
}

/* ---- dice --------------------------------------------------------------- */

/* xorshift64*: not for secrets. */
uint32_t
dice_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (uint32_t)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

uint64_t
dice_seed(void)
{
	uint64_t seed = 0;

	while (seed == 0) {
		if (getrandom(&seed, sizeof(seed), 0) < 0 && errno != EINTR)
			log_fatal(EX_OSERR, "no randomness", "errno=%d", errno);
	}
	return seed;
}
