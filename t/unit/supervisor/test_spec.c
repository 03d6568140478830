/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/spec/spec.h"
#include "supervisor/spec/spec_advice.h"
#include "t/lib/unit.h"

static struct conf_errors errors;

static struct spec *
load(const char *text)
{
	static char *const no_env[] = { NULL };
	char path[] = "/tmp/test_spec.XXXXXX";
	int fd = mkstemp(path);
	struct spec *spec;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	conf_errors_init(&errors);
	spec = spec_load(path, "/base", (char **)no_env, &errors);
	unlink(path);
	return spec;
}

/* Refused, and one of the errors says this. */
static void
refused(const char *text, const char *said)
{
	struct spec *spec = load(text);
	bool found = false;

	ck_assert_ptr_null(spec);
	for (size_t i = 0; i < errors.count; i++)
		found = found || strstr(errors.text[i], said);
	ck_assert_msg(found, "no error says '%s', the first is '%s'", said,
	    errors.count ? errors.text[0] : "none");
	conf_errors_fini(&errors);
}

static struct spec *
accepted(const char *text)
{
	struct spec *spec = load(text);

	ck_assert_msg(spec, "%s", errors.count ? errors.text[0] : "?");
	conf_errors_fini(&errors);
	return spec;
}

static void
in_order(const struct spec *spec, const char *names)
{
	char text[512] = "";

	for (size_t i = 0; i < spec->worker_count; i++) {
		strcat(text, i ? " " : "");
		strcat(text, spec->workers[i].name);
	}
	ck_assert_str_eq(text, names);
}

START_TEST(workers_start_in_file_order_through_the_tree)
{
	struct spec *spec = accepted("[worker first]\ncommand = a\n"
				     "[supervisor core]\n"
				     "[worker last]\ncommand = a\n"
				     "[worker inner]\nsupervisor = core\n"
				     "command = a\n");

	in_order(spec, "first inner last");
	spec_drop(&spec);
}
END_TEST

START_TEST(a_dependency_starts_first_wherever_it_is_written)
{
	struct spec *spec =
	    accepted("[worker a]\ncommand = x\nrequires = c\n"
		     "[worker b]\ncommand = x\n[worker c]\ncommand = x\n");

	in_order(spec, "c a b");
	ck_assert_uint_eq(spec->workers[1].requires.count, 1);
	ck_assert_uint_eq(spec->workers[1].requires.at[0], 0);
	spec_drop(&spec);
}
END_TEST

START_TEST(a_dependency_cycle_is_named)
{
	refused("[worker a]\ncommand = x\nrequires = b\n"
		"[worker b]\ncommand = x\nafter = c\n"
		"[worker c]\ncommand = x\nwants = a\n",
	    "a -> b -> c -> a");
}
END_TEST

START_TEST(supervisors_in_a_circle_are_named)
{
	refused("[supervisor a]\nparent = b\n[supervisor b]\nparent = a\n",
	    "supervisors in a circle");
}
END_TEST

START_TEST(unknown_names_get_a_suggestion)
{
	refused("[worker a]\ncommand = x\nrequires = postgers\n"
		"[worker postgres]\ncommand = x\n",
	    "did you mean postgres?");
	refused("[supervisor core]\n[worker a]\ncommand = x\n"
		"supervisor = cora\n",
	    "did you mean core?");
}
END_TEST

START_TEST(rest_for_one_wants_dependencies_in_file_order)
{
	refused("[supervisor s]\nstrategy = rest_for_one\n"
		"[worker a]\nsupervisor = s\ncommand = x\nrequires = b\n"
		"[worker b]\nsupervisor = s\ncommand = x\n",
	    "write it first");
}
END_TEST

START_TEST(one_name_is_one_thing)
{
	refused("[supervisor a]\n[worker a]\ncommand = x\n",
	    "there is a supervisor of this name");
}
END_TEST

START_TEST(relative_paths_mean_the_working_directory)
{
	struct spec *spec = accepted("[msd]\nrun_dir = var/run\n"
				     "[worker a]\ncommand = bin/a -x\n"
				     "cwd = here\n"
				     "[worker b]\ncommand = bare\n");

	ck_assert_str_eq(spec->msd.run_dir, "/base/var/run");
	ck_assert_str_eq(spec->workers[0].conf.command.word[0], "/base/bin/a");
	ck_assert_str_eq(spec->workers[0].conf.cwd, "/base/here");
	ck_assert_str_eq(spec->workers[1].conf.command.word[0], "bare");
	spec_drop(&spec);
}
END_TEST

