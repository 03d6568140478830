/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the supervisor and its first workers.  Names of OTP's
 * supervisor_SUITE; the reason `ignore` is exit 77 before READY.
 */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/lib/sup.h"

START_TEST(sup_start_normal)
{
	struct sup *s = sup_new();

	sup_boot(s);
	sup_expect_count(s, NULL, 0, 0, 0, 0);
	sup_end(s);
}
END_TEST

/* init/1 says ignore: the supervisor is not needed here, and nothing failed. */
START_TEST(sup_start_ignore_init)
{
	struct sup *s = sup_new();

	sup_conf(s, "run_if = %s/wanted\n", s->dir);
	sup_worker(s, "w1", "", STAMP_UP LIFE);
	ck_assert_int_eq(sup_run(s), 0);
	ck_assert_str_eq(sup_stamps(s), "");
	ck_assert_ptr_null(strstr(sup_output(s), "error"));
	sup_touch(s, "wanted");
	sup_boot(s);
	sup_expect_state(s, "w1", "ready");
	sup_end(s);
}
END_TEST

START_TEST(sup_start_ignore_child)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_boot(s);
	ck_assert_int_eq(sup_add(s, "w1", "", "exit:77"), 0);
	ck_assert_str_eq(sup_reply_str(s, "state"), "ignored");
	ck_assert_int_gt(sup_add(s, "w2", "", LIFE), 0);
	ck_assert(sup_lists(s, "w1"));
	sup_expect_state(s, "w2", "ready");
	sup_expect_count(s, NULL, 2, 1, 0, 2);
	sup_end(s);
}
END_TEST

START_TEST(sup_start_ignore_temporary_child)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_worker(s, "w1", "restart = temporary\n", "exit:77");
	sup_worker(s, "w2", "restart = temporary\n", LIFE);
	sup_boot(s);
	ck_assert(!sup_lists(s, "w1"));
	sup_expect_state(s, "w2", "ready");
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

START_TEST(sup_start_ignore_temporary_child_start_child)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_boot(s);
	ck_assert_int_eq(sup_add(s, "w1", "restart = temporary\n", "exit:77"),
	    0);
	ck_assert_str_eq(sup_reply_str(s, "state"), "ignored");
	ck_assert_int_gt(sup_add(s, "w2", "restart = temporary\n", LIFE), 0);
	ck_assert(!sup_lists(s, "w1"));
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

/* ---- what cannot be read ------------------------------------------------- */

static int
count_lines(const char *text, const char *mark)
{
	int n = 0;

	for (; (text = strstr(text, mark)); text += strlen(mark))
		n++;
	return n;
}

START_TEST(sup_start_error_return)
{
	struct sup *s = sup_new();

	sup_root(s, "intensity = many");
	sup_worker(s, "w1", "", STAMP_UP LIFE);
	ck_assert_int_eq(sup_run(s), 6);
	ck_assert_int_eq(count_lines(sup_output(s), "ms.conf:"), 1);
	ck_assert_ptr_nonnull(strstr(sup_output(s), "1 error"));
	ck_assert_ptr_nonnull(strstr(sup_output(s), "ms.conf:7:"));
	ck_assert_ptr_nonnull(strstr(sup_output(s), "intensity"));
	ck_assert_str_eq(sup_stamps(s), "");
	sup_free(s);
}
END_TEST

/* init/1 crashes: the file cannot even be read. */
START_TEST(sup_start_fail)
{
	struct sup *s = sup_new();

	sup_conf(s, "include = ms.conf\n"); /* itself */
	sup_worker(s, "w1", "", STAMP_UP LIFE);
	ck_assert_int_eq(sup_run(s), 6);
	sup_conf_reset(s);
	sup_conf(s, "[worker w1\ncommand = true\n\x01\xff\n");
	ck_assert_int_eq(sup_run(s), 6);
	snprintf(s->file, sizeof(s->file), "%s/absent/../ms.conf", s->dir);
	sup_conf_reset(s);
	ck_assert_str_eq(sup_stamps(s), "");
	sup_free(s);
}
END_TEST

