/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OTP's rule: *more than* max restarts within the period.  The moments are
 * kept exactly, so the window slides and no restart is counted in two halves.
 */
#include "supervisor/tree/intensity.h"

#include <stdlib.h>

#include "common/alloc.h"

#define FIRST_CAP 8u

void
intensity_fini(struct intensity *window)
{
	free(window->at);
	*window = (struct intensity){ .count = 0 };
}

void
intensity_reset(struct intensity *window)
{
	window->count = 0;
	window->head = 0;
}

static void
forget_before(struct intensity *window, uint64_t period_ms, struct mono now)
{
	while (window->count > 0 &&
	    mono_add_ms(window->at[window->head], period_ms).ns < now.ns) {
		window->head = (window->head + 1) % window->cap;
		window->count--;
	}
}

static void
grow(struct intensity *window)
{
	uint32_t cap = window->cap ? window->cap * 2 : FIRST_CAP;
	struct mono *at = xreallocarray(NULL, cap, sizeof(*at));

	for (uint32_t i = 0; i < window->count; i++)
		at[i] = window->at[(window->head + i) % window->cap];
	free(window->at);
	window->at = at;
	window->cap = cap;
	window->head = 0;
}

bool
intensity_charge(struct intensity *window, uint32_t max, uint64_t period_ms,
    struct mono now)
{
	forget_before(window, period_ms, now);
	if (window->count > max) /* a smaller max since the last charge */
		return false;
	if (window->count == window->cap)
		grow(window);
	window->at[(window->head + window->count) % window->cap] = now;
	window->count++;
	return window->count <= max;
}
