/* SPDX-License-Identifier: Apache-2.0 */
/* One msd per run directory, and the file that names it. */
#ifndef SUPERVISOR_LOCKFILE_H
#define SUPERVISOR_LOCKFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/*
 * Locks path (made when missing) for the life of *fd_r, and writes our pid
 * into it.  MS_EBUSY: somebody else has it; *holder_r is his pid (0 unknown).
 * Waits some seconds for what a holder that was killed has left.
 */
enum ms_err lockfile_take(const char *path, int *fd_r, pid_t *holder_r,
    struct why *why);
/* Writes our pid into it. */
bool lockfile_sign(int fd);
/* Is fd a lock of path? */
bool lockfile_is(const char *path, int fd);

#endif
