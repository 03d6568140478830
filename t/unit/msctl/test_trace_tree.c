/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/trace_tree.h"
#include "t/lib/unit.h"

static struct trace_event
event(unsigned char id, unsigned char cause, int64_t time_ns)
{
	return (struct trace_event){ .id = { { id } },
		.causation = { { cause } },
		.seq = id,
		.time_ns = time_ns };
}

static void
check_order(struct trace_event *events, size_t count, const char *order)
{
	struct arena arena;

	arena_init(&arena, 1u << 20);
	ck_assert(trace_tree(events, count, &arena));
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(events[i].id.byte[0],
		    (unsigned)(order[2 * i] - '0'));
		ck_assert_uint_eq(events[i].depth,
		    (unsigned)(order[2 * i + 1] - '0'));
	}
	arena_fini(&arena);
}

START_TEST(what_was_caused_is_below_its_cause)
{
	struct trace_event events[] = { event(4, 2, 40), event(1, 0, 10),
		event(3, 1, 30), event(2, 1, 20), event(5, 0, 50) };

	check_order(events, 5, "1021423150"); /* id, depth */
	ck_assert(!events[1].is_last);
	ck_assert(events[3].is_last);
}
END_TEST

START_TEST(an_unknown_cause_makes_a_root_that_says_so)
{
	struct trace_event events[] = { event(2, 9, 20), event(1, 0, 10) };

	check_order(events, 2, "1020");
	ck_assert(!events[0].is_orphan);
	ck_assert(events[1].is_orphan);
}
END_TEST

START_TEST(a_circle_of_causes_ends)
{
	struct trace_event events[] = { event(1, 3, 10), event(2, 1, 20),
		event(3, 2, 30), event(4, 4, 40) };

	check_order(events, 4, "30112240" + 0);
}
END_TEST

START_TEST(a_clock_that_went_back_keeps_an_effect_below_its_cause)
{
	struct trace_event events[] = { event(1, 0, 30), event(2, 1, 10) };

	check_order(events, 2, "1021");
}
END_TEST

START_TEST(nothing_is_a_tree_too)
{
	check_order(NULL, 0, "");
}
END_TEST

UNIT(trace_tree, what_was_caused_is_below_its_cause,
    an_unknown_cause_makes_a_root_that_says_so, a_circle_of_causes_ends,
    a_clock_that_went_back_keeps_an_effect_below_its_cause,
    nothing_is_a_tree_too)
