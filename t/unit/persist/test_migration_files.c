/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "t/lib/unit.h"
#include "workers/persist/migration.h"

static char dir[64];
static struct migration_list list;
static struct why why;

static void
begin(void)
{
	snprintf(dir, sizeof dir, "/tmp/ms-migrations-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
put(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	ck_assert_int_eq(file_replace(path, slice_of(text), 0600, NULL), MS_OK);
}

static void
finish(void)
{
	char command[96];

	migration_list_fini(&list);
	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(files_are_ordered_by_number_not_by_text)
{
	begin();
	put("10_ten.sql", "select 10");
	put("9_nine.sql", "select 9");
	put("9_nine.down.sql", "select -9");
	put("README.txt", "no migration");
	ck_assert_int_eq(migration_list_read(dir, &list, &why), MS_OK);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0].version, "9");
	ck_assert_str_eq(list.items[0].description, "nine");
	ck_assert(slice_is(list.items[0].down, "select -9"));
	ck_assert_str_eq(list.items[1].version, "10");
	ck_assert_uint_eq(list.items[1].down.len, 0);
	finish();
}
END_TEST

START_TEST(line_ends_do_not_change_the_checksum_but_text_does)
{
	begin();
	put("1_a.sql", "a\nb\n");
	put("2_b.sql", "a\r\nb\r\n");
	put("3_c.sql", "ab\n");
	ck_assert_int_eq(migration_list_read(dir, &list, &why), MS_OK);
	ck_assert_str_eq(list.items[0].checksum, list.items[1].checksum);
	ck_assert_str_ne(list.items[0].checksum, list.items[2].checksum);
	finish();
}
END_TEST

START_TEST(one_version_twice_is_refused_by_name)
{
	begin();
	put("1_a.sql", "a");
	put("001_b.sql", "b");
	ck_assert_int_eq(migration_list_read(dir, &list, &why), MS_ECONFIG);
	ck_assert_ptr_nonnull(strstr(why.text, "same version"));
	finish();
}
END_TEST

START_TEST(missing_directory_is_not_found)
{
	ck_assert_int_eq(migration_list_read("/nonexistent/ms", &list, &why),
	    MS_ENOTFOUND);
	migration_list_fini(&list);
}
END_TEST

START_TEST(nul_byte_in_a_file_is_refused)
{
	char path[128];

	begin();
	snprintf(path, sizeof path, "%s/1_a.sql", dir);
	ck_assert_int_eq(file_replace(path, (struct slice){ "a\0b", 3 }, 0600,
			     NULL),
	    MS_OK);
	ck_assert_int_eq(migration_list_read(dir, &list, &why), MS_ECONFIG);
	finish();
}
END_TEST

UNIT(migration_files, files_are_ordered_by_number_not_by_text,
    line_ends_do_not_change_the_checksum_but_text_does,
    one_version_twice_is_refused_by_name, missing_directory_is_not_found,
    nul_byte_in_a_file_is_refused)