/* ---- workers that cannot start ------------------------------------------- */

START_TEST(sup_start_child_returns_error)
{
	struct sup *s = sup_new();
	const char *why;

	sup_root(s, "");
	sup_boot(s);
	why = sup_refused(s, "failed",
	    "'do':'add','text':'[worker w1]\\ncommand = /nonexistent/w1\\n'");
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
	ck_assert(!sup_lists(s, "w1"));
	why = sup_add_refused(s, "failed", "w1", "", "exit:1");
	ck_assert_ptr_nonnull(strstr(why, "exit code 1"));
	ck_assert(!sup_lists(s, "w1"));
	sup_expect_count(s, NULL, 0, 0, 0, 0);
	sup_end(s);
}
END_TEST

START_TEST(sup_start_restart_child_returns_error)
{
	struct sup *s = sup_new();
	long generation;

	sup_root(s, "");
	sup_worker(s, "w1", "", "exit-if:$DIR/broken:1 " LIFE);
	sup_boot(s);
	sup_tell(s, "stop", "w1");
	sup_touch(s, "broken");
	sup_mark(s);
	sup_refused(s, "failed", "'do':'start','name':'w1','wait':true");
	generation = sup_number(s, "w1", "generation");
	ck_assert_int_eq(generation, 2);
	sup_expect_state(s, "w1", "down");
	sup_expect_count(s, NULL, 1, 0, 0, 1);
	ck_assert_int_eq(sup_count_events(s, "starting", "w1"), 1);
	sup_untouch(s, "broken");
	sup_tell(s, "start", "w1");
	sup_expect_state(s, "w1", "ready");
	sup_end(s);
}
END_TEST

START_TEST(faulty_application_shutdown)
{
	struct sup *s = sup_new();
	const char *said;

	sup_root(s, "");
	sup_worker(s, "w1", "", STAMPED);
	sup_conf(s, "[worker w2]\ncommand = /nonexistent/w2\n");
	sup_worker(s, "w3", "", STAMPED);
	ck_assert_int_eq(sup_run(s), 1);
	ck_assert_str_eq(sup_stamps(s), "w1 up, w1 down");
	said = strstr(sup_output(s), "msd ends");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_nonnull(strstr(said, "w2"));
	ck_assert_ptr_nonnull(strstr(said, "exec failed"));
	ck_assert_ptr_nonnull(strstr(said, "No such file"));
	sup_free(s);
}
END_TEST

/* The name is held by a process msd did not start: the worker says so, the
 * caller is told, and the other one is left alone. */
START_TEST(already_started_outside_supervisor)
{
	struct sup *s = sup_new();
	char path[192];
	const char *why;
	pid_t other;

	snprintf(path, sizeof(path), "%s/lock", s->dir);
	other = fork();
	if (other == 0) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0 || flock(fd, LOCK_EX) < 0)
			_exit(1);
		sup_touch(s, "locked");
		pause();
	}
	sup_root(s, "");
	sup_boot(s);
	snprintf(path, sizeof(path), "%s/locked", s->dir);
	while (access(path, F_OK) < 0)
		sup_expect_count(s, NULL, 0, 0, 0, 0);
	why = sup_add_refused(s, "failed", "w1", "",
	    "lock:$DIR/lock say:READY=1");
	ck_assert_ptr_nonnull(strstr(why, "exit code 97"));
	ck_assert(!sup_lists(s, "w1"));
	ck_assert(sup_is_alive(other));
	kill(other, SIGKILL);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	ck_assert_int_gt(sup_add(s, "w1", "", "lock:$DIR/lock say:READY=1"), 0);
	sup_end(s);
}
END_TEST

/* ---- flags and specs ------------------------------------------------------ */

