/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MAINPID: a worker may say that another of its processes is its main one
 * from now on (a server that replaces itself, a daemon that forks).  Then
 * child->pid is that one, while child->group stays what msd has started.
 */
#ifndef SUPERVISOR_CHILD_MAINPID_H
#define SUPERVISOR_CHILD_MAINPID_H

#include <stdbool.h>
#include <sys/types.h>

struct child;
struct msd;
struct moved_main;

/* False: pid is no living process of this worker; nothing has changed. */
bool mainpid_move(struct child *child, pid_t pid);
/* Signals a main process that was moved to. */
bool mainpid_signal(const struct child *child, int signo);
/* Stops watching it; harmless when it has not moved. */
void mainpid_end(struct child *child);
/* Over an exec of msd: the pidfd of a main process that was moved to, or -1;
 * and the same in the next image, where it is child->pid already. */
int mainpid_fd(const struct child *child);
void mainpid_watch(struct child *child, int pidfd);
/* The number behind a pidfd, or 0. */
pid_t mainpid_of_fd(int pidfd);

/* Whose first process this is or was, although its main has moved. */
struct child *mainpid_find_first(const struct msd *msd, pid_t pid);
/* A process that is nobody's main has been reaped. */
void mainpid_on_reaped(struct msd *msd, pid_t pid);

#endif
