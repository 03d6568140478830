/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mono.h"
#include "t/lib/unit.h"

#define MAX_OUTPUT 65536

/* What f logs, in *text. */
static size_t
capture(void (*f)(void), char text[static MAX_OUTPUT])
{
	int fd[2];
	ssize_t n;

	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_ge(fcntl(fd[1], F_SETPIPE_SZ, MAX_OUTPUT), MAX_OUTPUT);
	log_to_fd(fd[1]);
	f();
	log_to_fd(STDERR_FILENO);
	close(fd[1]);
	n = 0;
	for (ssize_t got;
	     (got = read(fd[0], text + n, MAX_OUTPUT - 1 - n)) > 0;)
		n += got;
	text[n] = '\0';
	close(fd[0]);
	return (size_t)n;
}

static void
expect(void (*f)(void), const char *expected)
{
	static char text[MAX_OUTPUT];

	capture(f, text);
	ck_assert_str_eq(text, expected);
}

static void
say_exit(void)
{
	log_info("child exited", "name=%s pid=%d", "bus", 3);
}

START_TEST(a_fact_is_one_line_of_level_message_and_pairs)
{
	expect(say_exit, "info child exited name=bus pid=3\n");
}
END_TEST

static void
say_without_pairs(void)
{
	log_warn("stopping", NULL);
}

START_TEST(a_fact_needs_no_pairs)
{
	expect(say_without_pairs, "warn stopping\n");
}
END_TEST

START_TEST(a_stamped_line_begins_with_time_and_program)
{
	static char text[MAX_OUTPUT];
	int64_t ns;

	log_init("msd", true, LOG_INFO);
	capture(say_exit, text);
	ck_assert(rfc3339_parse(text, 24, &ns));
	ck_assert_int_ge(ns, wall_ns() - INT64_C(60000000000));
	ck_assert_str_eq(text + 24, " msd info child exited name=bus pid=3\n");
}
END_TEST

static void
say_every_level(void)
{
	log_debug("d", NULL);
	log_info("i", NULL);
	log_warn("w", NULL);
	log_error("e", NULL);
}

START_TEST(what_is_below_the_threshold_is_not_written)
{
	expect(say_every_level, "info i\nwarn w\nerror e\n");
	log_set_level(LOG_DEBUG);
	expect(say_every_level, "debug d\ninfo i\nwarn w\nerror e\n");
	log_set_level(LOG_ERROR);
	expect(say_every_level, "error e\n");
}
END_TEST

START_TEST(levels_are_read_by_their_words)
{
	enum log_level level = LOG_ERROR;

	ck_assert(log_parse_level("debug", &level) && level == LOG_DEBUG);
	ck_assert(log_parse_level("warn", &level) && level == LOG_WARN);
	ck_assert(!log_parse_level("loud", &level));
	ck_assert(!log_parse_level("", &level));
	ck_assert_int_eq(level, LOG_WARN);
}
END_TEST

static void
say_controls(void)
{
	log_info("two\nlines", "text=%s", "a\nb\r\t\x1b[31m\x7f");
}

START_TEST(control_bytes_cannot_break_the_line)
{
	expect(say_controls,
	    "info two\\nlines text=a\\nb\\r\\t\\x1b[31m\\x7f\n");
}
END_TEST

START_TEST(values_are_quoted_only_when_they_must_be)
{
	ck_assert_str_eq(LOGQ("plain-1.2/x"), "plain-1.2/x");
	ck_assert_str_eq(LOGQ(""), "\"\"");
	ck_assert_str_eq(LOGQ("two words"), "\"two words\"");
	ck_assert_str_eq(LOGQ("a=b"), "\"a=b\"");
	ck_assert_str_eq(LOGQ("say \"x\""), "\"say \\\"x\\\"\"");
	ck_assert_str_eq(LOGQ("back\\slash"), "\"back\\\\slash\"");
	ck_assert_str_eq(LOGQ("line\nbreak\x01"), "\"line\\nbreak\\x01\"");
	ck_assert_str_eq(LOGQ("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
	ck_assert_str_eq(LOGQ(NULL), "-");
}
END_TEST

START_TEST(eight_quoted_values_live_side_by_side)
{
	const char *q[8];
	char text[16], expected[16];

	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "v %d", i);
		q[i] = LOGQ(text);
	}
	for (int i = 0; i < 8; i++) {
		snprintf(expected, sizeof(expected), "\"v %d\"", i);
		ck_assert_str_eq(q[i], expected);
	}
}
END_TEST

START_TEST(a_long_value_is_cut_inside_its_quotes_between_characters)
{
	char text[1200];
	const char *q;

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = i % 2 ? '\xbc' : '\xc3';
	text[sizeof(text) - 1] = '\0';
	q = LOGQ(text);
	ck_assert_uint_lt(strlen(q), 512);
	ck_assert_uint_gt(strlen(q), 500);
	ck_assert_str_eq(q + strlen(q) - 6, "\xc3\xbc...\"");
	memset(text, '"', sizeof(text) - 1);
	q = LOGQ(text);
	ck_assert_uint_lt(strlen(q), 512);
	ck_assert_str_eq(q + strlen(q) - 6, "\\\"...\"");
}
END_TEST

