/* SPDX-License-Identifier: Apache-2.0 */
#include "common/breaker_meter.h"

static const struct metric_row state_row = {
	.name = "ms_breaker_state",
	.help = "Circuit breaker towards a place: 0 closed, 1 half open, 2 "
		"open; the sum when there are several.",
	.kind = METRIC_GAUGE,
	.flags = METRIC_EXACT,
	.labels = { "name" },
};
static const struct metric_row transitions_row = {
	.name = "ms_breaker_transitions_total",
	.help = "Changes of state of a circuit breaker, by the new state.",
	.kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "name", "to" },
	.max_series = 3 * METRIC_FAMILY_DEFAULT,
};

static uint64_t
weight(enum breaker_state state)
{
	static const uint64_t weights[] = { [BREAKER_CLOSED] = 0,
		[BREAKER_HALF_OPEN] = 1,
		[BREAKER_OPEN] = 2 };

	return weights[state];
}

void
breaker_meter_init(struct breaker_meter *meter, const char *name)
{
	meter->state = metrics_series(&state_row, &name);
	for (int i = 0; i < BREAKER_STATES; i++) {
		enum breaker_state to = (enum breaker_state)i;
		const char *values[] = { name, breaker_state_name(to) };

		meter->to[i] = metrics_series(&transitions_row, values);
	}
}

void
breaker_meter_change(void *arg, const struct breaker *breaker,
    enum breaker_state from)
{
	struct breaker_meter *meter = arg;

	metric_add(meter->state, weight(breaker->state) - weight(from));
	metric_add(meter->to[breaker->state], 1);
}

void
breaker_meter_end(struct breaker_meter *meter, const struct breaker *breaker)
{
	metric_sub(meter->state, weight(breaker->state));
}
