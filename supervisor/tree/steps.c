/* SPDX-License-Identifier: Apache-2.0 */
/*
 * There is no list of pending steps that could get out of date: what is to be
 * done next is read from the children each time.  So any event may come at
 * any moment (a death in the middle of a group restart, an operator's stop
 * during the boot), change a wish, and the next look does the right thing.
 */
#include "supervisor/tree/steps.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/events.h"
#include "supervisor/msd.h"
#include "supervisor/tree/group_stop.h"

#define TURN_MS 5u

struct batch {
	unsigned holders;
	bool young; /* made during this look: not judged yet */
	/* whose child must stop and is not gone; NULL: nobody */
	const struct group *stopping;
	/* whose earlier child is not ready yet; NULL: nobody */
	const struct group *starting;
};

struct batch *
batch_new(void)
{
	struct batch *batch = xcalloc(1, sizeof(*batch));

	batch->holders = 1;
	batch->young = true;
	return batch;
}

void
batch_drop(struct batch **batch)
{
	if (*batch && --(*batch)->holders == 0)
		free(*batch);
	*batch = NULL;
}

void
batch_join(struct batch *batch, struct child *child)
{
	struct batch *old = child->batch;

	batch->holders++;
	child->batch = batch;
	batch_drop(&old);
}

void
batch_leave(struct child *child)
{
	batch_drop(&child->batch);
}

/* Those behind `busy` wait for it, but instances of one template neither stop
 * nor start one after the other. */
static bool
has_turn(const struct group *busy, const struct child *child)
{
	return !busy || (busy->mold && busy == child->node.parent);
}

/* ---- stopping ----------------------------------------------------------- */

/* Only who comes back has something to prepare for. */
static bool
is_planned_restart(const struct child *child)
{
	return child->must_start && !child->msd->stopping &&
	    child->spec->conf.prepare_signal != 0;
}

static void
advance_stops(struct msd *msd)
{
	for (size_t i = msd->tree.child_count; i-- > 0;) {
		struct child *child = msd->tree.children[i];
		struct batch *batch = child->batch;

		if (!child->must_stop)
			continue;
		if (!child_is_alive(child)) {
			child->must_stop = false;
			continue;
		}
		if (!batch || batch->young)
			continue;
		if (has_turn(batch->stopping, child)) {
			child_event(child,
			    is_planned_restart(child) ? CHILD_EV_PREPARE
						      : CHILD_EV_STOP);
			group_stop_begun(child);
		}
		if (!batch->stopping)
			batch->stopping = child->node.parent;
	}
}

/* ---- starting ----------------------------------------------------------- */

/* A failed start is not over before its processes are gone: only then is it
 * decided whether the supervisor has started. */
static bool
is_in_birth(const struct child *child)
{
	return child->state == CHILD_STARTING ||
	    (child_is_alive(child) && !child->was_ready);
}

static bool
is_coming(const struct child *child)
{
	return child->must_start || child->state == CHILD_STARTING;
}

static const struct child *
find_unready(const struct peers *peers)
{
	for (size_t i = 0; i < peers->count; i++)
		if (!child_is_ready(peers->at[i]))
			return peers->at[i];
	return NULL;
}

static const struct child *
find_coming(const struct peers *peers)
{
	for (size_t i = 0; i < peers->count; i++)
		if (is_coming(peers->at[i]) && !peers->at[i]->waits_for)
			return peers->at[i];
	return NULL;
}

/* A dependency that keeps the child from starting now, or NULL. */
static const struct child *
find_blocker(const struct child *child)
{
	const struct needs *needs = child_needs(child);
	const struct child *blocker = find_unready(&needs->requires);

	if (!blocker)
		blocker = find_coming(&needs->wants);
	return blocker ? blocker : find_coming(&needs->after);
}

/* False: it waits, and those behind it in its batch wait with it. */
static bool
try_start(struct child *child)
{
	const struct child *blocker = find_blocker(child);

	child->waits_for = NULL;
	if (blocker && is_coming(blocker) && !blocker->waits_for)
		return false;
	if (blocker) { /* may never come: the others need not wait for that */
		child->waits_for = blocker;
		return true;
	}
	if (child->state == CHILD_BACKOFF)
		return false;
	if (child->due.ns && !mono_reached(mono_now(), child->due)) {
		child_wait_due(child);
		return false;
	}
	child_event(child, CHILD_EV_START);
	return child->state != CHILD_STARTING;
}

static void
note_starting(struct batch *batch, const struct child *child)
{
	if (!batch->starting)
		batch->starting = child->node.parent;
}

