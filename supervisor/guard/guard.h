/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What msd knows of the guardian above it (guardian.h), when there is one.  A
 * msd that is started again reads it from the environment.
 */
#ifndef SUPERVISOR_GUARD_GUARD_H
#define SUPERVISOR_GUARD_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define GUARD_HOW_BYTES 64

struct guard {
	pid_t pid;       /* 0: there is none */
	int lock_fd;     /* of run_dir; the guardian holds it too */
	int word_fd;     /* one byte of msd's: "I stop, and end with this" */
	uint32_t starts; /* of msd, this one included */
	char how[GUARD_HOW_BYTES]; /* the last one ended; "" for the first */
};
#define GUARD_NONE                            \
	{                                     \
		.lock_fd = -1, .word_fd = -1, \
	}

/* Takes it out of the environment; false: this msd has no guardian. */
bool guard_take(struct guard *guard);
/* For an exec that follows. */
void guard_put(const struct guard *guard);
/* From now on the end of the guardian is a TERM for us.  False: it is gone. */
bool guard_tie(const struct guard *guard);
/* There was a guardian, and it has died. */
bool guard_is_lost(const struct guard *guard);
/* After this the guardian does not start msd again, however it ends. */
void guard_tell_stop(const struct guard *guard, int code);

#endif
