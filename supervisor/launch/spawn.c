/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two ways to be born.
 *
 * Sharing msd's memory, as vfork() does, takes the same time however big msd
 * is; msd waits until the program runs, so that the outcome is known at once.
 * clone3() puts the process into its cgroup on the way, which is much cheaper
 * than moving it there.
 *
 * A process that gives up rights gets a copy of the memory: others of its new
 * user could stop it before exec, and msd would wait for as long as they
 * like.  Its outcome arrives through a pipe.
 */
#include "supervisor/launch/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/fd.h"

#define EXIT_NOT_STARTED 127
#define STACK_BYTES      (32u << 10)

struct birth {
	const struct spawn_plan *plan;
	bool lives;                /* in shared memory */
	bool in_cgroup;            /* born there */
	int error_fd;              /* -1: memory is shared */
	struct spawn_error failed; /* in shared memory */
};

/* What the new process does. */
static int
live(void *arg)
{
	struct birth *birth = arg;
	int fd = birth->error_fd;
	struct spawn_error report;

	birth->lives = true;
	report.stage = (int)spawn_become(birth->plan, birth->in_cgroup, &fd);
	report.error = errno;
	if (fd < 0)
		birth->failed = report;
	else if (write(fd, &report, sizeof(report)) < 0)
		_exit(EXIT_NOT_STARTED); /* nobody left to tell */
	_exit(EXIT_NOT_STARTED);
}

static struct clone_args
clone_args_of(const struct birth *birth)
{
	const struct spawn_plan *plan = birth->plan;
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (birth->in_cgroup) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)plan->cgroup_fds[0];
	}
	return args;
}

/* An older kernel or a container's filter; a shortage is an answer. */
static bool
is_no_answer(pid_t pid)
{
	return pid < 0 && errno != EAGAIN && errno != ENOMEM;
}

/* ---- with msd's memory -------------------------------------------------- */

/* The C library has no clone3() for a stack of one's own. */
#ifdef __x86_64__
static pid_t
clone3_on_stack(struct clone_args *args, struct birth *birth)
{
	register int (*run)(void *) __asm__("r12") = live;
	register void *arg __asm__("r13") = birth;
	long pid;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(pid)
			 : "0"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)),
			 "r"(run), "r"(arg)
			 : "rcx", "r11", "memory");
	if (pid >= 0)
		return (pid_t)pid;
	errno = (int)-pid;
	return -1;
}
#else
static pid_t
clone3_on_stack(struct clone_args *args MS_UNUSED,
    struct birth *birth MS_UNUSED)
{
	errno = ENOSYS;
	return -1;
}
#endif

static pid_t
be_born_sharing(struct birth *birth)
{
	_Alignas(16) unsigned char stack[STACK_BYTES];
	struct clone_args args = clone_args_of(birth);
	pid_t pid;

	args.flags |= CLONE_VM | CLONE_VFORK;
	args.stack = (uint64_t)(uintptr_t)stack;
	args.stack_size = sizeof(stack);
	pid = clone3_on_stack(&args, birth);
	if (pid > 0 && !birth->lives && birth->in_cgroup)
		waitpid(pid, NULL, 0); /* see cgroup_child.c: killed at birth */
	else if (!is_no_answer(pid))
		return pid;
	birth->in_cgroup = false;
	return clone(live, stack + sizeof(stack),
	    CLONE_VM | CLONE_VFORK | SIGCHLD, birth);
}

/* ---- with a copy of it -------------------------------------------------- */

static pid_t
be_born_apart(struct birth *birth)
{
	pid_t pid;

	birth->in_cgroup = false; /* it moves itself: we could not see it die */
	pid = fork();
	if (pid == 0)
		live(birth);
	return pid;
}

/* ---- public ------------------------------------------------------------- */

static bool
may_share(const struct spawn_plan *plan)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	(void)plan;
	return false; /* their bookkeeping is of one process */
#else
	return !plan->sets_user && !plan->sets_group && !plan->sets_groups;
#endif
}

static pid_t
be_born(struct birth *birth, bool shares)
{
	sigset_t all, before;
	pid_t pid;
	int error;

	/* no handler of ours may run in the child */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = shares ? be_born_sharing(birth) : be_born_apart(birth);
	error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static bool
spawn_apart(struct birth *birth, struct spawn_result *result_r)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return false;
	birth->error_fd = pipe_fds[1];
	result_r->pid = be_born(birth, false);
	result_r->error_fd = pipe_fds[0];
	fd_close(&pipe_fds[1]);
	if (result_r->pid > 0 && fd_set_nonblock(pipe_fds[0], true))
		return true;
	fd_close(&result_r->error_fd);
	return false;
}

bool
spawn(const struct spawn_plan *plan, struct spawn_result *result_r)
{
	struct birth birth = { .plan = plan,
		.in_cgroup = plan->cgroup_count && plan->cgroup_is_v2,
		.error_fd = -1,
		.failed = { .stage = -1 } };

	*result_r = (struct spawn_result){ .error_fd = -1 };
	if (!may_share(plan))
		return spawn_apart(&birth, result_r);
	result_r->pid = be_born(&birth, true);
	result_r->failed = birth.failed;
	return result_r->pid > 0;
}

const char *
spawn_stage_name(int stage)
{
	static const char *const names[SPAWN_STAGE_COUNT] = {
		[SPAWN_PREPARE] = "prepare",
		[SPAWN_ENV] = "env_file",
		[SPAWN_LISTEN] = "listen",
		[SPAWN_LOG] = "log",
		[SPAWN_FORK] = "fork",
		[SPAWN_SESSION] = "session",
		[SPAWN_CGROUP] = "cgroup",
		[SPAWN_LIMITS] = "limits",
		[SPAWN_NICE] = "nice",
		[SPAWN_OOM] = "oom_score_adj",
		[SPAWN_GROUPS] = "groups",
		[SPAWN_USER] = "user",
		[SPAWN_PARENT] = "parent",
		[SPAWN_CWD] = "cwd",
		[SPAWN_FDS] = "fds",
		[SPAWN_EXEC] = "exec",
		[SPAWN_INTERPRETER] = "interpreter",
	};

	return stage >= 0 && stage < SPAWN_STAGE_COUNT ? names[stage] : "?";
}
