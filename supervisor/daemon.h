/* SPDX-License-Identifier: Apache-2.0 */
/* msd -D: the starter waits until the tree is ready, then leaves. */
#ifndef SUPERVISOR_DAEMON_H
#define SUPERVISOR_DAEMON_H

#include <stdbool.h>

/* Not a daemon: all functions but daemon_fork() do nothing. */
struct daemon {
	int report_fd; /* daemon: to the starter; starter: from the daemon */
	int log_fd;
	char *log_path;
};
#define DAEMON_NONE                           \
	{                                     \
		.report_fd = -1, .log_fd = -1 \
	}

/* True in the daemon: a session of its own, stdin from /dev/null. */
bool daemon_fork(struct daemon *daemon);
/* The starter: the exit code the daemon reports, 1 when it dies silently. */
int daemon_await(struct daemon *daemon);
/* From now on msd's own lines go to log_dir/msd.log. */
void daemon_log(struct daemon *daemon, const char *log_dir);
void daemon_reopen(struct daemon *daemon);
/* On the starter's terminal, while it waits: why there will be no tree (NULL:
 * no words). */
void daemon_say(const struct daemon *daemon, const char *reason);
/* Lets go of the terminal of the starter. */
void daemon_let_go(const struct daemon *daemon);
/* Once: tells the starter and lets go of its terminal. */
void daemon_report(struct daemon *daemon, int code);

#endif