START_TEST(instances_are_numbered_and_required_together)
{
	struct spec *spec =
	    accepted("[worker w]\ncommand = x\ninstances = 3\n"
		     "[worker last]\ncommand = x\nrequires = w\n");

	in_order(spec, "w@1 w@2 w@3 last");
	ck_assert_uint_eq(spec->workers[3].requires.count, 3);
	spec_drop(&spec);
}
END_TEST

START_TEST(strict_otp_has_otps_defaults)
{
	struct spec *spec = accepted("[supervisor a]\notp_strict = yes\n"
				     "[supervisor b]\notp_strict = yes\n"
				     "intensity = 7\n");

	ck_assert_uint_eq(spec->supervisors[1].conf.intensity, 1);
	ck_assert_uint_eq(spec->supervisors[1].conf.period_ms, 5000);
	ck_assert_uint_eq(spec->supervisors[2].conf.intensity, 7);
	spec_drop(&spec);
}
END_TEST

START_TEST(a_check_is_understood)
{
	struct spec *spec =
	    accepted("[worker a]\ncommand = x\nready = check\n"
		     "check = tcp:localhost:5432\n"
		     "[worker b]\ncommand = x\ncheck = tcp:[::1]:80\n"
		     "[worker c]\ncommand = x\ncheck = unix:run/x.sock\n"
		     "[worker d]\ncommand = x\n"
		     "check = exec:./probe 'two words'\n"
		     "[worker e]\ncommand = x\ncheck = exec:probe -q\n");
	const struct worker_spec *w = spec->workers;

	ck_assert_int_eq(w[0].conf.ready.kind, READY_CHECK);
	ck_assert_int_eq(w[0].conf.check->kind, CHECK_TCP);
	ck_assert_str_eq(w[0].conf.check->host, "127.0.0.1");
	ck_assert_uint_eq(w[0].conf.check->port, 5432);
	ck_assert_str_eq(w[1].conf.check->host, "::1");
	ck_assert_str_eq(w[2].conf.check->path, "/base/run/x.sock");
	ck_assert_str_eq(w[3].conf.check->words.word[0], "/base/./probe");
	ck_assert_str_eq(w[3].conf.check->words.word[1], "two words");
	ck_assert_str_eq(w[4].conf.check->words.word[0], "probe");
	ck_assert_uint_eq(w[4].conf.check->words.count, 2);
	spec_drop(&spec);
}
END_TEST

START_TEST(processor_time_is_in_processors_or_per_cent)
{
	static const struct {
		const char *text;
		uint32_t us;
	} cases[] = { { "1", 100000 }, { "1.5", 150000 }, { "50%", 50000 },
		{ "150%", 150000 }, { "0.01", 1000 }, { "none", 0 } };
	char text[128];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct spec *spec;

		snprintf(text, sizeof(text),
		    "[worker a]\ncommand = x\ncpu_max = %s\n", cases[i].text);
		spec = load(text);
		ck_assert_uint_eq(spec->workers[0].conf.cpu_max_us,
		    cases[i].us);
		spec_drop(&spec);
	}
}
END_TEST

START_TEST(nonsense_is_refused_by_key)
{
	static const char *const cases[][2] = {
		{ "env = NOVALUE", "env:" },
		{ "cpu_max = 0", "cpu_max:" },
		{ "cpu_max = 0.5%", "cpu_max:" },
		{ "cpu_max = -1", "cpu_max:" },
		{ "cpu_max = 1e3", "cpu_max:" },
		{ "cpu_max = 2000", "cpu_max:" },
		{ "cpu_max = %", "cpu_max:" },
		{ "cgroup = maybe", "cgroup:" },
		{ "oom_score_adj = 1001", "oom_score_adj:" },
		{ "listen = a=udp:1", "listen:" },
		{ "log = syslog", "log:" },
		{ "notify_access = some", "notify_access:" },
		{ "escalate_after = 3/60s", "escalate_after:" },
		{ "significant = yes", "significant:" },
		{ "watchdog = phi:", "watchdog: phi:T takes" },
		{ "watchdog = phi:0.5", "watchdog: phi:T takes" },
		{ "watchdog = phi:1e2", "watchdog: phi:T takes" },
		{ "watchdog = soon", "watchdog: is off" },
		{ "ready = check", "ready: check needs" },
		{ "check = http://x", "check: is one of exec:WORDS" },
		{ "check = exec:", "check: exec: takes a program" },
		{ "check = exec:a 'b", "check:" },
		{ "check = tcp:80", "check: tcp: takes HOST:PORT" },
		{ "check = tcp:localhost:http", "'http' is not a port" },
		{ "check = tcp:localhost:70000", "is not a port" },
		{ "check = tcp:db.example:5432", "names are not looked up" },
		{ "check = tcp:::1:80", "such as 127.0.0.1 or [::1]" },
		{ "check = unix:", "check: unix: takes" },
		{ "check_failures = 0", "check_failures:" },
		{ "check_interval = 1ms", "check_interval:" },
		{ "umask = 9", "umask:" },
		{ "limit_nofile = 20:10", "limit_nofile:" },
		{ "success_exit = 300", "success_exit:" },
		{ "ready = fd:1", "ready:" },
		{ "ready = fd:5\nfd_store_max = 2\nlisten = a=unix:/a",
		    "3 to 5" },
		{ "fd_store_max = 257", "fd_store_max:" },
		{ "user = nobody-of-that-name", "user:" },
		{ "backoff = 2s..1s", "backoff:" },
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), "[worker a]\ncommand = x\n%s\n",
		    cases[i][0]);
		refused(text, cases[i][1]);
	}
}
END_TEST

