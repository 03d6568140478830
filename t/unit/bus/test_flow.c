/* SPDX-License-Identifier: Apache-2.0 */
#include "common/id.h"
#include "t/lib/unit.h"
#include "workers/bus/flow.h"

#define BEGUN_MS UINT64_C(1000000)

/* A UUIDv7 made at ms; n tells those of one millisecond apart. */
static struct id128
made_at(uint64_t ms, unsigned n)
{
	struct id128 id = { .byte = { [6] = 0x70, [8] = 0x80 } };

	for (int i = 0; i < 6; i++)
		id.byte[i] = (uint8_t)(ms >> (8 * (5 - i)));
	id.byte[14] = (uint8_t)(n >> 8);
	id.byte[15] = (uint8_t)n;
	return id;
}

static struct flow_event
event_at(uint64_t ms, unsigned n)
{
	return (struct flow_event){ .id = made_at(ms, n) };
}

static struct flow_event
caused_by(const struct flow_event *cause, uint64_t ms, unsigned n)
{
	struct flow_event e = event_at(ms, n);

	e.causation = cause->id;
	e.correlation =
	    id_is_zero(&cause->correlation) ? cause->id : cause->correlation;
	e.trace = cause->trace;
	return e;
}

START_TEST(a_chain_that_says_the_truth_is_sound)
{
	struct flow *flow = flow_new(BEGUN_MS);
	struct flow_event e = event_at(BEGUN_MS + 1, 0);

	e.trace = 7;
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 1), FLOW_SOUND);
	for (unsigned i = 1; i <= FLOW_CHAIN_MAX; i++) {
		e = caused_by(&e, BEGUN_MS + 1, i);
		ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 1),
		    FLOW_SOUND);
	}
	e = caused_by(&e, BEGUN_MS + 2, 0);
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 2), FLOW_LONG_CHAIN);
	flow_free(&flow);
}
END_TEST

START_TEST(each_fault_is_found)
{
	struct flow *flow = flow_new(BEGUN_MS);
	struct flow_event root = event_at(BEGUN_MS + 1, 0), e;

	root.trace = 7;
	ck_assert_int_eq(flow_event(flow, &root, BEGUN_MS + 1), FLOW_SOUND);
	e = caused_by(&root, BEGUN_MS + 2, 1);
	e.causation = e.id;
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 2), FLOW_SELF);
	e = caused_by(&root, BEGUN_MS + 2, 2);
	e.causation = made_at(BEGUN_MS + 2, 99);
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 2),
	    FLOW_UNKNOWN_CAUSE);
	e = caused_by(&root, BEGUN_MS + 2, 3);
	e.correlation = made_at(BEGUN_MS + 2, 99);
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 2),
	    FLOW_OTHER_CORRELATION);
	e = caused_by(&root, BEGUN_MS + 2, 4);
	e.trace = 8;
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 2), FLOW_OTHER_TRACE);
	e = caused_by(&root, BEGUN_MS + 2, 5);
	e.trace = 0;
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 2), FLOW_OTHER_TRACE);
	flow_free(&flow);
}
END_TEST

START_TEST(a_trace_may_begin_in_the_middle)
{
	struct flow *flow = flow_new(BEGUN_MS);
	struct flow_event root = event_at(BEGUN_MS + 1, 0);
	struct flow_event e = caused_by(&root, BEGUN_MS + 1, 1);

	e.trace = 9;
	ck_assert_int_eq(flow_event(flow, &root, BEGUN_MS + 1), FLOW_SOUND);
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 1), FLOW_SOUND);
	flow_free(&flow);
}
END_TEST

START_TEST(nobody_is_accused_of_what_came_before)
{
	struct flow *flow = flow_new(BEGUN_MS);
	struct flow_event old = event_at(BEGUN_MS, 0);
	struct flow_event e = caused_by(&old, BEGUN_MS + 5, 1);

	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 5), FLOW_SOUND);
	e = event_at(BEGUN_MS + 5, 2);
	e.causation.byte[0] = 0xff; /* an id without a time: version 0 */
	e.correlation = e.causation;
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 5), FLOW_SOUND);
	flow_free(&flow);
}
END_TEST

/* Ten times more events than it holds, each caused by one of the last or of
 * long ago: all of them tell the truth, and none is accused. */
START_TEST(what_is_forgotten_is_not_missed)
{
	enum {
		EVENTS = 500000,
		KEPT = 4096
	};
	static struct flow_event kept[KEPT];
	struct flow *flow = flow_new(BEGUN_MS);
	uint32_t dice = 1;

	for (unsigned i = 0; i < EVENTS; i++) {
		uint64_t ms = BEGUN_MS + 1 + i / 100;
		struct flow_event e = event_at(ms, i % 100);

		dice = dice * 1664525u + 1013904223u;
		if (i > KEPT && dice >> 30 == 0)
			e = caused_by(&kept[(dice >> 8) % KEPT], ms, i % 100);
		if (id_is_zero(&e.causation) && dice >> 30 == 1)
			e.correlation = made_at(1, dice & 0xffff);
		ck_assert_int_ne(flow_event(flow, &e, ms), FLOW_UNKNOWN_CAUSE);
		if (dice % 16 == 0) /* some stay as causes for long */
			kept[(dice >> 4) % KEPT] = e;
	}
	flow_free(&flow);
}
END_TEST

/* Of a flood a part is not remembered: its events are no ghosts, those made
 * afterwards are. */
START_TEST(what_a_flood_washed_away_is_not_missed)
{
	struct flow *flow = flow_new(BEGUN_MS);
	struct flow_event e, effect;
	uint64_t later = BEGUN_MS + 3000;

	for (unsigned i = 0; i < 3 * FLOW_REMEMBERED; i++) {
		e = event_at(BEGUN_MS + 1 + i % 100, i & 0xffff);
		ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 101),
		    FLOW_SOUND);
	}
	effect = caused_by(&e, later, 1);
	ck_assert_int_eq(flow_event(flow, &effect, later), FLOW_SOUND);
	effect.id = made_at(later, 2);
	effect.causation = made_at(later, 99);
	ck_assert_int_eq(flow_event(flow, &effect, later), FLOW_UNKNOWN_CAUSE);
	flow_free(&flow);
}
END_TEST

START_TEST(a_look_remembers_nothing)
{
	struct flow *flow = flow_new(BEGUN_MS);
	struct flow_event root = event_at(BEGUN_MS + 1, 0), e;

	flow_event(flow, &root, BEGUN_MS + 1);
	e = caused_by(&root, BEGUN_MS + 2, 1);
	ck_assert_int_eq(flow_look(flow, &e), FLOW_SOUND);
	ck_assert_int_eq(flow_look(flow, &root), FLOW_SOUND);
	e.correlation.byte[3] ^= 1;
	ck_assert_int_eq(flow_look(flow, &e), FLOW_OTHER_CORRELATION);
	e = caused_by(&e, BEGUN_MS + 200, 2); /* its cause was only looked at */
	ck_assert_int_eq(flow_look(flow, &e), FLOW_UNKNOWN_CAUSE);
	ck_assert_int_eq(flow_event(flow, &e, BEGUN_MS + 200),
	    FLOW_UNKNOWN_CAUSE);
	flow_free(&flow);
}
END_TEST

UNIT(flow, a_look_remembers_nothing, what_a_flood_washed_away_is_not_missed,
    a_chain_that_says_the_truth_is_sound, each_fault_is_found,
    a_trace_may_begin_in_the_middle, nobody_is_accused_of_what_came_before,
    what_is_forgotten_is_not_missed)
