/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups of the workers: limits, and a kill that nobody escapes.
 * Everything lies below msd's own group in a folder named after run_dir
 * (ms:run:ms), a directory w-NAME per worker that runs.  Without usable
 * groups all of this does nothing, also where msd->cgroups is NULL.
 */
#ifndef SUPERVISOR_LAUNCH_CGROUP_H
#define SUPERVISOR_LAUNCH_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "proto/conf/msd.h"
#include "supervisor/launch/cgroup_path.h"

struct cgroups;
struct child;

/* guardian: moves along with msd when msd must move; 0: none. */
struct cgroups *cgroups_new(const char *run_dir, pid_t guardian);
/* Kills and removes what a dead msd of this run_dir has left. */
void cgroups_clear(struct cgroups *cgroups);
/* Removes what is empty. */
void cgroups_free(struct cgroups **cgroups);

/* What conf asks for and cannot have here ("memory_max pids_max"); "" when it
 * can have all.  Changes nothing. */
#define CGROUP_LACKS_BYTES 64
const char *cgroups_lack(const struct cgroups *cgroups,
    const struct worker_conf *conf, char out[static CGROUP_LACKS_BYTES]);

/* What a new process of a child has to join. */
struct cgroup_join {
	int fds[CGROUP_KINDS]; /* directories; the unified one first */
	size_t count;
	bool is_v2; /* the first is */
};
/* Makes the child's directories and sets its limits.  What cannot be had is
 * an error with errno if cgroup = required, and otherwise said once. */
enum ms_err cgroup_enter(struct child *child, struct cgroup_join *join_r,
    struct why *why);
void cgroup_join_fini(struct cgroup_join *join);

void cgroup_kill(struct child *child);
bool cgroup_is_empty(const struct child *child);
/* Has the kernel killed somebody of this generation for memory? */
bool cgroup_had_oom(const struct child *child);
/* Nobody of this generation lives.  Its directories stay when it comes back
 * (again) and nobody was killed through them. */
void cgroup_leave(struct child *child, bool again);
/* The name of the worker in whose directory pid lives; false: in none. */
#define CGROUP_NAME_BYTES 256
bool cgroup_find_worker(const struct cgroups *cgroups, pid_t pid,
    char name[static CGROUP_NAME_BYTES]);

#endif
