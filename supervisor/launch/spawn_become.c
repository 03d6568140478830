/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between birth and exec only async-signal-safe calls, in an order that
 * matters: limits while we still may, the death signal after the credential
 * change (which clears it), then a look whether msd is still there (it may
 * have died before the signal was armed), descriptors last.
 *
 * The memory may be msd's own (spawn.c): nothing but locals and the pid slots
 * of the plan is written.  Any stage that fails ends the process: never a
 * weaker start.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "supervisor/launch/signals_default.h"
#include "supervisor/launch/spawn.h"

/* This machine counts pids in 7 digits; pid_t has at most 10. */
static void
write_pid(char *slot, pid_t pid)
{
	char digits[sizeof(SPAWN_PID_SLOT)];
	size_t n = 0;

	if (!slot)
		return;
	do
		digits[n++] = (char)('0' + pid % 10);
	while ((pid /= 10) > 0);
	for (size_t i = 0; i < n; i++)
		slot[i] = digits[n - 1 - i];
	slot[n] = '\0';
}

/* in_cgroup: born in the v2 one. */
static bool
join_cgroups(const struct spawn_plan *plan, bool in_cgroup)
{
	size_t i = in_cgroup && plan->cgroup_is_v2 ? 1 : 0;

	for (; i < plan->cgroup_count; i++) {
		int fd = openat(plan->cgroup_fds[i], "cgroup.procs",
		    O_WRONLY | O_CLOEXEC);
		bool ok = fd >= 0 && write(fd, "0", 1) == 1;

		if (!ok)
			return false;
		fd_close(&fd);
	}
	return true;
}

static bool
set_limits(const struct spawn_plan *plan)
{
	static const int resources[LIMIT_COUNT] = {
		[LIMIT_NOFILE] = RLIMIT_NOFILE,
		[LIMIT_NPROC] = RLIMIT_NPROC,
		[LIMIT_CORE] = RLIMIT_CORE,
		[LIMIT_AS] = RLIMIT_AS,
		[LIMIT_STACK] = RLIMIT_STACK,
		[LIMIT_MEMLOCK] = RLIMIT_MEMLOCK,
		[LIMIT_FSIZE] = RLIMIT_FSIZE,
		[LIMIT_CPU] = RLIMIT_CPU,
		[LIMIT_DATA] = RLIMIT_DATA,
	};

	if (setrlimit(RLIMIT_NOFILE, &plan->nofile) < 0)
		return false;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_conf *limit = plan->limits[i];
		struct rlimit value;

		if (!limit)
			continue;
		value = (struct rlimit){ limit->soft, limit->hard };
		if (setrlimit((__rlimit_resource_t)resources[i], &value) < 0)
			return false;
	}
	return true;
}

static bool
set_oom(int score)
{
	char text[16];
	size_t n = sizeof(text), left = (size_t)abs(score);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	do
		text[--n] = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (score < 0)
		text[--n] = '-';
	ok = write(fd, text + n, sizeof(text) - n) > 0;
	fd_close(&fd);
	return ok;
}

/* Sources may lie where targets go: first all of them move out of the way. */
static bool
place_fds(const struct spawn_plan *plan, int *error_fd)
{
	int moved[SPAWN_PASS_MAX], base = 10, out, null;

	for (size_t i = 0; i < plan->pass_count; i++)
		if (plan->pass[i].to >= base)
			base = plan->pass[i].to + 1;
	if (plan->pass_count > SPAWN_PASS_MAX) {
		errno = E2BIG;
		return false;
	}
	if (*error_fd >= 0) {
		*error_fd = fcntl(*error_fd, F_DUPFD_CLOEXEC, base);
		if (*error_fd < 0)
			return false;
	}
	out = fcntl(plan->out_fd, F_DUPFD_CLOEXEC, base);
	null = fcntl(plan->null_fd, F_DUPFD_CLOEXEC, base);
	if (out < 0 || null < 0)
		return false;
	for (size_t i = 0; i < plan->pass_count; i++) {
		moved[i] = fcntl(plan->pass[i].from, F_DUPFD_CLOEXEC, base);
		if (moved[i] < 0)
			return false;
	}
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return false;
	if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return false;
	for (size_t i = 0; i < plan->pass_count; i++)
		if (dup2(moved[i], plan->pass[i].to) < 0)
			return false;
	return true;
}

enum spawn_stage
spawn_become(const struct spawn_plan *plan, bool in_cgroup, int *error_fd)
{
	if (setsid() < 0)
		return SPAWN_SESSION;
	if (!join_cgroups(plan, in_cgroup))
		return SPAWN_CGROUP;
	if (!set_limits(plan))
		return SPAWN_LIMITS;
	if (plan->nice && setpriority(PRIO_PROCESS, 0, plan->nice) < 0)
		return SPAWN_NICE;
	if (plan->sets_oom && !set_oom(plan->oom_score_adj) && plan->oom_must)
		return SPAWN_OOM;
	if (plan->sets_groups && setgroups(plan->group_count, plan->groups) < 0)
		return SPAWN_GROUPS;
	if (plan->sets_group && setgid(plan->gid) < 0)
		return SPAWN_GROUPS;
	if (plan->sets_user && setuid(plan->uid) < 0)
		return SPAWN_USER;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return SPAWN_PARENT;
	if (getppid() != plan->parent) {
		errno = ESRCH;
		return SPAWN_PARENT;
	}
	if (plan->cwd && chdir(plan->cwd) < 0)
		return SPAWN_CWD;
	if (plan->umask != UINT32_MAX)
		umask(plan->umask);
	if (!place_fds(plan, error_fd))
		return SPAWN_FDS;
	write_pid(plan->listen_pid, getpid());
	write_pid(plan->watchdog_pid, getpid());
	signals_default();
	execve(plan->path, plan->argv, plan->envp);
	return SPAWN_EXEC;
}
