/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/guard/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"

#define ENV_GUARD "MS_GUARD"

bool
guard_take(struct guard *guard)
{
	const char *text = getenv(ENV_GUARD);
	struct guard g = GUARD_NONE;
	int pid;

	/* a copy of the variable in some other process means nothing */
	if (text &&
	    sscanf(text, "%d %d %d %u %63[^\n]", &pid, &g.lock_fd, &g.word_fd,
		&g.starts, g.how) >= 4 &&
	    pid == getppid() && fd_set_cloexec(g.lock_fd, true) &&
	    fd_set_cloexec(g.word_fd, true)) {
		g.pid = pid;
		*guard = g;
	}
	unsetenv(ENV_GUARD);
	return guard->pid != 0;
}

void
guard_put(const struct guard *guard)
{
	char text[GUARD_HOW_BYTES + 64];

	snprintf(text, sizeof(text), "%d %d %d %u %s", (int)guard->pid,
	    guard->lock_fd, guard->word_fd, guard->starts, guard->how);
	setenv(ENV_GUARD, text, 1);
	fd_set_cloexec(guard->lock_fd, false);
	fd_set_cloexec(guard->word_fd, false);
}

bool
guard_tie(const struct guard *guard)
{
	if (guard->pid == 0)
		return true;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		log_warn("the end of the guardian will not be noticed",
		    "errno=%d", errno);
	/* it may have died before that */
	return !guard_is_lost(guard);
}

bool
guard_is_lost(const struct guard *guard)
{
	return guard->pid != 0 && getppid() != guard->pid;
}

void
guard_tell_stop(const struct guard *guard, int code)
{
	unsigned char byte = (unsigned char)code;

	if (guard->pid != 0 && write(guard->word_fd, &byte, 1) != 1)
		log_debug("guardian does not listen", "errno=%d", errno);
}