START_TEST(only_a_change_of_the_process_is_another_process)
{
	struct spec *a = accepted("[worker w]\ncommand = x 1\n");
	struct spec *policy =
	    accepted("[worker w]\ncommand = x 1\n"
		     "stop_timeout = 9s\nrestart = transient\n"
		     "backoff = 1s..2s\nlog_keep = 3\n");
	struct spec *process = accepted("[worker w]\ncommand = x 2\n");
	struct spec *env = accepted("[worker w]\ncommand = x 1\nenv = A=b\n");

	ck_assert(worker_spec_is_same(a->workers, a->workers));
	ck_assert(!worker_spec_is_same(a->workers, policy->workers));
	ck_assert(worker_spec_is_same_process(a->workers, policy->workers));
	ck_assert(!worker_spec_is_same_process(a->workers, process->workers));
	ck_assert(!worker_spec_is_same_process(a->workers, env->workers));
	spec_drop(&a);
	spec_drop(&policy);
	spec_drop(&process);
	spec_drop(&env);
}
END_TEST

START_TEST(two_writers_of_one_log_are_refused_with_their_place)
{
	struct spec *spec;

	refused("[msd]\nlog_dir = /l\n[worker a]\ncommand = x\n"
		"[worker b]\ncommand = x\nlog = file:./a.log\n",
	    ":7:7: log: worker b writes /l/a.log too, the log of worker a");
	refused("[msd]\nlog_dir = /l\n[worker a]\ncommand = x\n"
		"log = file:x.log\n"
		"[worker b]\ncommand = x\nlog = file:/l//x.log\n",
	    "worker b writes /l/x.log too, the log of worker a");
	refused("[worker a]\ncommand = x\n"
		"[worker b]\ncommand = x\nlog = file:a.log.3\n",
	    "rotated, the log of worker a");
	refused("[worker msd]\ncommand = x\n", "the log of msd");
	spec = accepted("[worker a]\ncommand = x\nlog = file:/dev/null\n"
			"[worker b]\ncommand = x\nlog = file:/dev/null\n"
			"[worker c]\ncommand = x\nlog = file:a.log.old\n");
	spec_drop(&spec);
}
END_TEST

START_TEST(a_template_is_nobodys_dependency_and_has_a_window)
{
	struct spec *spec;

	refused("[template t]\ncommand = x\n"
		"[worker a]\ncommand = x\nrequires = t\n",
	    ":5:12: requires: 't' is a template, not a worker");
	refused("[template t]\ncommand = x\n[worker t]\ncommand = x\n",
	    "[worker t]: there is a template of this name");
	refused("[template t]\ncommand = x\nsignificant = yes\n"
		"restart = transient\n",
	    "an instance of a template cannot be significant");
	refused("[template t]\ncommand = x\ninstances = 3\n",
	    "instances: a template starts with none");
	spec = accepted("[template t]\ncommand = x\nintensity = 9\n"
			"period = 1m\nstop_timeout = 0\n");
	ck_assert(spec->workers[0].is_template);
	ck_assert_uint_eq(spec->workers[0].intensity, 9);
	ck_assert_uint_eq(spec->workers[0].period_ms, 60000);
	ck_assert_uint_eq(spec->workers[0].conf.stop_timeout_ms, 0);
	spec_drop(&spec);
}
END_TEST

static const char *
added(const char *text)
{
	struct spec *spec;

	conf_errors_init(&errors);
	spec = spec_load_worker(slice_of(text), "/cwd", NULL, &errors);
	ck_assert(!spec == (errors.count > 0));
	spec_drop(&spec);
	return errors.count ? errors.text[0] : "";
}

