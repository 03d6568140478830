/* SPDX-License-Identifier: Apache-2.0 */
/* A child's process: from its spec to a plan to a pid. */
#ifndef SUPERVISOR_LAUNCH_LAUNCH_H
#define SUPERVISOR_LAUNCH_LAUNCH_H

#include <stdbool.h>

#include "common/err.h"

struct child;
struct spawn_error;
struct spawn_result;

/* Starts a new generation.  False: child->doom says at which stage it failed
 * and why; there is no process then. */
bool child_launch(struct child *child);
/* READY when nothing but the program's start is waited for and it is known;
 * to be called in CHILD_STARTING. */
void child_launched(struct child *child);
/* The process came to life, but did not become the program. */
void child_not_started(struct child *child, const struct spawn_error *failed);
/*
 * Starts the program of its `check` as the worker's user, in its directory
 * and environment, with MAINPID and without the channels of the worker.
 * False: `why` or errno says why.
 */
bool child_launch_probe(struct child *child, int out_fd,
    struct spawn_result *result_r, struct why *why);

#endif
