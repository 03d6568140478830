/* SPDX-License-Identifier: Apache-2.0 */
#include "common/id.h"
#include "t/lib/unit.h"
#include "workers/bus/ops.h"

START_TEST(an_answer_is_remembered_for_its_time)
{
	struct ops *ops = ops_new();
	struct id128 op = id_new(), other = id_new();
	struct bus_publish_out out = { .last_seq = 7, .count = 2 };

	ck_assert_ptr_null(ops_find(ops, &op, 1000));
	ops_note(ops, &op, &out, 1000);
	ck_assert_uint_eq(ops_find(ops, &op, 1000)->last_seq, 7);
	ck_assert_ptr_null(ops_find(ops, &other, 1000));
	ck_assert_uint_eq(ops_find(ops, &op, 1000 + OPS_WINDOW_MS)->count, 2);
	ck_assert_ptr_null(ops_find(ops, &op, 1001 + OPS_WINDOW_MS));
	ops_free(&ops);
}
END_TEST

START_TEST(without_an_id_nothing_is_remembered)
{
	struct ops *ops = ops_new();
	struct id128 none = { { 0 } };

	ops_note(ops, &none, &(struct bus_publish_out){ .count = 1 }, 1);
	ck_assert_ptr_null(ops_find(ops, &none, 1));
	ops_free(&ops);
}
END_TEST

START_TEST(the_newest_are_remembered_when_there_are_many)
{
	struct ops *ops = ops_new();
	struct id128 newest[64];
	unsigned found = 0;

	for (unsigned i = 0; i < 10 * OPS_REMEMBERED; i++) {
		struct id128 op = id_new();
		struct bus_publish_out out = { .last_seq = i };

		ops_note(ops, &op, &out, i / 1000);
		newest[i % 64] = op;
	}
	for (unsigned i = 0; i < 64; i++)
		found += ops_find(ops, &newest[i], 200) != NULL;
	ck_assert_uint_eq(found, 64);
	ops_free(&ops);
}
END_TEST

UNIT(ops, an_answer_is_remembered_for_its_time,
    without_an_id_nothing_is_remembered,
    the_newest_are_remembered_when_there_are_many)
