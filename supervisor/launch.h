/* SPDX-License-Identifier: Apache-2.0 */
/* A child's process: from its spec to a plan to a pid, and the descriptors msd
 * keeps to listen to it. */
#ifndef SUPERVISOR_LAUNCH_H
#define SUPERVISOR_LAUNCH_H

#include <stdbool.h>

#include "common/err.h"

struct child;
struct spawn_result;

void child_init_launch(struct child *child);
/* Starts a new generation.  False: child->doom says at which stage it failed
 * and why; there is no process then. */
bool child_launch(struct child *child);
/* READY when nothing but the program's start is waited for and it is known;
 * to be called in CHILD_STARTING. */
void child_launched(struct child *child);
/*
 * Starts the program of its `check` as the worker's user, in its directory
 * and environment, with MAINPID and without the channels of the worker.
 * False: `why` or errno says why.
 */
bool child_launch_probe(struct child *child, int out_fd,
    struct spawn_result *result_r, struct why *why);
/* Takes all it has said so far to its notify socket. */
void child_hear_out(struct child *child);
/* Takes what the process has said last (a failed exec, READY, STATUS), then
 * closes everything that was only for this generation. */
void child_end_launch(struct child *child);

#endif
