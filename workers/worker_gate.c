/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nobody waits in these bulkheads: what is received waits before the loop, and
 * behind it in the sockets.
 */
#include "workers/worker_gate.h"

#define NS_PER_US UINT64_C(1000)
/* A full worker frees slots as fast as it answers. */
#define FULL_RETRY_MS 100u

/* Half a second before the first look at a request is far more than any turn
 * of a healthy loop; a hiccup of the disk is over before the first step. */
static const struct metric_row refused_row = {
	.name = "ms_worker_refused_total",
	.help = "Requests not begun: full, client (too many of one), shed "
		"(overload), expired (too late).",
	.kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "reason" },
};
static const struct metric_row level_row = {
	.name = "ms_worker_shed_level",
	.help = "Requests of a priority below this are refused.",
	.kind = METRIC_GAUGE,
};

static const struct shed_conf shed_conf = {
	.high = { .delay_us = 500000 },
	.low = { .delay_us = 100000 },
	.step_ms = 200,
};

void
gate_init(struct gate *gate)
{
	*gate = (struct gate){ 0 };
	bulkhead_init(&gate->slots,
	    &(struct bulkhead_conf){ .slots = GATE_SLOTS });
}

void
gate_declare(struct gate *gate)
{
	static const char *const reasons[GATE_VERDICTS] = {
		[GATE_FULL] = "full",
		[GATE_GREEDY] = "client",
		[GATE_SHED] = "shed",
		[GATE_EXPIRED] = "expired",
	};

	for (int i = GATE_OPEN + 1; i < GATE_VERDICTS; i++)
		gate->refused[i] = metrics_series(&refused_row, &reasons[i]);
	gate->level = metrics_declare(&level_row);
}

void
gate_client_init(struct gate_client *client)
{
	bulkhead_init(&client->slots,
	    &(struct bulkhead_conf){ .slots = GATE_CLIENT_SLOTS });
}

static bool
is_shed(struct gate *gate, const struct gate_ask *ask, struct mono now,
    uint64_t *retry_after_ms_r)
{
	struct shed_load load = { 0 };
	uint32_t before = gate->shed.level;

	if (now.ns > ask->received.ns)
		load.delay_us = (now.ns - ask->received.ns) / NS_PER_US;
	shed_look(&gate->shed, &shed_conf, load, now);
	if (gate->shed.level != before)
		metric_set(gate->level, gate->shed.level);
	*retry_after_ms_r =
	    shed_retry_after_ms(&gate->shed, &shed_conf, ask->priority);
	return shed_refuses(&gate->shed, ask->priority);
}

/* Those who must get in are counted like the rest. */
static bool
enter(struct bulkhead *slots, enum priority priority, struct mono now)
{
	if (priority >= PRIORITY_HIGH) {
		slots->inside++;
		return true;
	}
	return bulkhead_enter(slots, NULL, now) == BULKHEAD_ENTERED;
}

static enum gate_verdict
judge(struct gate *gate, struct gate_client *client, const struct gate_ask *ask,
    struct mono now, uint64_t *retry_after_ms_r)
{
	*retry_after_ms_r = 0;
	if (mono_reached(now, ask->deadline))
		return GATE_EXPIRED;
	if (is_shed(gate, ask, now, retry_after_ms_r))
		return GATE_SHED;
	*retry_after_ms_r = FULL_RETRY_MS;
	if (!enter(&gate->slots, ask->priority, now))
		return GATE_FULL;
	if (!enter(&client->slots, ask->priority, now)) {
		bulkhead_leave(&gate->slots);
		return GATE_GREEDY;
	}
	*retry_after_ms_r = 0;
	return GATE_OPEN;
}

enum gate_verdict
gate_ask(struct gate *gate, struct gate_client *client,
    const struct gate_ask *ask, struct mono now, uint64_t *retry_after_ms_r)
{
	enum gate_verdict verdict =
	    judge(gate, client, ask, now, retry_after_ms_r);

	if (verdict != GATE_OPEN)
		metric_add(gate->refused[verdict], 1);
	return verdict;
}

void
gate_leave(struct gate *gate, struct gate_client *client)
{
	bulkhead_leave(&client->slots);
	bulkhead_leave(&gate->slots);
}
