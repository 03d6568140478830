/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the file system the control group of a process lies.  Pure. */
#ifndef SUPERVISOR_LAUNCH_CGROUP_PATH_H
#define SUPERVISOR_LAUNCH_CGROUP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

/* A hierarchy: the unified one, or one of version 1 with this controller. */
enum cgroup_kind {
	CGROUP_V2,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_KINDS
};

#define CGROUP_PATH_BYTES   512
#define CGROUP_FOLDER_BYTES 200

/* The folder of the msd of this run_dir: no other one's; false: too long. */
bool cgroup_folder(const char *run_dir, char out[static CGROUP_FOLDER_BYTES]);

const char *cgroup_kind_name(enum cgroup_kind kind); /* "memory" */
/* From the texts of /proc/PID/cgroup and /proc/self/mountinfo; false when
 * that hierarchy is not mounted, or the process lies outside of the mount. */
bool cgroup_find(struct slice cgroups, struct slice mounts,
    enum cgroup_kind kind, char out[static CGROUP_PATH_BYTES]);
/* The path after "0::" or "N:controllers:"; empty when there is none. */
struct slice cgroup_of(struct slice cgroups, enum cgroup_kind kind);
/* The number after `key` in lines "key value"; 0 when there is none. */
uint64_t cgroup_count(struct slice text, const char *key);
/* Is a word of a list ("memory pids", separated by sep)? */
bool cgroup_lists(struct slice list, char sep, const char *word);

#endif
