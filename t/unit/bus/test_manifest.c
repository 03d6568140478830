/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"
#include "workers/bus/manifest.h"

static void
fill(struct manifest *m)
{
	*m = (struct manifest){ .log_epoch = 3,
		.last_seq = 100,
		.synced_seq = 90,
		.verified_seq = 50,
		.consumers = 2 };
	manifest_lost_add(m, 10, 12);
	manifest_lost_add(m, 30, 30);
}

START_TEST(what_was_printed_is_parsed)
{
	static struct manifest m, n;
	struct buf text = { 0 };

	fill(&m);
	manifest_print(&m, &text);
	ck_assert_int_eq(manifest_parse(buf_slice(&text), &n, NULL), MS_OK);
	ck_assert_mem_eq(&m, &n, sizeof(m));
	buf_fini(&text);
}
END_TEST

START_TEST(any_change_or_cut_is_noticed)
{
	static struct manifest m, n;
	struct buf text = { 0 };

	fill(&m);
	manifest_print(&m, &text);
	for (size_t i = 0; i < text.len; i++) {
		struct slice cut = { (const char *)text.ptr, i };

		ck_assert_int_eq(manifest_parse(cut, &n, NULL), MS_ECORRUPT);
		for (int bit = 0; bit < 8; bit++) {
			/* the case of a hexadecimal digit says nothing */
			if (bit == 5 && i > text.len - 10)
				continue;
			text.ptr[i] ^= (unsigned char)(1 << bit);
			ck_assert_int_eq(manifest_parse(buf_slice(&text), &n,
					     NULL),
			    MS_ECORRUPT);
			text.ptr[i] ^= (unsigned char)(1 << bit);
		}
	}
	buf_fini(&text);
}
END_TEST

START_TEST(lost_ranges_join_and_stay_in_order)
{
	static struct manifest m;

	manifest_lost_add(&m, 20, 25);
	manifest_lost_add(&m, 5, 6);
	manifest_lost_add(&m, 40, 40);
	ck_assert_uint_eq(m.lost_count, 3);
	ck_assert_uint_eq(m.lost[0].first, 5);
	manifest_lost_add(&m, 26, 39);
	ck_assert_uint_eq(m.lost_count, 2);
	ck_assert_uint_eq(m.lost[1].first, 20);
	ck_assert_uint_eq(m.lost[1].last, 40);
	manifest_lost_add(&m, 1, 100);
	ck_assert_uint_eq(m.lost_count, 1);
	ck_assert(manifest_is_lost(&m, 1, 100));
	ck_assert(!manifest_is_lost(&m, 1, 101));
}
END_TEST

START_TEST(a_full_table_grows_its_last_range)
{
	static struct manifest m;

	for (uint64_t i = 1; i <= MANIFEST_LOST_MAX + 5; i++)
		manifest_lost_add(&m, i * 10, i * 10);
	ck_assert_uint_eq(m.lost_count, MANIFEST_LOST_MAX);
	ck_assert_uint_eq(m.lost[MANIFEST_LOST_MAX - 1].last,
	    (MANIFEST_LOST_MAX + 5) * 10);
}
END_TEST

UNIT(manifest, what_was_printed_is_parsed, any_change_or_cut_is_noticed,
    lost_ranges_join_and_stay_in_order, a_full_table_grows_its_last_range)
