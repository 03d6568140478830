/* SPDX-License-Identifier: Apache-2.0 */
#include "common/mono.h"
#include "t/lib/unit.h"
#include "workers/log/rotation.h"

START_TEST(file_is_full_when_more_would_pass_its_size)
{
	struct rotation r = { .size_bytes = 100 };

	ck_assert(!rotation_is_due(&r, 90, 0, 10));
	ck_assert(rotation_is_due(&r, 90, 0, 11));
	ck_assert(rotation_is_due(&r, 200, 0, 0));
	ck_assert(rotation_is_due(&r, 90, 0, UINT64_MAX));
}
END_TEST

START_TEST(empty_file_is_never_full)
{
	struct rotation r = { .size_bytes = 100, .age_ms = 1 };

	ck_assert(!rotation_is_due(&r, 0, 99, 1000));
}
END_TEST

START_TEST(file_is_old_when_its_age_is_reached)
{
	struct rotation r = { .age_ms = 1000 };

	ck_assert(!rotation_is_due(&r, 1, 999, 1));
	ck_assert(rotation_is_due(&r, 1, 1000, 1));
	r.age_ms = DURATION_INFINITY;
	ck_assert(!rotation_is_due(&r, 1, DURATION_INFINITY, 1));
	r.age_ms = 0;
	ck_assert(!rotation_is_due(&r, 1, DURATION_INFINITY, 1));
}
END_TEST

START_TEST(as_many_old_files_stay_as_were_asked_for)
{
	struct rotation r = { .size_bytes = 100, .keep = 2 };
	uint64_t sizes[] = { 100, 100, 100 };

	ck_assert_uint_eq(rotation_keeps(&r, sizes, 3), 2);
	ck_assert_uint_eq(rotation_keeps(&r, sizes, 1), 1);
	r.keep = 0;
	ck_assert_uint_eq(rotation_keeps(&r, sizes, 3), 0);
}
END_TEST

START_TEST(cap_leaves_room_for_the_file_in_use)
{
	struct rotation r = { .size_bytes = 100,
		.keep = 9,
		.total_bytes = 350 };
	uint64_t sizes[] = { 100, 100, 100 };

	ck_assert_uint_eq(rotation_keeps(&r, sizes, 3), 2);
	r.total_bytes = 400;
	ck_assert_uint_eq(rotation_keeps(&r, sizes, 3), 3);
}
END_TEST

START_TEST(file_in_use_takes_half_of_a_small_cap)
{
	struct rotation r = { .size_bytes = 1000,
		.keep = 9,
		.total_bytes = 100 };
	uint64_t sizes[] = { 50, 50 };

	ck_assert(!rotation_is_due(&r, 40, 0, 10));
	ck_assert(rotation_is_due(&r, 40, 0, 11));
	ck_assert_uint_eq(rotation_keeps(&r, sizes, 2), 1);
}
END_TEST

UNIT(rotation, file_is_full_when_more_would_pass_its_size,
    empty_file_is_never_full, file_is_old_when_its_age_is_reached,
    as_many_old_files_stay_as_were_asked_for,
    cap_leaves_room_for_the_file_in_use, file_in_use_takes_half_of_a_small_cap)
