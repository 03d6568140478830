/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd replaces its own program and keeps everything: its number, its children,
 * their descriptors, timers and histories, the clients of the control socket.
 *
 * First the new program is asked, in a process of its own, whether it takes
 * the state over (`msd --resume-check FD`).  Only when it says so does msd
 * write its state once more and exec.  Whatever fails: the old image goes on.
 */
#ifndef SUPERVISOR_STATE_REEXEC_H
#define SUPERVISOR_STATE_REEXEC_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/* The next image finds the descriptor of its state there. */
#define ENV_RESUME "MS_RESUME"
/* What a program says on its standard output when it takes a state over. */
#define REEXEC_ACCEPTED "msd takes over, state schema "

struct msd;
struct reexec;
struct state_out;

struct reexec_desc {
	struct msd *msd;
	const char *path; /* of the program */
	char **argv;
	/* writes all of the state */
	void (*save)(struct msd *msd, struct state_out *out);
};
struct reexec *reexec_new(const struct reexec_desc *desc);
void reexec_free(struct reexec **reexec);

/* Starts the check; the loop does the rest.  MS_EBUSY: one is under way. */
enum ms_err reexec_begin(struct reexec *reexec, struct why *why);
/* The loop was ended for it: now.  Comes back only when it failed. */
bool reexec_is_due(const struct reexec *reexec);
void reexec_run(struct reexec *reexec);

/* For the reaper: was that the check? */
bool reexec_note_end(struct reexec *reexec, const siginfo_t *info);
/* Is the process the check?  (It is nobody's leftover.) */
bool reexec_owns(const struct reexec *reexec, pid_t pid);

#endif
