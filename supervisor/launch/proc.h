/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc tells of processes.  Nothing here allocates. */
#ifndef SUPERVISOR_LAUNCH_PROC_H
#define SUPERVISOR_LAUNCH_PROC_H

#include <stdbool.h>
#include <sys/types.h>

struct proc_stat {
	char state; /* 'Z': dead, not reaped */
	pid_t parent, group, session;
	unsigned long long start; /* clock ticks after boot */
};
/* From /proc/PID/stat; false, with errno, when it cannot be read: ENOENT when
 * there is no such process. */
bool proc_stat_read(pid_t pid, struct proc_stat *stat_r);

/* Calls each() for every child of this process, zombies included.  False with
 * errno: there may be more. */
bool proc_children(void (*each)(pid_t pid, void *arg), void *arg);

#endif
