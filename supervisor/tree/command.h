/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator may ask of a worker, and what that means in each of the
 * nine outward states: one table, no undefined cell.
 */
#ifndef SUPERVISOR_TREE_COMMAND_H
#define SUPERVISOR_TREE_COMMAND_H

#include "supervisor/child/child.h"
#include "supervisor/refusal.h"

enum command {
	COMMAND_START,
	COMMAND_STOP,
	COMMAND_RESTART,
	COMMAND_KILL,
	COMMAND_SIGNAL,
	COMMAND_RELOAD, /* its reload_signal */
	COMMAND_COUNT
};

enum command_answer {
	COMMAND_UNDEFINED, /* no cell has this */
	COMMAND_DO,
	COMMAND_DONE, /* it is so already */
	COMMAND_RUNNING,
	COMMAND_RESTARTING,
	COMMAND_NO_PROCESS
};

/* Pure. */
enum command_answer command_judge(enum command command, enum child_face face);

/* Judges and does it, to a worker or to all workers below a supervisor.
 * signo: for COMMAND_SIGNAL. */
bool command_run(struct msd *msd, struct node *node, enum command command,
    int signo, struct refusal *refusal);

#endif
