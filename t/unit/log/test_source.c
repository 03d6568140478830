/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "t/lib/unit.h"
#include "workers/log/source.h"

static struct loop *loop;
static struct source *source;
static char dir[64];
static int pipe_in;
static struct source_rules rules;
static struct buf scratch;
static unsigned told; /* that something was dropped */

static void
on_drop(void *arg)
{
	ck_assert_ptr_eq(arg, &told);
	told++;
}

static struct logs_order
an_order(void)
{
	return (struct logs_order){ .verb = LOGS_ADD,
		.name = "w",
		.file = "w.log",
		.pid = 7,
		.generation = 1 };
}

static void
begin(size_t line_bytes)
{
	struct logs_order order = an_order();
	int ends[2];

	snprintf(dir, sizeof dir, "/tmp/ms-source-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(pipe(ends), 0);
	pipe_in = ends[1];
	loop = loop_new();
	told = 0;
	rules = (struct source_rules){ .loop = loop,
		.log_dir = dir,
		.line_bytes = line_bytes,
		.scratch = &scratch,
		.on_drop = on_drop,
		.arg = &told };
	source = source_new(&rules, &order, ends[0]);
}

static void
say(const char *text)
{
	ck_assert_int_eq(write(pipe_in, text, strlen(text)),
	    (ssize_t)strlen(text));
}

/* Ends the source and compares the file without the times. */
static void
finish(const char *wanted)
{
	struct buf text = { 0 }, bare = { 0 };
	struct slice line;
	char path[96];
	size_t off = 0;

	source_free(&source);
	close(pipe_in);
	snprintf(path, sizeof path, "%s/w.log", dir);
	ck_assert_int_eq(file_read(path, 1 << 20, &text, NULL), MS_OK);
	while (buf_line(&text, &off, &line)) {
		const char *blank = memchr(line.ptr, ' ', line.len);

		ck_assert_ptr_nonnull(blank);
		buf_add(&bare, blank + 1,
		    line.len - (size_t)(blank + 1 - line.ptr));
		buf_add_u8(&bare, '\n');
	}
	buf_add_u8(&bare, 0);
	ck_assert_str_eq((char *)bare.ptr, wanted);
	buf_fini(&text);
	buf_fini(&bare);
	buf_fini(&scratch);
	loop_free(&loop);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(line_in_two_pieces_is_one_line)
{
	begin(100);
	say("hel");
	loop_turn(loop, false);
	say("lo\n");
	loop_turn(loop, false);
	finish("w[7] hello\n");
}
END_TEST

START_TEST(long_line_is_split_and_nothing_is_lost)
{
	begin(4);
	say("abcdefghij\nk\n");
	loop_turn(loop, false);
	finish("w[7] abcd\\\nw[7] efgh\\\nw[7] ij\nw[7] k\n");
}
END_TEST

START_TEST(endless_line_is_written_as_it_comes)
{
	begin(4);
	say("abcdefghij");
	loop_turn(loop, false);
	finish("w[7] abcd\\\nw[7] efgh\\\nw[7] ij\n");
}
END_TEST

START_TEST(last_words_carry_the_pid_that_said_them)
{
	begin(100);
	say("dying");
	source_started(source, 8, 2);
	say("born\n");
	finish("w[7] dying\nw[8] born\n");
}
END_TEST

START_TEST(first_words_wait_for_the_pid_that_says_them)
{
	begin(100);
	say("dying");
	source_started(source, 0, 2);
	say("born\n");
	loop_turn(loop, false);
	source_started(source, 8, 2);
	loop_turn(loop, false);
	finish("w[7] dying\nw[8] born\n");
}
END_TEST

START_TEST(who_dies_before_its_start_is_told_has_its_pid_all_the_same)
{
	begin(100);
	source_started(source, 0, 2);
	say("short");
	source_died(source, 8, 2);
	finish("w[8] short\n");
}
END_TEST

START_TEST(next_generation_has_a_pipe_of_its_own)
{
	struct logs_order order = an_order();
	int ends[2];

	begin(100);
	say("half");
	order.pid = 0;
	order.generation = 2;
	ck_assert_int_eq(pipe(ends), 0);
	source_change(source, &order, ends[0]);
	ck_assert_int_eq(write(ends[1], "born\n", 5), 5);
	loop_turn(loop, false);
	source_started(source, 8, 2);
	loop_turn(loop, false);
	close(ends[1]);
	finish("w[7] half\nw[8] born\n");
}
END_TEST

START_TEST(what_waits_in_the_pipe_is_written_at_the_end)
{
	begin(100);
	say("a\nb\nc");
	finish("w[7] a\nw[7] b\nw[7] c\n");
}
END_TEST

START_TEST(flush_writes_what_waits_and_its_unfinished_line)
{
	struct buf text = { 0 };
	char path[96];

	begin(100);
	say("a\nb");
	source_flush(source);
	snprintf(path, sizeof path, "%s/w.log", dir);
	ck_assert_int_eq(file_read(path, 1 << 20, &text, NULL), MS_OK);
	ck_assert_uint_gt(text.len, 2);
	ck_assert_int_eq(text.ptr[text.len - 2], 'b');
	buf_fini(&text);
	finish("w[7] a\nw[7] b\n");
}
END_TEST

START_TEST(what_is_too_much_is_dropped_counted_and_confessed)
{
	struct logs_order order = an_order();
	struct logs_report report;

	begin(100);
	order.rate = (struct rate){ 2, 3600000 };
	source_change(source, &order, -1);
	say("a\nb\nc\nd\n");
	loop_turn(loop, false);
	ck_assert_uint_gt(told, 0);
	ck_assert(source_report(source, &report));
	ck_assert_uint_eq(report.lines, 2);
	ck_assert_int_eq(report.error, 0);
	source_reported(source, &report);
	ck_assert(!source_report(source, &report));
	ck_assert(source_settle(source)); /* its hour is not over */
	order.rate = (struct rate){ 0, 0 };
	source_change(source, &order, -1);
	say("e\n");
	finish("w[7] a\nw[7] b\nw[7] [ms-log: 2 lines dropped here: "
	       "more than log_rate]\nw[7] e\n");
}
END_TEST

START_TEST(confession_comes_without_a_further_line)
{
	struct logs_order order = an_order();

	begin(100);
	snprintf(order.file, sizeof order.file, "/dev/full");
	source_change(source, &order, -1);
	say("lost\n");
	loop_turn(loop, false);
	ck_assert(source_settle(source));
	order = an_order();
	source_change(source, &order, -1);
	ck_assert(!source_settle(source));
	finish("w[7] [ms-log: 1 line dropped here: No space left on "
	       "device]\n");
}
END_TEST

UNIT(source, line_in_two_pieces_is_one_line,
    long_line_is_split_and_nothing_is_lost, endless_line_is_written_as_it_comes,
    last_words_carry_the_pid_that_said_them,
    first_words_wait_for_the_pid_that_says_them,
    who_dies_before_its_start_is_told_has_its_pid_all_the_same,
    next_generation_has_a_pipe_of_its_own,
    what_waits_in_the_pipe_is_written_at_the_end,
    flush_writes_what_waits_and_its_unfinished_line,
    what_is_too_much_is_dropped_counted_and_confessed,
    confession_comes_without_a_further_line)
