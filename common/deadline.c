/* SPDX-License-Identifier: Apache-2.0 */
#include "common/deadline.h"

/* Rounded down, so that no server works past its caller's end. */
uint32_t
deadline_left_ms(struct mono deadline, struct mono now)
{
	uint64_t ms;

	if (deadline.ns == 0)
		return 0;
	ms = mono_ms_between(now, deadline);
	if (ms == 0)
		return 1;
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

struct mono
deadline_from(uint32_t left_ms, struct mono received)
{
	return left_ms ? mono_add_ms(received, left_ms) : (struct mono){ 0 };
}

uint32_t
deadline_budget_ms(struct mono deadline, struct mono now, uint32_t margin_ms,
    uint32_t own_ms)
{
	uint64_t ms;

	if (deadline.ns == 0)
		return own_ms;
	ms = mono_ms_between(now, deadline);
	if (ms <= margin_ms)
		return 0;
	ms -= margin_ms;
	return ms < own_ms ? (uint32_t)ms : own_ms;
}
