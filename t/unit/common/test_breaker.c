/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims one by one, then random sequences against a model that keeps the
 * whole history of a turn and derives the answer from it.  A failure names
 * its seed; MS_SEED=N runs that one alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/backoff.h"
#include "common/breaker.h"
#include "t/lib/unit.h"

static const struct breaker_conf conf = {
	.failure_threshold = 3,
	.success_threshold = 2,
	.probes = 1,
	.open = { 1000, 1000 },
	.probe_ms = 5000,
};
static const struct mono start = { 1000000 };

static struct mono
after(uint64_t ms)
{
	return mono_add_ms(start, ms);
}

static void
call(struct breaker *b, bool success, uint64_t ms)
{
	struct breaker_ticket ticket;

	ck_assert(breaker_allow(b, after(ms), &ticket));
	breaker_done(b, ticket, success, after(ms));
}

static bool
refused(struct breaker *b, uint64_t ms)
{
	struct breaker_ticket ticket;

	return !breaker_allow(b, after(ms), &ticket);
}

static struct breaker
opened(const struct breaker_conf *c)
{
	struct breaker b;

	breaker_init(&b, c, 7, NULL, NULL);
	for (uint32_t i = 0; i < c->failure_threshold; i++)
		call(&b, false, 0);
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	return b;
}

START_TEST(breaker_opens_after_three_failures_in_a_row)
{
	struct breaker b;

	breaker_init(&b, &conf, 7, NULL, NULL);
	call(&b, false, 0);
	call(&b, false, 1);
	call(&b, true, 2); /* the row begins anew */
	call(&b, false, 3);
	call(&b, false, 4);
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	call(&b, false, 5);
	ck_assert_int_eq(b.state, BREAKER_OPEN);
}
END_TEST

START_TEST(an_open_breaker_refuses_until_its_time_is_over)
{
	struct breaker b = opened(&conf);

	ck_assert(refused(&b, 0));
	ck_assert(refused(&b, 999));
	ck_assert_uint_eq(breaker_wait_ms(&b, after(400)), 600);
	ck_assert_uint_eq(b.refused, 2);
	ck_assert_uint_eq(breaker_wait_ms(&b, after(1000)), 0);
	ck_assert(!refused(&b, 1000));
	ck_assert_int_eq(b.state, BREAKER_HALF_OPEN);
}
END_TEST

START_TEST(half_open_lets_few_probes_through_and_closes_after_successes)
{
	struct breaker b = opened(&conf);
	struct breaker_ticket probe;

	ck_assert(breaker_allow(&b, after(1000), &probe));
	ck_assert(refused(&b, 1001));
	breaker_done(&b, probe, true, after(1002));
	ck_assert_int_eq(b.state, BREAKER_HALF_OPEN);
	call(&b, true, 1003);
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
}
END_TEST

START_TEST(one_failed_probe_opens_it_again)
{
	struct breaker b = opened(&conf);

	call(&b, true, 1000);
	call(&b, false, 1001);
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	ck_assert(refused(&b, 2000));
	ck_assert(!refused(&b, 2001));
}
END_TEST

START_TEST(the_end_of_a_call_from_before_does_not_count)
{
	struct breaker b;
	struct breaker_ticket old[4], probe;

	breaker_init(&b, &conf, 7, NULL, NULL);
	for (int i = 0; i < 4; i++)
		ck_assert(breaker_allow(&b, start, &old[i]));
	for (int i = 0; i < 3; i++)
		call(&b, false, 1);
	ck_assert(breaker_allow(&b, after(1001), &probe));
	breaker_done(&b, old[0], true, after(1002));
	breaker_done(&b, old[1], true, after(1002));
	ck_assert_int_eq(b.state, BREAKER_HALF_OPEN);
	breaker_done(&b, old[2], false, after(1003));
	ck_assert_int_eq(b.state, BREAKER_HALF_OPEN);
	ck_assert(refused(&b, 1004)); /* the probe is still the only one */
	breaker_done(&b, probe, true, after(1005));
	call(&b, true, 1006);
	breaker_done(&b, old[3], false, after(1007));
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	ck_assert_uint_eq(b.failures, 0);
}
END_TEST

START_TEST(a_call_that_says_nothing_gives_its_place_back)
{
	struct breaker b = opened(&conf);
	struct breaker_ticket probe;

	ck_assert(breaker_allow(&b, after(1000), &probe));
	breaker_forget(&b, probe);
	ck_assert(breaker_allow(&b, after(1001), &probe));
}
END_TEST

START_TEST(a_probe_that_never_ends_is_a_failure)
{
	struct breaker b = opened(&conf);
	struct breaker_ticket probe;

	ck_assert(breaker_allow(&b, after(1000), &probe));
	ck_assert_uint_eq(breaker_wait_ms(&b, after(1001)), 4999);
	ck_assert(refused(&b, 5999));
	ck_assert(refused(&b, 6000));
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	breaker_done(&b, probe, true, after(6001));
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	ck_assert(!refused(&b, 7000));
}
END_TEST

