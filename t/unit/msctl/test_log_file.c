/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/msctl/log_file.h"
#include "t/lib/unit.h"

static off_t
tail(const char *text, size_t bytes, uint64_t lines)
{
	FILE *file = tmpfile();
	off_t at;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, bytes, file), bytes);
	fflush(file);
	at = log_tail_offset(fileno(file), &lines);
	fclose(file);
	return at;
}

START_TEST(the_last_lines_begin_where_they_begin)
{
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 1), 4);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 2), 2);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 3), 0);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 9), 0);
	ck_assert_int_eq(tail("a\nb\nc\n", 6, 0), 6);
	ck_assert_int_eq(tail("", 0, 5), 0);
}
END_TEST

START_TEST(an_unfinished_line_counts)
{
	ck_assert_int_eq(tail("a\nb\nc", 5, 1), 4);
	ck_assert_int_eq(tail("a\nb\nc", 5, 2), 2);
}
END_TEST

START_TEST(lines_are_found_across_blocks)
{
	static char text[300000];

	memset(text, 'x', sizeof(text));
	text[99999] = '\n';
	text[sizeof(text) - 1] = '\n';
	ck_assert_int_eq(tail(text, sizeof(text), 1), 100000);
	ck_assert_int_eq(tail(text, sizeof(text), 2), 0);
}
END_TEST

/* ---- over rotations ------------------------------------------------------- */

static char dir[64], path[80];
static struct buf seen;

static void
note(struct buf *out)
{
	buf_add_slice(&seen, buf_slice(out));
	buf_reset(out);
}

static void
begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/ms-log-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.log", dir);
	buf_reset(&seen);
}

static void
say(const char *text)
{
	FILE *file = fopen(path, "a");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* keep: how many old ones. */
static void
rotate(unsigned keep)
{
	char from[96], to[96];

	for (unsigned k = keep; k-- > 0;) {
		snprintf(from, sizeof(from), k ? "%s.%u" : "%s", path, k);
		snprintf(to, sizeof(to), "%s.%u", path, k + 1);
		rename(from, to);
	}
}

static void
finish(struct log_file *file, const char *wanted)
{
	char name[96];

	buf_add_u8(&seen, 0);
	ck_assert_str_eq((char *)seen.ptr, wanted);
	log_file_close(file);
	for (unsigned k = 0; k < 9; k++) {
		snprintf(name, sizeof(name), k ? "%s.%u" : "%s", path, k);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(dir), 0);
	buf_fini(&seen);
}

START_TEST(missing_lines_come_from_older_files)
{
	struct log_file file;

	begin();
	say("a\nb\n");
	rotate(5);
	say("c\nd\n");
	rotate(5);
	say("e\n");
	ck_assert(log_file_open(&file, path, 4, note));
	finish(&file, "b\nc\nd\ne\n");
}
END_TEST

START_TEST(all_lines_are_not_more_than_there_are)
{
	struct log_file file;

	begin();
	say("a\n");
	rotate(5);
	say("b\n");
	ck_assert(log_file_open(&file, path, 100, note));
	finish(&file, "a\nb\n");
}
END_TEST

START_TEST(several_rotations_between_two_looks_lose_nothing)
{
	struct log_file file;

	begin();
	say("a\n");
	ck_assert(log_file_open(&file, path, 10, note));
	say("b\n");
	rotate(5);
	say("c\n");
	rotate(5);
	say("d\n");
	rotate(5);
	log_file_catch_up(&file, note);
	say("e\n");
	log_file_catch_up(&file, note);
	finish(&file, "a\nb\nc\nd\ne\n");
}
END_TEST

START_TEST(removed_file_is_followed_by_the_new_one_only)
{
	struct log_file file;

	begin();
	say("old\n");
	rotate(5);
	usleep(20000); /* a tick of the file system's clock */
	say("a\n");
	ck_assert(log_file_open(&file, path, 1, note));
	unlink(path);
	log_file_catch_up(&file, note);
	say("b\n");
	log_file_catch_up(&file, note);
	finish(&file, "a\nb\n");
}
END_TEST

START_TEST(truncated_file_is_read_from_its_start)
{
	struct log_file file;

	begin();
	say("aaaa\n");
	ck_assert(log_file_open(&file, path, 1, note));
	ck_assert_int_eq(truncate(path, 0), 0);
	say("b\n");
	log_file_catch_up(&file, note);
	finish(&file, "aaaa\nb\n");
}
END_TEST

UNIT(log_file, the_last_lines_begin_where_they_begin, an_unfinished_line_counts,
    lines_are_found_across_blocks, missing_lines_come_from_older_files,
    all_lines_are_not_more_than_there_are,
    several_rotations_between_two_looks_lose_nothing,
    removed_file_is_followed_by_the_new_one_only,
    truncated_file_is_read_from_its_start)
