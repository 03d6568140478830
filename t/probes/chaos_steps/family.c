/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/probes/chaos_steps/chaos.h"

static pid_t
fork_or_end(void)
{
	pid_t pid = fork();

	if (pid < 0)
		chaos_broken("fork");
	return pid;
}

void
step_fork(char *value)
{
	for (int left = atoi(value); left > 0; left--)
		if (fork_or_end() == 0)
			chaos_wait();
}

void
step_child(char *value)
{
	if (fork_or_end() != 0)
		return;
	chaos_step(value);
	chaos_wait();
}

/* True in a new process without a parent of the family; when the caller goes
 * on, that process exists. */
static bool
is_orphan(void)
{
	pid_t middle = fork_or_end();

	if (middle != 0) {
		waitpid(middle, NULL, 0);
		return false;
	}
	setsid();
	if (fork_or_end() != 0)
		_exit(0);
	return true;
}

void
step_orphan(char *value)
{
	if (!is_orphan())
		return;
	chaos_step(value);
	chaos_wait();
}

void
step_setsid_orphan(char *value)
{
	for (int left = atoi(value); left > 0; left--) {
		if (!is_orphan())
			continue;
		signal(SIGTERM, SIG_IGN);
		chaos_wait();
	}
}

void
step_daemonise(char *value)
{
	(void)value;
	if (fork_or_end() != 0)
		_exit(0);
	setsid();
}

void
step_holdpipe(char *value)
{
	static const char words[] = "held\n";
	int ms = *value ? atoi(value) : -1;

	if (!is_orphan())
		return;
	signal(SIGTERM, SIG_IGN);
	for (;;) {
		poll(NULL, 0, ms);
		chaos_write(1, words, sizeof(words) - 1);
	}
}

/* Two out of every one until there are enough; fork may fail on the way. */
void
step_forkbomb(char *value)
{
	int most = atoi(value);
	atomic_int *born = mmap(NULL, sizeof(*born), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t first = getpid();

	if (born == MAP_FAILED)
		chaos_broken("map");
	while (atomic_fetch_add(born, 1) < most)
		fork();
	if (getpid() != first)
		chaos_wait();
}