START_TEST(it_stays_open_for_longer_each_time_and_forgets_that_when_closed)
{
	static const struct breaker_conf growing = { .failure_threshold = 1,
		.success_threshold = 1,
		.probes = 1,
		.open = { 100, 1000 } };
	struct breaker b = opened(&growing);
	uint64_t now = 0, wait[6];

	for (int i = 0; i < 6; i++) {
		wait[i] = breaker_wait_ms(&b, after(now));
		now += wait[i];
		call(&b, i == 5, now);
	}
	for (uint64_t i = 0, plain = 100; i < 6; i++, plain *= 2) {
		uint64_t least = plain * 8 / 10;

		ck_assert_uint_le(wait[i], plain * 12 / 10 + 1);
		ck_assert_uint_le(wait[i], 1000);
		ck_assert_uint_ge(wait[i], least < 1000 ? least : 1000);
	}
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	call(&b, false, now);
	ck_assert_uint_le(breaker_wait_ms(&b, after(now)), 120);
}
END_TEST

START_TEST(word_that_the_place_is_back_makes_it_probe_at_once)
{
	struct breaker b = opened(&conf);

	breaker_hint(&b);
	ck_assert_int_eq(b.state, BREAKER_HALF_OPEN);
	call(&b, true, 1);
	call(&b, true, 1);
	breaker_hint(&b);
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
}
END_TEST

struct told {
	int count;
	enum breaker_state from, to;
};

static void
on_change(void *arg, const struct breaker *b, enum breaker_state from)
{
	struct told *told = arg;

	told->count++;
	told->from = from;
	told->to = b->state;
}

START_TEST(each_change_of_state_is_told_once)
{
	struct told told = { 0 };
	struct breaker b;

	breaker_init(&b, &conf, 7, on_change, &told);
	for (int i = 0; i < 3; i++)
		call(&b, false, 0);
	ck_assert_int_eq(told.count, 1);
	ck_assert_int_eq(told.from, BREAKER_CLOSED);
	ck_assert_int_eq(told.to, BREAKER_OPEN);
	call(&b, true, 1000);
	ck_assert_int_eq(told.to, BREAKER_HALF_OPEN);
	call(&b, true, 1000);
	ck_assert_int_eq(told.count, 3);
	ck_assert_int_eq(told.to, BREAKER_CLOSED);
	ck_assert_uint_eq(b.transitions, 3);
	ck_assert_str_eq(breaker_state_name(told.from), "half_open");
}
END_TEST

/* ---- the model ----------------------------------------------------------- */

#define CALLS_MAX 64

/* A call as the model knows it: in which turn it began and how it ended. */
enum outcome {
	UNDER_WAY,
	GOOD,
	BAD,
	SILENT
};
struct known {
	unsigned turn;
	enum outcome outcome;
	struct mono begun;
	struct breaker_ticket ticket;
};

struct model {
	const struct breaker_conf *conf;
	enum breaker_state state;
	unsigned turn;
	struct mono until;
	struct known calls[CALLS_MAX]; /* begun in this turn or under way */
	int count;
	enum outcome ends[1024]; /* of this turn, in order */
	int end_count;
};

static void
model_turn(struct model *m, enum breaker_state state, struct mono until)
{
	m->state = state;
	m->turn++;
	m->until = until;
	m->end_count = 0;
}

static int
model_probing(const struct model *m, struct mono *newest_r)
{
	int n = 0;

	newest_r->ns = 0;
	for (int i = 0; i < m->count; i++) {
		if (m->calls[i].turn != m->turn ||
		    m->calls[i].outcome != UNDER_WAY)
			continue;
		n++;
	}
	for (int i = 0; i < m->count; i++)
		if (m->calls[i].turn == m->turn &&
		    m->calls[i].begun.ns > newest_r->ns)
			*newest_r = m->calls[i].begun;
	return n;
}

static void
model_judge(struct model *m, struct mono now)
{
	uint32_t row = 0, good = 0, bad = 0;

	for (int i = 0; i < m->end_count; i++) {
		row = m->ends[i] == BAD ? row + 1 : 0;
		good += m->ends[i] == GOOD;
		bad += m->ends[i] == BAD;
	}
	if (m->state == BREAKER_CLOSED && row >= m->conf->failure_threshold)
		model_turn(m, BREAKER_OPEN,
		    mono_add_ms(now, m->conf->open.min_ms));
	else if (m->state == BREAKER_HALF_OPEN && bad > 0)
		model_turn(m, BREAKER_OPEN,
		    mono_add_ms(now, m->conf->open.min_ms));
	else if (m->state == BREAKER_HALF_OPEN &&
	    good >= m->conf->success_threshold)
		model_turn(m, BREAKER_CLOSED, now);
}

static bool
model_allow(struct model *m, struct mono now)
{
	struct mono newest;
	int probing;

	if (m->state == BREAKER_OPEN && now.ns >= m->until.ns)
		model_turn(m, BREAKER_HALF_OPEN, now);
	probing = model_probing(m, &newest);
	if (m->state == BREAKER_HALF_OPEN && probing >= (int)m->conf->probes &&
	    m->conf->probe_ms &&
	    now.ns >= mono_add_ms(newest, m->conf->probe_ms).ns)
		model_turn(m, BREAKER_OPEN,
		    mono_add_ms(now, m->conf->open.min_ms));
	if (m->state == BREAKER_CLOSED)
		return true;
	return m->state == BREAKER_HALF_OPEN && probing < (int)m->conf->probes;
}

