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

/* Opens child->notify_fd and names it in child->notify_path. */
enum ms_err notify_sock_open(struct child *child, struct why *why);
/* Handles what has arrived, at most `max` datagrams. */
void notify_sock_read(struct child *child, unsigned max);
void notify_sock_close(struct child *child);

#endif
