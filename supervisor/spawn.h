/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process from a plan.  The plan is complete before fork(): nothing is
 * allocated, looked up or locked after it.  What fails in the new process is
 * reported through error_fd as a struct spawn_error; end of file there means
 * that the program runs.
 */
#ifndef SUPERVISOR_SPAWN_H
#define SUPERVISOR_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "proto/conf/msd.h"

enum spawn_stage {
	SPAWN_PREPARE, /* before fork */
	SPAWN_ENV,
	SPAWN_LISTEN,
	SPAWN_LOG,
	SPAWN_FORK,
	SPAWN_SESSION,
	SPAWN_LIMITS,
	SPAWN_NICE,
	SPAWN_OOM,
	SPAWN_GROUPS,
	SPAWN_USER,
	SPAWN_PARENT,
	SPAWN_CWD,
	SPAWN_FDS,
	SPAWN_EXEC,
	SPAWN_STAGE_COUNT
};

struct spawn_error {
	int stage;
	int error;
};

struct spawn_fd {
	int from, to;
};

#define SPAWN_PID_SLOT "00000000000" /* room for any pid_t */

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
	const struct limit_conf *limits; /* LIMIT_COUNT of them */
	struct rlimit nofile;            /* when limits do not say */
	int nice;
	int oom_score_adj;
	pid_t parent;
	int null_fd;
	int out_fd;
	const struct spawn_fd *pass;
	size_t pass_count;
};

/* The new pid, or -1 with errno.  *error_fd_r: nonblocking, CLOEXEC. */
pid_t spawn(const struct spawn_plan *plan, int *error_fd_r);
const char *spawn_stage_name(int stage);

#endif
