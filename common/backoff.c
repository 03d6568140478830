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
