/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process from a plan.  The plan is complete before the process exists:
 * nothing is allocated, looked up or locked in it.  What fails there is
 * reported with its stage.
 */
#ifndef SUPERVISOR_LAUNCH_SPAWN_H
#define SUPERVISOR_LAUNCH_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "proto/conf/msd.h"
#include "proto/contract.h"

enum spawn_stage {
	SPAWN_PREPARE, /* before fork */
	SPAWN_ENV,
	SPAWN_LISTEN,
	SPAWN_LOG,
	SPAWN_FORK,
	SPAWN_SESSION,
	SPAWN_CGROUP,
	SPAWN_LIMITS,
	SPAWN_NICE,
	SPAWN_OOM,
	SPAWN_GROUPS,
	SPAWN_USER,
	SPAWN_PARENT,
	SPAWN_CWD,
	SPAWN_FDS,
	SPAWN_EXEC,
	SPAWN_INTERPRETER, /* exec, of a script whose first line is wrong */
	SPAWN_STAGE_COUNT
};

struct spawn_error {
	int stage;
	int error;
};

struct spawn_fd {
	int from, to;
};

#define SPAWN_PASS_MAX (PASSED_FDS_MAX + 2) /* ready = fd:N, orders of logs */
#define SPAWN_PID_SLOT "00000000000"        /* room for any pid_t */

struct spawn_plan {
	const char *path;
	char **argv;
	char **envp;
	char *listen_pid;   /* in envp: a SPAWN_PID_SLOT to write into */
	char *watchdog_pid; /* likewise; each may be NULL */
	const char *cwd;    /* NULL: stay */
	uint32_t umask;     /* UINT32_MAX: keep */
	bool sets_user;
	bool sets_group;
	bool sets_groups;
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t group_count;
	const struct limit_conf *const *limits; /* LIMIT_COUNT; NULL: none */
	struct rlimit nofile;                   /* when limits do not say */
	int nice;
	bool sets_oom;
	bool oom_must; /* a start that cannot set it fails */
	int oom_score_adj;
	const int *cgroup_fds; /* directories it joins, the v2 one first */
	size_t cgroup_count;
	bool cgroup_is_v2; /* the first is */
	pid_t parent;
	int null_fd;
	int out_fd;
	const struct spawn_fd *pass;
	size_t pass_count;
};

struct spawn_result {
	pid_t pid;
	/* -1: the outcome is known.  Otherwise (nonblocking, CLOEXEC) a struct
	 * spawn_error arrives here, or end of file when the program runs. */
	int error_fd;
	struct spawn_error failed; /* stage < 0: the program runs */
};

/* False: there is no process; errno says why. */
bool spawn(const struct spawn_plan *plan, struct spawn_result *result_r);
/* In the new process: becomes the program, or returns the stage that failed
 * with errno.  *error_fd (-1: none) is moved out of the way. */
enum spawn_stage spawn_become(const struct spawn_plan *plan, bool in_cgroup,
    int *error_fd);
const char *spawn_stage_name(int stage);

#endif
