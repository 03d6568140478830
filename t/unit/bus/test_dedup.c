/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/buf.h"
#include "t/lib/unit.h"
#include "workers/bus/dedup.h"

#define WINDOW_MS 120000

/* Well spread, as the hash that identities are. */
static struct id128
id_of(uint64_t n)
{
	struct id128 id;
	uint64_t x = n * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 29;
	put_u64(id.byte, x * UINT64_C(0xbf58476d1ce4e5b9));
	put_u64(id.byte + 8, n);
	return id;
}

static void
add(struct dedup *d, uint64_t n, int64_t now_ms)
{
	struct id128 id = id_of(n);

	dedup_add(d, &id, n, now_ms);
}

static uint64_t
find(const struct dedup *d, uint64_t n)
{
	struct id128 id = id_of(n);

	return dedup_find(d, &id);
}

START_TEST(what_was_added_is_found_with_its_sequence)
{
	struct dedup *d = dedup_new(WINDOW_MS, 1 << 20);

	for (uint64_t n = 1; n <= 100000; n++) {
		ck_assert_uint_eq(find(d, n), 0);
		add(d, n, 0);
	}
	for (uint64_t n = 1; n <= 100000; n++)
		ck_assert_uint_eq(find(d, n), n);
	ck_assert_uint_eq(find(d, 100001), 0);
	dedup_free(&d);
	ck_assert_ptr_null(d);
}
END_TEST

START_TEST(an_entry_stays_for_the_whole_window_and_not_much_longer)
{
	struct dedup *d = dedup_new(WINDOW_MS, 1 << 20);

	add(d, 1, 1000);
	dedup_expire(d, 1000 + WINDOW_MS);
	ck_assert_uint_eq(find(d, 1), 1);
	dedup_expire(d, 1000 + WINDOW_MS + WINDOW_MS / 100);
	ck_assert_uint_eq(find(d, 1), 0);
	ck_assert_uint_eq(dedup_count(d), 0);
	dedup_free(&d);
}
END_TEST

START_TEST(entries_of_a_flow_leave_one_after_the_other)
{
	struct dedup *d = dedup_new(1000, 1 << 20);

	for (uint64_t n = 1; n <= 10000; n++) {
		dedup_expire(d, (int64_t)n);
		add(d, n, (int64_t)n);
		if (n > 1000)
			ck_assert_uint_eq(find(d, n - 1000), n - 1000);
		if (n > 1010)
			ck_assert_uint_eq(find(d, n - 1010), 0);
	}
	dedup_free(&d);
}
END_TEST

START_TEST(the_bound_on_entries_cuts_the_window_and_says_so)
{
	struct dedup *d = dedup_new(WINDOW_MS, 5000);

	for (uint64_t n = 1; n <= 20000; n++)
		add(d, n, (int64_t)n);
	ck_assert_uint_eq(dedup_count(d), 5000);
	ck_assert_uint_eq(find(d, 20000), 20000);
	ck_assert_uint_eq(find(d, 15001), 15001);
	ck_assert_uint_eq(find(d, 15000), 0);
	ck_assert_uint_le(dedup_window_ms(d, 20000), 5000 + 500);
	dedup_free(&d);
}
END_TEST

START_TEST(sequences_may_jump)
{
	struct dedup *d = dedup_new(WINDOW_MS, 1 << 20);
	struct id128 a = id_of(1), b = id_of(2), c = id_of(3);

	dedup_add(d, &a, 10, 0);
	dedup_add(d, &b, 1000, 0);
	dedup_add(d, &c, 1001, 0);
	ck_assert_uint_eq(dedup_find(d, &a), 10);
	ck_assert_uint_eq(dedup_find(d, &b), 1000);
	ck_assert_uint_eq(dedup_find(d, &c), 1001);
	dedup_free(&d);
}
END_TEST

START_TEST(identities_that_differ_in_one_bit_are_different)
{
	struct dedup *d = dedup_new(WINDOW_MS, 1 << 20);
	struct id128 id = id_of(7);

	dedup_add(d, &id, 1, 0);
	for (size_t bit = 0; bit < 128; bit++) {
		struct id128 other = id;

		other.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_uint_eq(dedup_find(d, &other), 0);
	}
	dedup_free(&d);
}
END_TEST

START_TEST(memory_goes_back_when_the_window_empties)
{
	struct dedup *d = dedup_new(1000, 1 << 20);
	uint64_t idle_bytes = dedup_bytes(d);

	for (uint64_t n = 1; n <= 200000; n++)
		add(d, n, 0);
	ck_assert_uint_gt(dedup_bytes(d), 200000 * 16);
	dedup_expire(d, 2000);
	ck_assert_uint_lt(dedup_bytes(d), idle_bytes + 64 * 1024);
	add(d, 200001, 2000);
	ck_assert_uint_eq(find(d, 200001), 200001);
	dedup_free(&d);
}
END_TEST

START_TEST(a_long_flow_keeps_memory_bounded)
{
	struct dedup *d = dedup_new(WINDOW_MS, 10000);

	for (uint64_t n = 1; n <= 1000000; n++)
		add(d, n, 0);
	ck_assert_uint_lt(dedup_bytes(d), 10000 * 16 * 4 + 1024 * 1024);
	for (uint64_t n = 990001; n <= 1000000; n++)
		ck_assert_uint_eq(find(d, n), n);
	dedup_free(&d);
}
END_TEST

START_TEST(a_smaller_bound_takes_effect_with_the_next_expiry)
{
	struct dedup *d = dedup_new(WINDOW_MS, 10000);

	for (uint64_t n = 1; n <= 10000; n++)
		add(d, n, 0);
	dedup_set_limits(d, WINDOW_MS, 100);
	dedup_expire(d, 0);
	ck_assert_uint_eq(dedup_count(d), 100);
	ck_assert_uint_eq(find(d, 9900), 0);
	ck_assert_uint_eq(find(d, 9901), 9901);
	dedup_free(&d);
}
END_TEST

UNIT(dedup, what_was_added_is_found_with_its_sequence,
    an_entry_stays_for_the_whole_window_and_not_much_longer,
    entries_of_a_flow_leave_one_after_the_other,
    the_bound_on_entries_cuts_the_window_and_says_so, sequences_may_jump,
    identities_that_differ_in_one_bit_are_different,
    memory_goes_back_when_the_window_empties, a_long_flow_keeps_memory_bounded,
    a_smaller_bound_takes_effect_with_the_next_expiry)
