/* SPDX-License-Identifier: Apache-2.0 */
#include "common/defs.h"
#include "supervisor/spec/order.h"
#include "t/lib/unit.h"

#define BIG 2000

START_TEST(without_edges_the_order_is_that_of_the_file)
{
	size_t order[4];
	bool cycle;

	ck_assert_uint_eq(order_sort(4, NULL, 0, order, &cycle), 4);
	ck_assert(!cycle);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(order[i], i);
}
END_TEST

START_TEST(a_dependency_comes_first_and_only_once)
{
	/* a diamond: 0 after 1 and 2, both after 3 */
	static const struct order_edge edges[] = { { 0, 2 }, { 0, 1 }, { 1, 3 },
		{ 2, 3 } };
	static const size_t want[] = { 3, 1, 2, 0, 4 };
	size_t order[5];
	bool cycle;

	ck_assert_uint_eq(order_sort(5, edges, ARRAY_LEN(edges), order, &cycle),
	    5);
	ck_assert(!cycle);
	ck_assert_mem_eq(order, want, sizeof(want));
}
END_TEST

START_TEST(a_cycle_is_found_and_shown_whole)
{
	/* 1 after 2 after 3 after 1; 0 leads into it */
	static const struct order_edge edges[] = { { 0, 1 }, { 1, 2 }, { 2, 3 },
		{ 3, 1 } };
	size_t order[4];
	bool cycle;
	size_t n = order_sort(4, edges, ARRAY_LEN(edges), order, &cycle);

	ck_assert(cycle);
	ck_assert_uint_eq(n, 3);
	for (size_t i = 0; i < n; i++) { /* each after the one before it */
		size_t before = order[(i + n - 1) % n];
		ck_assert_uint_eq(order[i] % 3 + 1, before);
	}
}
END_TEST

START_TEST(waiting_for_oneself_is_a_cycle)
{
	static const struct order_edge edges[] = { { 1, 1 } };
	size_t order[2];
	bool cycle;

	ck_assert_uint_eq(order_sort(2, edges, 1, order, &cycle), 1);
	ck_assert(cycle);
	ck_assert_uint_eq(order[0], 1);
}
END_TEST

START_TEST(a_long_chain_needs_no_stack)
{
	static struct order_edge edges[BIG];
	static size_t order[BIG];
	bool cycle;

	for (size_t i = 0; i + 1 < BIG; i++)
		edges[i] = (struct order_edge){ i, i + 1 };
	ck_assert_uint_eq(order_sort(BIG, edges, BIG - 1, order, &cycle), BIG);
	ck_assert(!cycle);
	ck_assert_uint_eq(order[0], BIG - 1);
	ck_assert_uint_eq(order[BIG - 1], 0);
}
END_TEST

UNIT(order, without_edges_the_order_is_that_of_the_file,
    a_dependency_comes_first_and_only_once, a_cycle_is_found_and_shown_whole,
    waiting_for_oneself_is_a_cycle, a_long_chain_needs_no_stack)
