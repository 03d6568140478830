/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Five hundred workers that became ready together must not be probed together
 * for ever: the first probe comes at a random time of the second half of the
 * interval, the later ones drift by a tenth.
 */
#include "supervisor/child/health.h"

void
health_start(struct health *h)
{
	h->in_a_row = 0;
	h->tries = 0;
	h->is_new = true;
}

enum health_verdict
health_note(struct health *h, enum health_stage stage, bool good,
    uint32_t limit)
{
	h->is_new = false;
	if (stage == HEALTH_STARTING) {
		h->tries++;
		return good ? HEALTH_READY : HEALTH_GO_ON;
	}
	if (good)
		h->in_a_row = 0;
	if (good || stage == HEALTH_BUSY)
		return HEALTH_GO_ON;
	h->failures++;
	return ++h->in_a_row >= limit ? HEALTH_SICK : HEALTH_GO_ON;
}

static uint64_t
eager_ms(uint32_t tries, uint64_t interval_ms)
{
	uint64_t max = interval_ms < HEALTH_EAGER_MAX_MS ? interval_ms
							 : HEALTH_EAGER_MAX_MS;
	uint64_t ms = HEALTH_EAGER_MIN_MS << (tries < 8 ? tries : 8);

	return ms < max ? ms : max;
}

/* base plus a random part of `spread`. */
static uint64_t
spread_ms(uint64_t base, uint64_t spread, uint32_t dice)
{
	return base + (uint64_t)((double)spread * dice / UINT32_MAX);
}

uint64_t
health_pause_ms(const struct health *h, enum health_stage stage,
    uint64_t interval_ms, uint32_t dice)
{
	uint64_t ms = interval_ms;

	if (stage == HEALTH_STARTING)
		return eager_ms(h->tries, interval_ms);
	if (h->is_new)
		return spread_ms(ms - ms / 2, ms / 2, dice);
	return spread_ms(ms - ms / 10, ms / 5, dice);
}
