/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent of msd.  It waits, and does four things: it hands signals down,
 * it ends with msd's exit code, it kills whatever a dead msd leaves behind,
 * and it starts msd again when msd crashed.  It holds the lock of run_dir, so
 * there is no second msd as long as anything of the first may live.
 */
#ifndef SUPERVISOR_GUARD_GUARDIAN_H
#define SUPERVISOR_GUARD_GUARDIAN_H

#include <stdbool.h>

#include "supervisor/guard/guard.h"

struct daemon;

struct guardian {
	char **argv;           /* msd is started again with these, */
	const char *path;      /* from this file */
	int lock_fd;           /* borrowed */
	struct daemon *daemon; /* borrowed */
};

/*
 * Forks.  True in the child: it goes on as msd, *guard_r tells it about its
 * guardian.  False in the guardian, when all is over: *code_r is its exit
 * code.  A msd that is started again begins in main().
 */
bool guardian_run(const struct guardian *guardian, struct guard *guard_r,
    int *code_r);

#endif
