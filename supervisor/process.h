/* SPDX-License-Identifier: Apache-2.0 */
/* All of the msd process: the supervisor and what it stands on. */
#ifndef SUPERVISOR_PROCESS_H
#define SUPERVISOR_PROCESS_H

#include <stdbool.h>

#include "supervisor/daemon.h"
#include "supervisor/msd.h"
#include "supervisor/options.h"
#include "supervisor/signals.h"

struct process {
	struct msd msd;
	struct options options;
	struct daemon daemon;
	struct signals signals;
	int lock_fd;
	char *pid_path;
	char *lib_dir;
	char *cwd;
	char *self; /* our own program, as it was started */
};

/* Loop, signals, events, logs: everything that needs no configuration. */
void process_open(struct process *process);
/* What the configuration in force says about places. */
void process_settle(struct process *process);
/* Also of a half-opened one. */
void process_close(struct process *process);
/* Until the end; an exec that fails on the way is no end. */
void process_run(struct process *process);

#endif
