/* SPDX-License-Identifier: Apache-2.0 */
/* The process that is asked whether it would take a state over. */
#ifndef SUPERVISOR_STATE_REEXEC_CHECK_H
#define SUPERVISOR_STATE_REEXEC_CHECK_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

struct reexec_check {
	pid_t pid; /* 0: none runs */
	int said;  /* what it has said, a file in memory */
};

void reexec_check_init(struct reexec_check *check);
void reexec_check_fini(struct reexec_check *check);
/* Runs path on the state in fd. */
bool reexec_check_start(struct reexec_check *check, const char *path, int fd,
    struct why *why);
void reexec_check_kill(const struct reexec_check *check);
/* It was reaped.  True: it takes the state over; else why not. */
bool reexec_check_end(struct reexec_check *check, const siginfo_t *info,
    struct why *why);

#endif
