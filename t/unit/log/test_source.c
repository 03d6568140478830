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

static void
begin(size_t line_bytes)
{
	struct logs_order order = { .verb = LOGS_ADD,
		.name = "w",
		.file = "w.log",
		.pid = 7,
		.generation = 1 };
	int ends[2];

	snprintf(dir, sizeof dir, "/tmp/ms-source-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(pipe(ends), 0);
	pipe_in = ends[1];
	loop = loop_new();
	source = source_new(loop, &order, dir, line_bytes, ends[0]);
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
	finish("w[7] abcd\nw[7] efgh\nw[7] ij\nw[7] k\n");
}
END_TEST

START_TEST(endless_line_is_written_as_it_comes)
{
	begin(4);
	say("abcdefghij");
	loop_turn(loop, false);
	finish("w[7] abcd\nw[7] efgh\nw[7] ij\n");
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

START_TEST(what_waits_in_the_pipe_is_written_at_the_end)
{
	begin(100);
	say("a\nb\nc");
	finish("w[7] a\nw[7] b\nw[7] c\n");
}
END_TEST

UNIT(source, line_in_two_pieces_is_one_line,
    long_line_is_split_and_nothing_is_lost, endless_line_is_written_as_it_comes,
    last_words_carry_the_pid_that_said_them,
    what_waits_in_the_pipe_is_written_at_the_end)
