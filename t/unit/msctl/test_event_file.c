/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "supervisor/msctl/event_file.h"
#include "t/lib/unit.h"

static const struct envelope defaults = {
	.subject = { "agent.a", 7 },
	.type = { "agent.a", 7 },
	.source = { "/test", 5 },
	.time_ns = 1,
};
static const struct envelope no_subject = {
	.source = { "/test", 5 },
	.time_ns = 1,
};

static struct buf report;

static struct event_check
check(const char *text, const struct envelope *with)
{
	struct event_file file;

	buf_fini(&report);
	report = (struct buf){ 0 };
	event_file_of("f.ndjson", slice_of(text), &file);
	struct event_check result = event_file_check(&file, with, &report);
	buf_add_u8(&report, '\0');
	event_file_close(&file);
	return result;
}

static bool
reported(const char *text)
{
	return strstr((char *)report.ptr, text) != NULL;
}

#define EVENT                                                      \
	"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\"," \
	"\"type\":\"t\",\"subject\":\"agent.b\",\"data\":{}}"

START_TEST(events_and_bare_values_are_counted_blank_lines_are_not)
{
	struct event_check c =
	    check(EVENT "\n\n  \n{\"a\":1}\r\n7\n\"x\"", &defaults);

	ck_assert_uint_eq(c.bad, 0);
	ck_assert_uint_eq(c.events, 4);
}
END_TEST

START_TEST(every_bad_line_is_named_with_its_number)
{
	struct event_check c =
	    check(EVENT "\n{\"a\":\n\n" EVENT "\nnope\n", &defaults);

	ck_assert_uint_eq(c.events, 4);
	ck_assert_uint_eq(c.bad, 2);
	ck_assert(reported("f.ndjson:2: "));
	ck_assert(reported("f.ndjson:5: "));
	ck_assert(!reported("f.ndjson:1: "));
}
END_TEST

START_TEST(a_bare_value_without_a_subject_is_bad)
{
	ck_assert_uint_eq(check("{\"a\":1}\n", &no_subject).bad, 1);
	ck_assert_uint_eq(check(EVENT "\n", &no_subject).bad, 0);
}
END_TEST

START_TEST(a_subject_that_breaks_the_grammar_is_bad)
{
	struct event_check c =
	    check("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\","
		  "\"type\":\"t\",\"subject\":\"agent..b\"}\n",
		&defaults);

	ck_assert_uint_eq(c.bad, 1);
	ck_assert(reported("f.ndjson:1: "));
}
END_TEST

START_TEST(at_most_twenty_bad_lines_are_shown_all_are_counted)
{
	struct buf text = { 0 };
	struct event_check c;
	size_t lines = 0;

	for (int i = 0; i < 50; i++)
		buf_add_str(&text, "{\n");
	buf_add_u8(&text, '\0');
	c = check((char *)text.ptr, &defaults);
	ck_assert_uint_eq(c.bad, 50);
	for (size_t i = 0; i < report.len; i++)
		lines += report.ptr[i] == '\n';
	ck_assert_uint_eq(lines, EVENT_FILE_REPORT_MAX);
	buf_fini(&text);
}
END_TEST

START_TEST(a_file_is_mapped_and_an_absent_one_is_refused)
{
	char path[] = "/tmp/ms-event-file-XXXXXX";
	int fd = mkstemp(path);
	struct event_file file;
	struct event_lines lines;
	struct slice line;
	struct why why = { "" };

	ck_assert_int_eq(write(fd, "1\n2", 3), 3);
	close(fd);
	ck_assert_int_eq(event_file_open(path, &file, &why), MS_OK);
	lines = event_lines_of(&file);
	ck_assert(event_lines_next(&lines, &line) && slice_is(line, "1"));
	ck_assert(event_lines_next(&lines, &line) && slice_is(line, "2"));
	ck_assert(!event_lines_next(&lines, &line));
	event_file_close(&file);
	unlink(path);
	ck_assert_int_eq(event_file_open(path, &file, &why), MS_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(why.text, path));
	event_file_close(&file);
}
END_TEST

UNIT(event_file, events_and_bare_values_are_counted_blank_lines_are_not,
    every_bad_line_is_named_with_its_number,
    a_bare_value_without_a_subject_is_bad,
    a_subject_that_breaks_the_grammar_is_bad,
    at_most_twenty_bad_lines_are_shown_all_are_counted,
    a_file_is_mapped_and_an_absent_one_is_refused)
