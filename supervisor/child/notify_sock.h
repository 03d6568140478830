/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The abstract datagram socket of one generation of one worker.  Its name
 * cannot be guessed and dies with the generation, so a late word of an old
 * process is never taken for the new one's.
 */
#ifndef SUPERVISOR_CHILD_NOTIFY_SOCK_H
#define SUPERVISOR_CHILD_NOTIFY_SOCK_H

#include "common/err.h"

struct child;

/* Of a socket's name, its "@" and NUL included. */
#define NOTIFY_PATH_BYTES 108

/* Opens child->notify_fd; path_r is what the process will be told. */
enum ms_err notify_sock_open(struct child *child,
    char path_r[static NOTIFY_PATH_BYTES], struct why *why);
/* Handles what has arrived, at most `max` datagrams. */
void notify_sock_read(struct child *child, unsigned max);
void notify_sock_close(struct child *child);

#endif
