/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are merged: one SIGCHLD may stand for a hundred deaths, so this
 * goes on until nothing is left.  An unknown pid is an adopted orphan (msd is
 * a subreaper) and normal.
 *
 * Reaping is cheap and handling is not (descriptors, log lines, a new
 * process), so between two deaths handled all that have died meanwhile are
 * reaped: no zombie waits for the restart of another worker.
 *
 * A main process is looked at before it is reaped: as long as it is a zombie
 * its number cannot be given to another, so its group can be killed safely.
 * Deaths of one turn are handled in start order: a rest_for_one that covers
 * the later ones is then one restart, not several.
 */
#include "supervisor/launch/reap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "supervisor/child/child.h"
#include "supervisor/child/hear.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/probe.h"
#include "supervisor/launch/orphans.h"
#include "supervisor/msd.h"
#include "supervisor/state/reexec.h"

/* A worker that forks without end must not keep msd here. */
#define STRANGERS_MAX 4096u
#define HANDLED_MAX   8u /* before the next look at who has died */

static int
compare_places(const void *a, const void *b)
{
	const struct child *const *x = a, *const *y = b;

	if ((*x)->place != (*y)->place)
		return (*x)->place < (*y)->place ? 1 : -1;
	return 0;
}

void
reaper_add(struct reaper *r, struct child *child)
{
	r->sorted = false;
	if (r->count == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->dead =
		    xreallocarray(r->dead, r->cap, sizeof(struct child *));
	}
	r->dead[r->count++] = child;
}

static bool
reap_one(struct msd *msd)
{
	siginfo_t info = { .si_pid = 0 };
	struct child *child;
	struct probe *probe;
	bool stops;
	pid_t pid;

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return false;
	pid = info.si_pid;
	child = tree_find_pid(&msd->tree, pid);
	if (child) { /* its last word may be that another is the main one */
		hear_out(child);
		child = tree_find_pid(&msd->tree, pid);
	}
	probe = child ? NULL : probes_find(msd, pid);
	stops = child && child_group_stops(child);
	if ((child && !stops) || probe)
		kill(child ? -child->group : -pid, SIGKILL);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) < 0)
		return false;
	if (child) {
		/* killed already, but not gone: it had others in its group */
		child->outlived = !stops && kill(-child->group, 0) == 0;
		tree_release_pid(&msd->tree, child);
		child->wait_code = info.si_code;
		child->wait_status = info.si_status;
		reaper_add(&msd->reaper, child);
	} else if (probe) {
		probe_note_end(probe, &info);
	} else if (!reexec_note_end(msd->reexec, &info)) {
		mainpid_on_reaped(msd, pid);
		msd->strangers++;
		msd->reaper.strangers++;
	}
	return true;
}

static bool
has_work(const struct msd *msd)
{
	return msd->reaper.count > 0 || msd->reaper.strangers > 0 ||
	    probes_have_ended(&msd->probes);
}

void
reap_meanwhile(struct msd *msd)
{
	size_t limit = msd->reaper.strangers + STRANGERS_MAX;

	while (msd->reaper.strangers < limit && reap_one(msd))
		;
	if (has_work(msd) && !msd->reap_task.queued)
		loop_later(msd->loop, &msd->reap_task);
}

/* Those reaped meanwhile join the rest; the first in start order is last. */
static void
handle_some(struct msd *msd)
{
	struct reaper *r = &msd->reaper;

	if (!r->sorted)
		qsort(r->dead, r->count, sizeof(struct child *),
		    compare_places);
	r->sorted = true;
	for (unsigned i = 0; i < HANDLED_MAX && r->count > 0; i++)
		child_event(r->dead[--r->count], CHILD_EV_EXIT);
}

void
reap(struct msd *msd)
{
	reap_meanwhile(msd);
	while (msd->reaper.count > 0) {
		handle_some(msd);
		reap_meanwhile(msd);
	}
	msd->reaper.strangers = 0;
	probes_settle(msd);
	orphans_sweep(msd);
}

void
reaper_fini(struct reaper *reaper)
{
	free(reaper->dead);
	*reaper = (struct reaper){ .count = 0 };
}
