/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "t/lib/unit.h"
#include "workers/bus/hot.h"

static char bytes[4096];

static void
add(struct hot *h, uint64_t first, uint64_t last, size_t len)
{
	memset(bytes, (int)(first % 251), len);
	hot_add(h, (struct slice){ bytes, len }, first, last);
}

static bool
has(const struct hot *h, uint64_t seq, uint64_t first, size_t len)
{
	struct slice got;

	if (!hot_find(h, seq, &got) || got.len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)got.ptr[i] != first % 251)
			return false;
	}
	return true;
}

START_TEST(the_newest_batches_are_found_by_any_sequence_in_them)
{
	struct hot *h = hot_new(1000);
	struct slice none;

	ck_assert(!hot_find(h, 1, &none));
	add(h, 1, 5, 300);
	add(h, 6, 6, 300);
	for (uint64_t seq = 1; seq <= 5; seq++)
		ck_assert(has(h, seq, 1, 300));
	ck_assert(has(h, 6, 6, 300));
	ck_assert(!hot_find(h, 7, &none));
	ck_assert(!hot_find(h, 0, &none));
	hot_free(&h);
}
END_TEST

START_TEST(the_oldest_make_room_and_the_rest_stays_whole)
{
	struct hot *h = hot_new(4000);
	uint64_t seq = 1;

	for (unsigned i = 0; i < 5000; i++, seq += 3) {
		size_t len = 1 + (i * 37) % 700;
		struct slice got;

		add(h, seq, seq + 2, len);
		ck_assert(has(h, seq, seq, len));
		ck_assert(has(h, seq + 2, seq, len));
		if (i > 2 && hot_find(h, seq - 3, &got))
			ck_assert(
			    has(h, seq - 3, seq - 3, 1 + ((i - 1) * 37) % 700));
	}
	hot_free(&h);
}
END_TEST

START_TEST(a_gap_in_the_sequences_is_not_found)
{
	struct hot *h = hot_new(1000);
	struct slice got;

	add(h, 1, 2, 100);
	add(h, 10, 11, 100);
	ck_assert(!hot_find(h, 5, &got));
	ck_assert(has(h, 10, 10, 100));
	hot_free(&h);
}
END_TEST

START_TEST(what_is_larger_than_the_ring_empties_it)
{
	struct hot *h = hot_new(1000);
	struct slice got;

	add(h, 1, 1, 100);
	add(h, 2, 2, 2000);
	ck_assert(!hot_find(h, 1, &got));
	ck_assert(!hot_find(h, 2, &got));
	add(h, 3, 3, 100);
	ck_assert(has(h, 3, 3, 100));
	hot_free(&h);
}
END_TEST

START_TEST(many_small_ones_are_bounded_by_their_notes)
{
	struct hot *h = hot_new(1 << 20);
	struct slice got;

	for (uint64_t seq = 1; seq <= 20000; seq++)
		add(h, seq, seq, 8);
	ck_assert(has(h, 20000, 20000, 8));
	ck_assert(has(h, 20000 - 4000, 20000 - 4000, 8));
	ck_assert(!hot_find(h, 20000 - 5000, &got));
	hot_free(&h);
}
END_TEST

UNIT(hot, the_newest_batches_are_found_by_any_sequence_in_them,
    the_oldest_make_room_and_the_rest_stays_whole,
    a_gap_in_the_sequences_is_not_found,
    what_is_larger_than_the_ring_empties_it,
    many_small_ones_are_bounded_by_their_notes)