START_TEST(sup_flags)
{
	static const char *const bad[] = { "strategy = none_for_one",
		"strategy = simple_one_for_one", "intensity = infinity",
		"intensity = -1", "period = 0", "period = infinity",
		"auto_shutdown = sometimes", "restart = never",
		"strategy = {one_for_one, 1, 5}", "unknown = 1",
		"strategy one_for_one" };
	static const char *const good[] = { "", "strategy = one_for_all",
		"strategy = rest_for_one", "intensity = 0", "period = 1ms",
		"auto_shutdown = any_significant", "auto_shutdown = never",
		"auto_shutdown = all_significant" };
	struct sup *s = sup_new();

	for (size_t i = 0; i < ARRAY_LEN(bad) + ARRAY_LEN(good); i++) {
		bool is_good = i >= ARRAY_LEN(bad);
		const char *keys = is_good ? good[i - ARRAY_LEN(bad)] : bad[i];

		sup_conf_reset(s);
		sup_root(s, keys);
		ck_assert_msg(sup_check(s) == (is_good ? 0 : 6), "'%s'", keys);
	}
	sup_free(s);
}
END_TEST

START_TEST(sup_start_map)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_conf(s, "[supervisor group]\n");
	sup_conf(s, "[worker w1]\ncommand = sleep 1000\n");
	sup_conf(s,
	    "[worker w2]\ncommand = sleep 1000\nstop_timeout = 0\n"
	    "restart = transient\n");
	sup_boot(s);
	ck_assert_str_eq(sup_spec(s, "w1", "restart"), "permanent");
	ck_assert_str_eq(sup_spec(s, "w1", "stop_timeout"), "5s");
	ck_assert_str_eq(sup_spec(s, "w1", "significant"), "no");
	ck_assert_str_eq(json_get_str(s->reply, "type", ""), "worker");
	ck_assert_str_eq(sup_spec(s, "w2", "restart"), "transient");
	ck_assert_str_eq(sup_spec(s, "w2", "stop_timeout"), "0");
	ck_assert_str_eq(sup_spec(s, "group", "stop_timeout"), "infinity");
	ck_assert_str_eq(sup_spec(s, "group", "auto_shutdown"), "never");
	ck_assert_str_eq(json_get_str(s->reply, "type", ""), "supervisor");
	ck_assert_str_eq(sup_spec(s, "root", "strategy"), "one_for_one");
	ck_assert_str_eq(sup_spec(s, "root", "intensity"), "1");
	ck_assert_str_eq(sup_spec(s, "root", "period"), "5s");
	sup_refused(s, "not_found", "'do':'show','name':'w3'");
	sup_end(s);

	s = sup_new(); /* our own defaults are more patient */
	sup_boot(s);
	ck_assert_str_eq(sup_spec(s, "root", "intensity"), "5");
	ck_assert_str_eq(sup_spec(s, "root", "period"), "10s");
	sup_end(s);
}
END_TEST

START_TEST(sup_start_map_faulty_specs)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "[worker]\\ncommand = true\\n", "name" },
		{ "[worker w1]\\nrestart = permanent\\n", "command" },
		{ "[worker w1]\\ncommand = true\\nrestrat = permanent\\n",
		    "restrat" },
		{ "[worker w1\\n", "]" },
		{ "command = true\\n", "section" },
		{ "", "" },
	};
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_boot(s);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *why = sup_refused(s, "invalid_spec",
		    "'do':'add','text':'%s'", bad[i].text);

		ck_assert_msg(strstr(why, bad[i].says) != NULL, "%s: %s",
		    bad[i].text, why);
	}
	sup_expect_count(s, NULL, 0, 0, 0, 0);
	sup_end(s);
}
END_TEST

OTP(start, sup_start_normal, sup_start_ignore_init, sup_start_ignore_child,
    sup_start_ignore_temporary_child,
    sup_start_ignore_temporary_child_start_child, sup_start_error_return,
    sup_start_fail, sup_start_child_returns_error,
    sup_start_restart_child_returns_error, faulty_application_shutdown,
    already_started_outside_supervisor, sup_flags, sup_start_map,
    sup_start_map_faulty_specs)