static char endless[9000];

static void
say_endless(void)
{
	log_info("long", "text=%s", endless);
	log_info("next", NULL);
}

START_TEST(a_long_line_is_cut_at_4_kib_and_marked)
{
	static char text[MAX_OUTPUT];
	char *end;

	memset(endless, 'x', sizeof(endless) - 1);
	capture(say_endless, text);
	end = strchr(text, '\n');
	ck_assert_int_eq(end - text + 1, 4096);
	ck_assert_mem_eq(end - 7, "x [cut]", 7);
	ck_assert_str_eq(end + 1, "info next\n");
	memset(endless, '\n', sizeof(endless) - 1); /* grows by escaping */
	capture(say_endless, text);
	end = strchr(text, '\n');
	ck_assert_int_le(end - text + 1, 4096);
	ck_assert_mem_eq(end - 8, "\\n [cut]", 8);
}
END_TEST

static void
say_with_errno(void)
{
	errno = ENOSPC;
	log_info("disk", "error=%s", strerror(errno));
	ck_assert_int_eq(errno, ENOSPC);
	log_to_fd(-1);
	log_info("nobody hears", NULL);
	ck_assert_int_eq(errno, ENOSPC);
}

START_TEST(errno_is_kept)
{
	expect(say_with_errno, "info disk error=No space left on device\n");
}
END_TEST

static void
say_after_losing_two(void)
{
	say_exit();
}

START_TEST(lost_lines_are_counted_and_told)
{
	log_to_fd(-1);
	say_exit();
	say_exit();
	expect(say_after_losing_two,
	    "warn log lines lost count=2\ninfo child exited name=bus pid=3\n");
	expect(say_exit, "info child exited name=bus pid=3\n");
}
END_TEST

#define THREADS 4
#define EACH    100

static void *
say_many(void *arg)
{
	for (int i = 0; i < EACH; i++)
		log_info("from a thread", "who=%s what=%s", (char *)arg,
		    LOGQ("two words"));
	return NULL;
}

static void
say_from_threads(void)
{
	pthread_t thread[THREADS];
	static char name[THREADS][2] = { "a", "b", "c", "d" };

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, say_many,
				     name[i]),
		    0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

START_TEST(lines_of_threads_do_not_mix)
{
	static char text[MAX_OUTPUT];
	int count[THREADS] = { 0 };
	char *save, *line;

	capture(say_from_threads, text);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char who = 0;
		int end = 0;

		ck_assert_int_eq(sscanf(line,
				     "info from a thread who=%c what=\"two "
				     "words\"%n",
				     &who, &end),
		    1);
		ck_assert_int_eq((int)strlen(line), end);
		count[who - 'a']++;
	}
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(count[i], EACH);
}
END_TEST

static int
status_of(void (*f)(void), char text[static MAX_OUTPUT])
{
	int fd[2], status;
	pid_t pid;
	ssize_t n;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		log_to_fd(fd[1]);
		f();
		_exit(0);
	}
	close(fd[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	n = read(fd[0], text, MAX_OUTPUT - 1);
	close(fd[0]);
	text[n > 0 ? n : 0] = '\0';
	return status;
}

static void
die_fatally(void)
{
	log_set_level(LOG_ERROR);
	log_fatal(78, "bad configuration", "file=%s", "ms.conf");
}

START_TEST(fatal_is_the_last_line_and_the_exit_code)
{
	static char text[MAX_OUTPUT];
	int status = status_of(die_fatally, text);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 78);
	ck_assert_str_eq(text, "fatal bad configuration file=ms.conf\n");
}
END_TEST

static void
assert_falsely(void)
{
	ms_assert(1 + 1 == 2);
	ms_assert(1 + 1 == 3);
}

START_TEST(a_failed_assertion_names_itself_and_aborts)
{
	static char text[MAX_OUTPUT];
	int status = status_of(assert_falsely, text);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
	ck_assert_ptr_nonnull(strstr(text, "what=\"1 + 1 == 3\""));
	ck_assert_ptr_nonnull(strstr(text, "at=t/unit/common/test_log.c:"));
}
END_TEST

UNIT(log, a_fact_is_one_line_of_level_message_and_pairs, a_fact_needs_no_pairs,
    a_stamped_line_begins_with_time_and_program,
    what_is_below_the_threshold_is_not_written, levels_are_read_by_their_words,
    control_bytes_cannot_break_the_line,
    values_are_quoted_only_when_they_must_be,
    eight_quoted_values_live_side_by_side,
    a_long_value_is_cut_inside_its_quotes_between_characters,
    a_long_line_is_cut_at_4_kib_and_marked, errno_is_kept,
    lost_lines_are_counted_and_told, lines_of_threads_do_not_mix,
    fatal_is_the_last_line_and_the_exit_code,
    a_failed_assertion_names_itself_and_aborts)
