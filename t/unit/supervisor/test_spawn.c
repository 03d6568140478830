/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/launch/spawn.h"
#include "t/lib/unit.h"

static const struct limit_conf *const no_limits[LIMIT_COUNT];
static char *no_env[] = { NULL };

static struct spawn_plan
plan(const char *path, char **argv)
{
	struct spawn_plan p = { .path = path,
		.argv = argv,
		.envp = no_env,
		.umask = UINT32_MAX,
		.limits = no_limits,
		.parent = getpid() };

	getrlimit(RLIMIT_NOFILE, &p.nofile);
	p.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	p.out_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return p;
}

/* The report of a start that failed; stage -1: the program runs. */
static struct spawn_error
report_of(struct spawn_result *result)
{
	struct pollfd p = { result->error_fd, POLLIN, 0 };

	if (result->error_fd < 0)
		return result->failed;
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	if (read(result->error_fd, &result->failed, sizeof(result->failed)) <=
	    0)
		result->failed.stage = -1;
	close(result->error_fd);
	return result->failed;
}

static struct spawn_error
try(const struct spawn_plan *p, int *status_r)
{
	struct spawn_result result;
	struct spawn_error report;

	ck_assert(spawn(p, &result));
	ck_assert_int_gt(result.pid, 0);
	report = report_of(&result);
	ck_assert_int_eq(waitpid(result.pid, status_r, 0), result.pid);
	return report;
}

START_TEST(a_program_runs_and_its_code_comes_back)
{
	char *argv[] = { "sh", "-c", "exit 42", NULL };
	struct spawn_plan p = plan("/bin/sh", argv);
	int status;

	ck_assert_int_eq(try(&p, &status).stage, -1);
	ck_assert_int_eq(WEXITSTATUS(status), 42);
}
END_TEST

START_TEST(a_missing_program_is_reported_with_its_stage)
{
	char *argv[] = { "none", NULL };
	struct spawn_plan p = plan("/no/such/program", argv);
	int status;
	struct spawn_error report = try(&p, &status);

	ck_assert_int_eq(report.stage, SPAWN_EXEC);
	ck_assert_int_eq(report.error, ENOENT);
}
END_TEST

START_TEST(a_missing_directory_is_reported_with_its_stage)
{
	char *argv[] = { "true", NULL };
	struct spawn_plan p = plan("/bin/true", argv);
	int status;
	struct spawn_error report;

	p.cwd = "/no/such/directory";
	report = try(&p, &status);
	ck_assert_int_eq(report.stage, SPAWN_CWD);
	ck_assert_int_eq(report.error, ENOENT);
}
END_TEST

START_TEST(a_child_of_nobody_does_not_run)
{
	char *argv[] = { "true", NULL };
	struct spawn_plan p = plan("/bin/true", argv);
	int status;

	p.parent = 1; /* as if msd had died in between */
	ck_assert_int_eq(try(&p, &status).stage, SPAWN_PARENT);
}
END_TEST

START_TEST(a_child_sees_its_descriptors_and_no_others)
{
	char *argv[] = { "sh", "-c",
		"for n in 0 1 2 3 4; do [ -e /proc/$$/fd/$n ] || exit 1; done; "
		"n=5; while [ $n -lt 300 ]; do "
		"[ ! -e /proc/$$/fd/$n ] || exit 2; n=$((n + 1)); done",
		NULL };
	struct spawn_plan p = plan("/bin/sh", argv);
	int a = open("/dev/null", O_RDONLY), b = open("/dev/zero", O_RDONLY);
	struct spawn_fd pass[] = { { b, 3 }, { a, 4 } };
	int status;

	p.pass = pass;
	p.pass_count = 2;
	ck_assert_int_eq(try(&p, &status).stage, -1);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(sources_may_lie_where_targets_go)
{
	char *argv[] = { "sh", "-c", "read x <&3; [ \"$x\" = three ]", NULL };
	struct spawn_plan p = plan("/bin/sh", argv);
	int three[2], four[2], status;
	struct spawn_fd pass[2];

	ck_assert_int_eq(pipe(three), 0);
	ck_assert_int_eq(pipe(four), 0);
	ck_assert_int_eq(write(three[1], "three\n", 6), 6);
	ck_assert_int_eq(write(four[1], "four\n", 5), 5);
	/* swapped: each one's number is the other's target */
	dup2(three[0], 104);
	dup2(four[0], 103);
	pass[0] = (struct spawn_fd){ 104, 3 };
	pass[1] = (struct spawn_fd){ 103, 104 };
	p.pass = pass;
	p.pass_count = 2;
	ck_assert_int_eq(try(&p, &status).stage, -1);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(pid_slots_hold_the_childs_own_pid)
{
	char *argv[] = { "sh", "-c", "[ \"$LISTEN_PID\" = $$ ]", NULL };
	char var[] = "LISTEN_PID=" SPAWN_PID_SLOT;
	char *with_pid[] = { var, NULL };
	struct spawn_plan p = plan("/bin/sh", argv);
	int status;

	p.envp = with_pid;
	p.listen_pid = strchr(var, '=') + 1;
	ck_assert_int_eq(try(&p, &status).stage, -1);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(limits_are_set_and_an_impossible_one_is_a_failure)
{
	char *argv[] = { "sh", "-c", "[ $(ulimit -n) = 99 ]", NULL };
	struct limit_conf nofile = { 99, 99 };
	const struct limit_conf *limits[LIMIT_COUNT] = { NULL };
	struct spawn_plan p = plan("/bin/sh", argv);
	int status;

	p.limits = limits;
	limits[LIMIT_NOFILE] = &nofile;
	ck_assert_int_eq(try(&p, &status).stage, -1);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	nofile.hard = UINT64_MAX;
	ck_assert_int_eq(try(&p, &status).stage, SPAWN_LIMITS);
}
END_TEST

UNIT(spawn, a_program_runs_and_its_code_comes_back,
    a_missing_program_is_reported_with_its_stage,
    a_missing_directory_is_reported_with_its_stage,
    a_child_of_nobody_does_not_run, a_child_sees_its_descriptors_and_no_others,
    sources_may_lie_where_targets_go, pid_slots_hold_the_childs_own_pid,
    limits_are_set_and_an_impossible_one_is_a_failure)