START_TEST(one_worker_can_be_read_from_a_text)
{
	ck_assert_str_eq(added("[worker a]\ncommand = x\n"), "");
	conf_errors_fini(&errors);
	ck_assert(strstr(added(""), "one [worker NAME] section"));
	conf_errors_fini(&errors);
	ck_assert(strstr(added("[supervisor s]\n"), "one [worker NAME]"));
	conf_errors_fini(&errors);
	ck_assert(
	    strstr(added("[worker a]\ncomand = x\n"), "did you mean command?"));
	conf_errors_fini(&errors);
	ck_assert(strstr(added("[worker a]\ncommand = x\ninstances = 2\n"),
	    "instances"));
	conf_errors_fini(&errors);
}
END_TEST

static void
advised(const char *text, const char *part)
{
	struct spec *spec = accepted(text);
	struct conf_errors advice;

	conf_errors_init(&advice);
	spec_advise(spec, &advice);
	if (part)
		ck_assert_msg(advice.count == 1 && strstr(advice.text[0], part),
		    "%zu %s", advice.count, advice.count ? advice.text[0] : "");
	else
		ck_assert_uint_eq(advice.count, 0);
	conf_errors_fini(&advice);
	spec_drop(&spec);
}

START_TEST(a_backoff_that_keeps_the_window_open_is_worth_a_warning)
{
	advised("[worker a]\ncommand = x\n", NULL);
	advised("[worker a]\ncommand = x\nbackoff = 10s..50s\n",
	    ":3:11: backoff: a may crash for ever");
	advised("[worker a]\ncommand = x\nbackoff = 10s..50s\n"
		"restart = temporary\n",
	    NULL);
	advised("[worker a]\ncommand = x\nbackoff = 0ms..0ms\n", NULL);
	advised("[worker a]\ncommand = x\nbackoff = 10s..50s\n"
		"[worker b]\ncommand = x\nbackoff = 10s..50s\n",
	    ":3:11: backoff: a and 1 more may crash for ever: 5 restarts take "
	    "longer than the period of 10s, so root never gives up");
}
END_TEST

START_TEST(budgets_that_multiply_are_worth_a_warning)
{
	advised("[supervisor a]\nintensity = 10\n"
		"[supervisor b]\nparent = a\nintensity = 20\n"
		"[supervisor c]\nparent = b\nintensity = 20\n",
	    "restarted 1386 times");
}
END_TEST

START_TEST(a_settled_one_still_tells_what_was_read)
{
	struct spec *spec = load("[supervisor s]\nintensity = 3\n"
				 "[worker a]\ncommand = x y\ninstances = 2\n"
				 "supervisor = s\nreload_signal = HUP\n");
	struct buf before = { 0 }, after = { 0 };

	spec_print_conf(spec, &before);
	spec_settle(spec);
	spec_settle(spec); /* again changes nothing */
	spec_print_conf(spec, &after);
	ck_assert_ptr_null(spec->conf);
	ck_assert(slice_eq(buf_slice(&before), buf_slice(&after)));
	ck_assert_str_eq(spec->supervisors[1].name, "s");
	ck_assert_str_eq(spec->workers[1].name, "a@2");
	ck_assert_str_eq(spec->workers[1].family, "a");
	ck_assert_str_eq(spec->workers[1].conf.command.word[1], "y");
	ck_assert(spec->workers[1].gives_reload_signal);
	buf_fini(&before);
	buf_fini(&after);
	spec_drop(&spec);
}
END_TEST

UNIT(spec, workers_start_in_file_order_through_the_tree,
    a_dependency_starts_first_wherever_it_is_written,
    a_dependency_cycle_is_named, supervisors_in_a_circle_are_named,
    unknown_names_get_a_suggestion,
    rest_for_one_wants_dependencies_in_file_order, one_name_is_one_thing,
    relative_paths_mean_the_working_directory,
    instances_are_numbered_and_required_together, strict_otp_has_otps_defaults,
    a_check_is_understood, processor_time_is_in_processors_or_per_cent,
    nonsense_is_refused_by_key, only_a_change_of_the_process_is_another_process,
    two_writers_of_one_log_are_refused_with_their_place,
    a_template_is_nobodys_dependency_and_has_a_window,
    one_worker_can_be_read_from_a_text,
    a_backoff_that_keeps_the_window_open_is_worth_a_warning,
    budgets_that_multiply_are_worth_a_warning,
    a_settled_one_still_tells_what_was_read)
