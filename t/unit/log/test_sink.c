/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "t/lib/unit.h"
#include "workers/log/sink.h"

static char dir[64];
static struct sink sink;

static void
begin(uint64_t limit_bytes, uint32_t keep)
{
	struct rotation limits = { .size_bytes = limit_bytes, .keep = keep };
	char path[96];

	snprintf(dir, sizeof dir, "/tmp/ms-sink-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.log", dir);
	sink_init(&sink, path, &limits);
}

static void
finish(void)
{
	static const char *const names[] = { "x.log", "x.log.1", "x.log.2",
		"x.log.3", "x.log.4", "x.log.9", "moved" };
	char path[96];

	sink_fini(&sink);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static size_t
say(const char *text, uint64_t at_ms)
{
	return sink_write(&sink, slice_of(text),
	    (struct mono){ (at_ms + 1) * 1000000 });
}

static void
put(const char *name, const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void
expect(const char *name, const char *wanted)
{
	struct buf text = { 0 };
	char path[96];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (wanted == NULL) {
		ck_assert_int_ne(access(path, F_OK), 0);
		return;
	}
	ck_assert_int_eq(file_read(path, 1 << 20, &text, NULL), MS_OK);
	buf_add_u8(&text, 0);
	ck_assert_str_eq((char *)text.ptr, wanted);
	buf_fini(&text);
}

START_TEST(lines_are_appended)
{
	begin(0, 0);
	say("one\n", 0);
	say("two\n", 0);
	expect("x.log", "one\ntwo\n");
	finish();
}
END_TEST

START_TEST(full_file_rotates_and_keeps_the_newest)
{
	begin(8, 2);
	say("1111\n", 0);
	say("2222\n", 0);
	say("3333\n", 0);
	say("4444\n", 0);
	expect("x.log", "4444\n");
	expect("x.log.1", "3333\n");
	expect("x.log.2", "2222\n");
	expect("x.log.3", NULL);
	finish();
}
END_TEST

START_TEST(file_moved_away_is_replaced)
{
	char from[96], to[96];

	begin(0, 0);
	say("old\n", 0);
	snprintf(from, sizeof from, "%s/x.log", dir);
	snprintf(to, sizeof to, "%s/moved", dir);
	ck_assert_int_eq(rename(from, to), 0);
	say("new\n", 5000);
	expect("moved", "old\n");
	expect("x.log", "new\n");
	finish();
}
END_TEST

START_TEST(restarted_sink_counts_what_is_in_the_file)
{
	char path[96];

	begin(8, 1);
	say("1111\n", 0);
	snprintf(path, sizeof path, "%s", sink.path);
	sink_fini(&sink);
	sink_init(&sink, path,
	    &(struct rotation){ .size_bytes = 8, .keep = 1 });
	say("2222\n", 0);
	expect("x.log.1", "1111\n");
	expect("x.log", "2222\n");
	finish();
}
END_TEST

START_TEST(old_files_are_removed_under_the_cap_of_all)
{
	begin(8, 9);
	sink.limits.total_bytes = 20;
	say("1111\n", 0);
	say("2222\n", 0);
	say("3333\n", 0);
	say("4444\n", 0);
	expect("x.log", "4444\n");
	expect("x.log.1", "3333\n");
	expect("x.log.2", "2222\n");
	expect("x.log.3", NULL);
	finish();
}
END_TEST

START_TEST(file_rotates_when_its_first_line_is_too_old)
{
	begin(0, 3);
	sink.limits.age_ms = 60000;
	put("x.log", "2020-01-01T00:00:00.000Z x old\n");
	say("new\n", 0);
	expect("x.log.1", "2020-01-01T00:00:00.000Z x old\n");
	say("soon\n", 59000);
	expect("x.log", "new\nsoon\n");
	say("late\n", 61000);
	expect("x.log.1", "new\nsoon\n");
	expect("x.log", "late\n");
	finish();
}
END_TEST

START_TEST(broken_off_rotation_is_put_in_order_and_nothing_is_overwritten)
{
	begin(8, 9);
	put("x.log", "5555\n");
	put("x.log.2", "4444\n");
	put("x.log.4", "3333\n");
	put("x.log.9", "2222\n");
	say("6666\n", 0);
	expect("x.log", "6666\n");
	expect("x.log.1", "5555\n");
	expect("x.log.2", "4444\n");
	expect("x.log.3", "3333\n");
	expect("x.log.4", "2222\n");
	expect("x.log.9", NULL);
	finish();
}
END_TEST

START_TEST(truncated_file_has_its_whole_size_again)
{
	char path[96];

	begin(12, 1);
	say("1111\n", 0);
	say("2222\n", 0);
	snprintf(path, sizeof path, "%s/x.log", dir);
	ck_assert_int_eq(truncate(path, 0), 0);
	say("3333\n", 5000);
	say("4444\n", 5000);
	expect("x.log", "3333\n4444\n");
	expect("x.log.1", NULL);
	finish();
}
END_TEST

START_TEST(directory_that_vanished_is_made_again)
{
	char path[96];

	begin(0, 0);
	say("old\n", 0);
	snprintf(path, sizeof path, "%s/x.log", dir);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_uint_eq(say("new\n", 5000), 4);
	expect("x.log", "new\n");
	finish();
}
END_TEST

START_TEST(device_is_never_rotated)
{
	struct rotation limits = { .size_bytes = 1, .keep = 1 };

	sink_init(&sink, "/dev/null", &limits);
	ck_assert_uint_eq(say("one\n", 0), 4);
	ck_assert_uint_eq(say("two\n", 0), 4);
	ck_assert_int_ne(access("/dev/null.1", F_OK), 0);
	sink_fini(&sink);
}
END_TEST

START_TEST(full_device_and_pipe_without_reader_take_nothing_at_once)
{
	struct rotation limits = { 0 };
	char path[96];

	sink_init(&sink, "/dev/full", &limits);
	ck_assert_uint_eq(say("one\n", 0), 0);
	sink_fini(&sink);
	begin(0, 0);
	snprintf(path, sizeof path, "%s/x.log", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_uint_eq(say("one\n", 0), 0);
	finish();
}
END_TEST

START_TEST(what_fits_of_a_block_is_whole_lines)
{
	struct rlimit tight = { 6, RLIM_INFINITY },
		      wide = { RLIM_INFINITY, RLIM_INFINITY };

	begin(0, 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	ck_assert_uint_eq(say("ok\ntoo long\nnot\n", 0), 3);
	ck_assert_int_ne(sink.error, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &wide), 0);
	ck_assert_uint_eq(say("again\n", 0), 6);
	ck_assert_int_eq(sink.error, 0);
	expect("x.log", "ok\nagain\n");
	finish();
}
END_TEST

UNIT(sink, lines_are_appended, full_file_rotates_and_keeps_the_newest,
    file_moved_away_is_replaced, restarted_sink_counts_what_is_in_the_file,
    old_files_are_removed_under_the_cap_of_all,
    file_rotates_when_its_first_line_is_too_old,
    broken_off_rotation_is_put_in_order_and_nothing_is_overwritten,
    truncated_file_has_its_whole_size_again,
    directory_that_vanished_is_made_again, device_is_never_rotated,
    full_device_and_pipe_without_reader_take_nothing_at_once,
    what_fits_of_a_block_is_whole_lines)