static void
model_end(struct model *m, int i, enum outcome outcome, struct mono now)
{
	m->calls[i].outcome = outcome;
	if (m->calls[i].turn != m->turn || outcome == SILENT)
		return;
	if (m->end_count == 1024) { /* only a row of successes is this long */
		m->ends[0] = m->ends[1023];
		m->end_count = 1;
	}
	m->ends[m->end_count++] = outcome;
	model_judge(m, now);
}

/* Ended calls are kept while their turn lasts: model_probing() looks at when
 * they began. */
static void
model_sweep(struct model *m)
{
	int n = 0;

	for (int i = 0; i < m->count; i++)
		if (m->calls[i].outcome == UNDER_WAY ||
		    (m->calls[i].turn == m->turn &&
			m->state == BREAKER_HALF_OPEN))
			m->calls[n++] = m->calls[i];
	m->count = n;
}

static int
model_pick(const struct model *m, uint32_t dice)
{
	for (int i = 0; i < m->count; i++) {
		int k = (int)((dice + (uint32_t)i) % (uint32_t)m->count);

		if (m->calls[k].outcome == UNDER_WAY)
			return k;
	}
	return -1;
}

static void
step(struct breaker *b, struct model *m, struct mono now, uint64_t *dice,
    uint64_t seed, int n)
{
	uint32_t what = dice_next(dice) % 100;
	int k = model_pick(m, dice_next(dice));

	if (what < 50 && m->count < CALLS_MAX) {
		struct known *c = &m->calls[m->count];
		bool yes = model_allow(m, now);

		ck_assert_msg(breaker_allow(b, now, &c->ticket) == yes,
		    "MS_SEED=%" PRIu64 " step %d: allow is not %d", seed, n,
		    yes);
		*c = (struct known){ m->turn, UNDER_WAY, now, c->ticket };
		m->count += yes;
	} else if (what < 92 && k >= 0) {
		bool good = dice_next(dice) % 100 < 60;

		breaker_done(b, m->calls[k].ticket, good, now);
		model_end(m, k, good ? GOOD : BAD, now);
	} else if (what < 98 && k >= 0) {
		breaker_forget(b, m->calls[k].ticket);
		model_end(m, k, SILENT, now);
	} else if (what == 99) {
		breaker_hint(b);
		if (m->state == BREAKER_OPEN)
			model_turn(m, BREAKER_HALF_OPEN, now);
	}
	model_sweep(m);
}

static void
run_seed(uint64_t seed)
{
	uint64_t dice = seed;
	uint64_t open_ms = 1 + dice_next(&dice) % 300;
	struct breaker_conf c = {
		.failure_threshold = 1 + dice_next(&dice) % 5,
		.success_threshold = 1 + dice_next(&dice) % 4,
		.probes = 1 + dice_next(&dice) % 3,
		.open = { open_ms, open_ms },
		.probe_ms =
		    dice_next(&dice) % 2 * (20 + dice_next(&dice) % 200),
	};
	struct model m = { .conf = &c };
	struct breaker b;
	struct mono now = start;

	breaker_init(&b, &c, 7, NULL, NULL);
	for (int n = 0; n < 2000; n++) {
		now.ns += dice_next(&dice) % 30000000;
		step(&b, &m, now, &dice, seed, n);
		ck_assert_msg(b.state == m.state && b.turn == m.turn,
		    "MS_SEED=%" PRIu64 " step %d: %s in turn %u, not %s in %u",
		    seed, n, breaker_state_name(b.state), b.turn,
		    breaker_state_name(m.state), m.turn);
	}
}

START_TEST(random_sequences_agree_with_the_model)
{
	const char *one = getenv("MS_SEED");
	uint64_t fresh = dice_seed();

	if (one) {
		run_seed(strtoull(one, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= 300; seed++)
		run_seed(seed * UINT64_C(0x9e3779b97f4a7c15));
	for (uint64_t i = 0; i < 100; i++)
		run_seed(fresh + i ? fresh + i : 1);
	printf("breaker: 300 fixed seeds, 100 from MS_SEED=%" PRIu64 "\n",
	    fresh);
}
END_TEST

UNIT(breaker, breaker_opens_after_three_failures_in_a_row,
    an_open_breaker_refuses_until_its_time_is_over,
    half_open_lets_few_probes_through_and_closes_after_successes,
    one_failed_probe_opens_it_again,
    the_end_of_a_call_from_before_does_not_count,
    a_call_that_says_nothing_gives_its_place_back,
    a_probe_that_never_ends_is_a_failure,
    it_stays_open_for_longer_each_time_and_forgets_that_when_closed,
    word_that_the_place_is_back_makes_it_probe_at_once,
    each_change_of_state_is_told_once, random_sequences_agree_with_the_model)
