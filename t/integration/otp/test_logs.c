/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a start, a failure and an end: who, where, why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "t/lib/sup.h"

#define LINE_BYTES_MAX 1500

static int
count(const char *text, const char *mark)
{
	int n = 0;

	for (; (text = strstr(text, mark)); text++)
		n++;
	return n;
}

/* Who adds a worker knows it: only an automatic restart is news. */
START_TEST(external_start_no_progress_log)
{
	struct sup *s = sup_new();
	const char *ended, *ready;

	sup_root(s, "");
	sup_boot(s);
	sup_add(s, "w1", "", LIFE);
	ck_assert_int_eq(count(sup_output(s), "ready name=w1"), 0);
	sup_signal_back(s, "w1", SIGKILL);
	ended = strstr(sup_output(s), "ended name=w1");
	ready = strstr(sup_output(s), "ready name=w1");
	ck_assert_ptr_nonnull(ended);
	ck_assert_ptr_nonnull(ready);
	ck_assert(ended < ready);
	sup_end(s);
}
END_TEST

/* ---- reports -------------------------------------------------------------------- */

static const char *
line_with(struct sup *s, const char *mark)
{
	static char line[8192];
	const char *at = strstr(sup_output(s), mark);
	size_t n;

	ck_assert_msg(at != NULL, "nothing is said with '%s'", mark);
	while (at > sup_output(s) && at[-1] != '\n')
		at--;
	n = strcspn(at, "\n");
	ck_assert_uint_lt(n, sizeof(line));
	memcpy(line, at, n);
	line[n] = '\0';
	return line;
}

static void
expect_words(const char *line, const char *const *words)
{
	for (; *words; words++)
		ck_assert_msg(strstr(line, *words) != NULL, "no '%s' in: %s",
		    *words, line);
}

/* Supervisor, context, reason, offender: in the text and in the event. */
START_TEST(format_log_1)
{
	static const char *const died[] = { "warn ended", "name=w1",
		"supervisor=inner", "pid=", "killed by KILL", NULL };
	static const char *const gave_up[] = { "error",
		"supervisor root gave up", "w1", "killed by KILL", NULL };
	struct sup *s = sup_new();
	const struct json *event;

	sup_root(s, "intensity = 0");
	sup_conf(s, "[supervisor inner]\nintensity = 1\n");
	sup_worker(s, "w1", "supervisor = inner\n", LIFE);
	sup_boot(s);
	sup_signal_back(s, "w1", SIGKILL);
	sup_signal(s, "w1", SIGKILL);
	event = sup_await(s, "exited", "w1");
	ck_assert_str_eq(json_get_str(event, "supervisor", "?"), "inner");
	ck_assert_str_eq(json_get_str(event, "kind", "?"), "signal");
	ck_assert_str_eq(json_get_str(event, "signal", "?"), "KILL");
	event = sup_await(s, "gave_up", "inner");
	ck_assert_str_eq(json_get_str(event, "worker", "?"), "w1");
	ck_assert_int_eq(sup_wait_exit(s), 1);
	expect_words(line_with(s, "ended name=w1"), died);
	expect_words(line_with(s, "gave up"), gave_up);
	sup_free(s);
}
END_TEST

/* One line each, of bounded length, whatever a worker is called with. */
START_TEST(format_log_2)
{
	static const char *const failed[] = { "w1", "No such file", NULL };
	struct sup *s = sup_new();
	char *text = xcalloc(1, 40000);
	const char *why;

	sup_root(s, "");
	sup_boot(s);
	strcpy(text, "[worker w1]\\ncommand = /nonexistent/w1 ");
	memset(text + strlen(text), 'x', 30000);
	strcat(text, "\\n");
	why = sup_refused(s, "failed", "'do':'add','text':'%s'", text);
	ck_assert_uint_lt(strlen(why), LINE_BYTES_MAX);
	expect_words(why, failed);
	expect_words(line_with(s, "ended name=w1"), failed);
	memset(strstr(text, "/nonexistent"), 'n', 20000);
	why = sup_refused(s, "failed", "'do':'add','text':'%s'", text);
	ck_assert_uint_lt(strlen(why), LINE_BYTES_MAX);

	/* a status with blanks and quotes stays one JSON string */
	sup_add(s, "w2", "",
	    "\"say:STATUS=two\tparts, \\\"quoted\\\"\" say:READY=1");
	ck_assert_ptr_nonnull(strstr(sup_reply_str(s, "status_text"), "parts"));
	for (const char *at = sup_output(s); *at; at += strcspn(at, "\n") + 1) {
		ck_assert_uint_lt(strcspn(at, "\n"), LINE_BYTES_MAX);
		if (!at[strcspn(at, "\n")])
			break;
	}
	sup_end(s);
	free(text);
}
END_TEST

OTP(logs, external_start_no_progress_log, format_log_1, format_log_2)
