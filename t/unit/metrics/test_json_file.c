/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "t/lib/unit.h"
#include "workers/metrics/json_file.h"

static char dir[] = "/tmp/ms-json.XXXXXX", path[64];

static void
setup(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/numbers", dir);
}

static void
teardown(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
holds(const char *wanted)
{
	struct buf text = { 0 };

	ck_assert_int_eq(file_read(path, 4096, &text, NULL), MS_OK);
	buf_add_u8(&text, 0);
	ck_assert_str_eq((char *)text.ptr, wanted);
	buf_fini(&text);
}

START_TEST(lines_are_appended_and_a_moved_file_begins_anew)
{
	char moved[80];

	setup();
	snprintf(moved, sizeof(moved), "%s.1", path);
	ck_assert_int_eq(json_file_append(path, SLICE_LIT("a\n"), NULL), MS_OK);
	ck_assert_int_eq(json_file_append(path, SLICE_LIT("b\n"), NULL), MS_OK);
	holds("a\nb\n");
	ck_assert_int_eq(rename(path, moved), 0);
	ck_assert_int_eq(json_file_append(path, SLICE_LIT("c\n"), NULL), MS_OK);
	holds("c\n");
	unlink(moved);
	teardown();
}
END_TEST

/* A file-size limit is a disk that is full in the middle of a line. */
START_TEST(without_room_no_half_line_stays)
{
	struct rlimit limit = { 10, 10 };
	struct why why = { "" };

	setup();
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(json_file_append(path, SLICE_LIT("12345\n"), NULL),
	    MS_OK);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(json_file_append(path, SLICE_LIT("abcdefgh\n"), &why),
	    MS_EIO);
	ck_assert(strstr(why.text, path) != NULL);
	holds("12345\n");
	teardown();
}
END_TEST

START_TEST(what_cannot_be_opened_is_an_error)
{
	struct why why = { "" };

	ck_assert_int_eq(json_file_append("/nonexistent/x", SLICE_LIT("a\n"),
			     &why),
	    MS_EIO);
	ck_assert_str_eq(why.text, "/nonexistent/x: No such file or directory");
}
END_TEST

/* It would wait for a reader for ever. */
START_TEST(a_pipe_without_reader_does_not_block)
{
	setup();
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(json_file_append(path, SLICE_LIT("a\n"), NULL),
	    MS_EIO);
	teardown();
}
END_TEST

UNIT(json_file, lines_are_appended_and_a_moved_file_begins_anew,
    without_room_no_half_line_stays, what_cannot_be_opened_is_an_error,
    a_pipe_without_reader_does_not_block)
