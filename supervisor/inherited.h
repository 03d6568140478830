/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that our own manager has opened for us (LISTEN_FDS). */
#ifndef SUPERVISOR_INHERITED_H
#define SUPERVISOR_INHERITED_H

#include <sys/types.h>

/*
 * The listening Unix socket bound to path, made ready for a loop; -1: none was
 * passed to `pid`.  The caller owns it, the file stays the manager's.
 */
int inherited_unix(pid_t pid, const char *path);

#endif
