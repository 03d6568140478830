/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only direct children are known to be ours and not somebody with a reused
 * number; the children of what is killed become ours in turn, so sweeping
 * until none is left gets them all.  Nothing is reaped while the list is read:
 * it stays exact.
 */
#include "supervisor/guard/guardian_sweep.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "supervisor/launch/proc.h"

static void
kill_one(pid_t pid, void *arg)
{
	size_t *count = arg;

	*count += kill(pid, SIGKILL) == 0;
}

size_t
guardian_sweep(void)
{
	size_t count = 0;

	proc_children(kill_one, &count);
	return count;
}

bool
guardian_reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0 && errno == ECHILD;
}
