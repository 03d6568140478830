/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_state() is the only place that changes the state.  It starts a new turn,
 * so that whatever was under way before belongs to the past.
 */
#include "common/breaker.h"

#include "common/backoff.h"

void
breaker_init(struct breaker *b, const struct breaker_conf *conf, uint64_t seed,
    breaker_change_fn *on_change, void *arg)
{
	*b = (struct breaker){ .conf = conf,
		.state = BREAKER_CLOSED,
		.dice = seed,
		.on_change = on_change,
		.arg = arg };
}

static void
set_state(struct breaker *b, enum breaker_state state)
{
	enum breaker_state from = b->state;

	b->state = state;
	b->turn++;
	b->failures = b->successes = b->probing = 0;
	if (state == BREAKER_CLOSED)
		b->openings = 0;
	b->transitions++;
	if (b->on_change)
		b->on_change(b->arg, b, from);
}

static void
trip(struct breaker *b, struct mono now)
{
	struct span_ms open = b->conf->open;
	uint64_t ms = open.max_ms;

	if (open.min_ms < open.max_ms)
		ms = backoff_ms(open, b->openings, dice_next(&b->dice));
	b->openings += b->openings < UINT32_MAX;
	b->until = mono_add_ms(now, ms);
	set_state(b, BREAKER_OPEN);
}

/* What the time alone changes. */
static void
look_at_clock(struct breaker *b, struct mono now)
{
	const struct breaker_conf *conf = b->conf;

	if (b->state == BREAKER_OPEN && now.ns >= b->until.ns)
		set_state(b, BREAKER_HALF_OPEN);
	else if (b->state == BREAKER_HALF_OPEN && b->probing >= conf->probes &&
	    conf->probe_ms &&
	    now.ns >= mono_add_ms(b->probed, conf->probe_ms).ns)
		trip(b, now);
}

bool
breaker_allow(struct breaker *b, struct mono now,
    struct breaker_ticket *ticket_r)
{
	look_at_clock(b, now);
	if (b->state == BREAKER_OPEN ||
	    (b->state == BREAKER_HALF_OPEN && b->probing >= b->conf->probes)) {
		b->refused++;
		return false;
	}
	if (b->state == BREAKER_HALF_OPEN) {
		b->probing++;
		b->probed = now;
	}
	ticket_r->turn = b->turn;
	return true;
}

static void
succeed(struct breaker *b)
{
	b->failures = 0;
	if (b->state != BREAKER_HALF_OPEN)
		return;
	b->probing--;
	if (++b->successes >= b->conf->success_threshold)
		set_state(b, BREAKER_CLOSED);
}

static void
fail(struct breaker *b, struct mono now)
{
	if (b->state == BREAKER_HALF_OPEN ||
	    ++b->failures >= b->conf->failure_threshold)
		trip(b, now);
}

void
breaker_done(struct breaker *b, struct breaker_ticket ticket, bool success,
    struct mono now)
{
	if (ticket.turn != b->turn)
		return;
	if (success)
		succeed(b);
	else
		fail(b, now);
}

void
breaker_forget(struct breaker *b, struct breaker_ticket ticket)
{
	if (ticket.turn == b->turn && b->state == BREAKER_HALF_OPEN)
		b->probing--;
}

void
breaker_hint(struct breaker *b)
{
	if (b->state == BREAKER_OPEN)
		set_state(b, BREAKER_HALF_OPEN);
}

uint64_t
breaker_wait_ms(const struct breaker *b, struct mono now)
{
	struct mono when = b->until;

	if (b->state == BREAKER_CLOSED ||
	    (b->state == BREAKER_HALF_OPEN && b->probing < b->conf->probes))
		return 0;
	if (b->state == BREAKER_HALF_OPEN) {
		if (!b->conf->probe_ms) /* as long as it was open last */
			return b->conf->open.min_ms;
		when = mono_add_ms(b->probed, b->conf->probe_ms);
	}
	return now.ns >= when.ns ? 0 : mono_ms_left(now, when);
}

const char *
breaker_state_name(enum breaker_state state)
{
	static const char *const names[] = {
		[BREAKER_CLOSED] = "closed",
		[BREAKER_OPEN] = "open",
		[BREAKER_HALF_OPEN] = "half_open",
	};

	return names[state];
}
