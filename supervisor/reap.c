/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are merged: one SIGCHLD may stand for a hundred deaths, so this
 * goes on until nothing is left.  An unknown pid is an adopted orphan (msd is
 * a subreaper) and normal.
 *
 * A main process is looked at before it is reaped: as long as it is a zombie
 * its number cannot be given to another, so its group can be killed safely.
 * Deaths of one turn are handled in start order: a rest_for_one that covers
 * the later ones is then one restart, not several.
 */
#include "supervisor/reap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "supervisor/child.h"
#include "supervisor/msd.h"
#include "supervisor/orphans.h"

struct dead {
	struct child **child;
	size_t count;
	size_t cap;
};

static int
compare_places(const void *a, const void *b)
{
	const struct child *const *x = a, *const *y = b;

	if ((*x)->place != (*y)->place)
		return (*x)->place < (*y)->place ? -1 : 1;
	return 0;
}

static void
note_death(struct dead *dead, struct child *child, const siginfo_t *info)
{
	child->wait_code = info->si_code;
	child->wait_status = info->si_status;
	if (dead->count == dead->cap) {
		dead->cap = dead->cap ? dead->cap * 2 : 16;
		dead->child = xreallocarray(dead->child, dead->cap,
		    sizeof(struct child *));
	}
	dead->child[dead->count++] = child;
}

static bool
reap_one(struct msd *msd, struct dead *dead)
{
	siginfo_t info = { .si_pid = 0 };
	struct child *child;
	pid_t pid;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return false;
	pid = info.si_pid;
	child = tree_find_pid(&msd->tree, pid);
	if (child)
		kill(-pid, SIGKILL);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) < 0)
		return false;
	if (child)
		note_death(dead, child, &info);
	else
		msd->strangers++;
	return true;
}

void
reap(struct msd *msd)
{
	struct dead dead = { .count = 0 };

	while (reap_one(msd, &dead))
		;
	if (dead.count > 1)
		qsort(dead.child, dead.count, sizeof(struct child *),
		    compare_places);
	for (size_t i = 0; i < dead.count; i++)
		child_event(dead.child[i], CHILD_EV_EXIT);
	free(dead.child);
	orphans_sweep(msd);
}
