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
	char path[96];

	snprintf(dir, sizeof dir, "/tmp/ms-sink-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.log", dir);
	sink_init(&sink, path, limit_bytes, keep);
}

static void
finish(void)
{
	static const char *const names[] = { "x.log", "x.log.1", "x.log.2",
		"x.log.3", "moved" };
	char path[96];

	sink_fini(&sink);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
say(const char *text, uint64_t at_ms)
{
	sink_write(&sink, slice_of(text), 1,
	    (struct mono){ (at_ms + 1) * 1000000 });
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
	sink_init(&sink, path, 8, 1);
	say("2222\n", 0);
	expect("x.log.1", "1111\n");
	expect("x.log", "2222\n");
	finish();
}
END_TEST

START_TEST(lines_that_do_not_fit_are_counted_and_confessed)
{
	struct rlimit tight = { 6, RLIM_INFINITY },
		      wide = { RLIM_INFINITY, RLIM_INFINITY };

	begin(0, 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	say("ok\n", 0);
	say("too long\n", 0);
	say("too long\n", 0);
	ck_assert_uint_eq(sink.dropped_lines, 2);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &wide), 0);
	say("again\n", 0);
	expect("x.log", "ok\n[ms-log: 2 lines dropped here]\nagain\n");
	ck_assert_uint_eq(sink.dropped_lines, 0);
	finish();
}
END_TEST

UNIT(sink, lines_are_appended, full_file_rotates_and_keeps_the_newest,
    file_moved_away_is_replaced, restarted_sink_counts_what_is_in_the_file,
    lines_that_do_not_fit_are_counted_and_confessed)
