/* SPDX-License-Identifier: Apache-2.0 */
#include "common/disk.h"
#include "t/lib/unit.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static enum disk_room
room(uint64_t free_bytes, uint64_t total_bytes)
{
	return disk_room(&(struct disk){ .free_bytes = free_bytes,
	    .total_bytes = total_bytes });
}

START_TEST(a_large_disk_is_not_low_by_percent_alone)
{
	ck_assert_int_eq(room(20 * GIB, 1000 * GIB), DISK_ROOMY);
	ck_assert_int_eq(room(GIB - 1, 1000 * GIB), DISK_LOW);
}
END_TEST

START_TEST(a_small_disk_is_not_low_by_bytes_alone)
{
	ck_assert_int_eq(room(100 * MIB, 200 * MIB), DISK_ROOMY);
	ck_assert_int_eq(room(10 * MIB, 200 * MIB), DISK_LOW);
	ck_assert_int_eq(room(8 * MIB, 64 * MIB), DISK_ROOMY);
}
END_TEST

START_TEST(next_to_nothing_is_full)
{
	ck_assert_int_eq(room(0, 200 * MIB), DISK_FULL);
	ck_assert_int_eq(room(15 * MIB, 1000 * GIB), DISK_FULL);
	ck_assert_int_eq(room(17 * MIB, 1000 * GIB), DISK_LOW);
}
END_TEST

START_TEST(files_run_out_too)
{
	struct disk disk = { .free_bytes = 50 * GIB,
		.total_bytes = 100 * GIB,
		.total_files = 1000,
		.free_files = 49 };

	ck_assert_int_eq(disk_room(&disk), DISK_LOW);
	disk.free_files = 0;
	ck_assert_int_eq(disk_room(&disk), DISK_FULL);
	disk.total_files = 0; /* does not count them */
	ck_assert_int_eq(disk_room(&disk), DISK_ROOMY);
}
END_TEST

START_TEST(used_percent_is_rounded_up)
{
	ck_assert_uint_eq(disk_used_pct(&(struct disk){ .total_bytes = 1000,
			      .free_bytes = 999 }),
	    1);
	ck_assert_uint_eq(disk_used_pct(&(struct disk){ .total_bytes = 1000,
			      .free_bytes = 1000 }),
	    0);
	ck_assert_uint_eq(disk_used_pct(&(struct disk){ .total_bytes = 0 }), 0);
}
END_TEST

START_TEST(a_place_that_is_not_there_has_a_reason)
{
	struct disk disk;
	struct why why = { "" };

	ck_assert_int_eq(disk_look("/nowhere/at/all", &disk, &why),
	    MS_ENOTFOUND);
	ck_assert_str_ne(why.text, "");
	ck_assert_int_eq(disk_look("/tmp", &disk, NULL), MS_OK);
	ck_assert(disk.total_bytes >= disk.free_bytes);
}
END_TEST

UNIT(disk, a_large_disk_is_not_low_by_percent_alone,
    a_small_disk_is_not_low_by_bytes_alone, next_to_nothing_is_full,
    files_run_out_too, used_percent_is_rounded_up,
    a_place_that_is_not_there_has_a_reason)