/*
 * Each start takes some hundred microseconds: after TURN_MS of them the
 * control socket has its turn, and the dead are reaped between two.  The next
 * turn begins with whom this one did not come to: else a few that crash again
 * and again at the front would be all that is ever started.
 */
static void
advance_starts(struct msd *msd)
{
	struct mono until = mono_add_ms(mono_now(), TURN_MS);
	size_t from = msd->starts_from;

	msd->starts_from = 0;
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];
		struct batch *batch = child->batch;

		if (!batch || batch->young)
			continue;
		if (is_in_birth(child) && !child->must_stop)
			note_starting(batch, child);
		if (!child->must_start)
			continue;
		if (child_is_alive(child)) {
			note_starting(batch, child);
			continue;
		}
		if (batch->stopping || !has_turn(batch->starting, child))
			continue;
		if (i < from) {
			note_starting(batch, child);
			msd_touch(msd);
			continue;
		}
		if (mono_reached(mono_now(), until)) {
			msd->starts_from = i;
			msd_touch(msd);
			return;
		}
		if (!try_start(child))
			note_starting(batch, child);
		reap_meanwhile(msd);
	}
}

/* ---- done --------------------------------------------------------------- */

/* A group has started when nothing below it is on its way any more. */
static void
settle_groups(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.group_count; i++)
		msd->tree.groups[i]->marked = false;
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct child *child = msd->tree.children[i];
		bool busy = child->must_stop || is_in_birth(child) ||
		    (child->must_start && !child->waits_for);

		if (!busy)
			continue;
		for (struct group *g = child->node.parent; g;
		     g = g->node.parent)
			g->marked = true; /* still starting */
	}
	for (size_t i = 0; i < msd->tree.group_count; i++) {
		struct group *g = msd->tree.groups[i];

		if (g->starting && !g->marked) {
			g->starting = false;
			ctl_on_state(msd->ctl); /* somebody may wait for it */
		}
	}
}

static void
spend(struct msd *msd, struct child *child, bool spent)
{
	/* by OTP's rules nobody will hear of it again */
	if (spent && !child->spent && child->node.parent->conf.otp_strict)
		events_add(msd->events, "removed", child->node.name, "%s", "");
	child->spent = spent;
}

/* It waits for an operator, with all that is below the one who gave up. */
static bool
is_held(const struct child *child)
{
	for (const struct group *g = child->node.parent; g; g = g->node.parent)
		if (g->held)
			return true;
	return false;
}

/*
 * OTP keeps no spec of a temporary child that has ended, nor of an instance
 * that is not going to run again.  A worker of the file stays as a memory: a
 * reload would find it new otherwise.
 */
static void
settle_memory(struct msd *msd, struct child *child, bool busy)
{
	bool temporary = child->spec->conf.restart == RESTART_TEMPORARY;
	bool over = !busy && !child->leaving && !child_is_alive(child) &&
	    child->state != CHILD_BACKOFF &&
	    (child->generation > 0 || child->origin == CHILD_INSTANCE);

	if (child->origin == CHILD_OF_FILE)
		spend(msd, child, over && temporary);
	else if (!over)
		return;
	else if (temporary ||
	    (child->origin == CHILD_INSTANCE && !is_held(child)))
		tree_retire(&msd->tree, child);
}

static void
settle_children(struct msd *msd)
{
	for (size_t i = msd->tree.child_count; i-- > 0;) {
		struct child *child = msd->tree.children[i];
		bool busy =
		    child->must_stop || child->must_start || is_in_birth(child);

		if (!busy)
			batch_leave(child);
		if (!busy && !child_is_alive(child))
			fdstore_free(&child->store); /* it is not coming back */
		settle_memory(msd, child, busy);
		if (child->leaving && !child_is_alive(child)) {
			batch_leave(child);
			msd_forget(msd, child);
		}
	}
}

static bool
anybody_lives(const struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++)
		if (child_is_alive(msd->tree.children[i]))
			return true;
	return false;
}

void
steps_advance(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct batch *batch = msd->tree.children[i]->batch;

		if (batch)
			*batch = (struct batch){ .holders = batch->holders };
	}
	advance_stops(msd);
	advance_starts(msd);
	settle_children(msd);
	settle_groups(msd);
	group_stop_settle(msd);
	if (!msd->booted && !msd->stopping && !msd->tree.root->starting) {
		msd->booted = true;
		msd->on_booted(msd);
	}
	if (msd->stopping && !anybody_lives(msd))
		loop_stop(msd->loop);
}
