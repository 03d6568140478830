/* SPDX-License-Identifier: Apache-2.0 */
/*
 * There is no list of pending steps that could get out of date: what is to be
 * done next is read from the children each time.  So any event may come at
 * any moment (a death in the middle of a group restart, an operator's stop
 * during the boot), change a wish, and the next look does the right thing.
 */
#include "supervisor/steps.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child.h"
#include "supervisor/ctl.h"
#include "supervisor/fdstore.h"
#include "supervisor/msd.h"

#define TURN_MS 5u

struct batch {
	unsigned holders;
	bool young;    /* made during this look: not judged yet */
	bool stopping; /* somebody of it must stop and is not gone */
	bool starting; /* somebody earlier of it is not ready yet */
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
		if (!batch->stopping)
			child_event(child,
			    is_planned_restart(child) ? CHILD_EV_PREPARE
						      : CHILD_EV_STOP);
		batch->stopping = true;
	}
}

/* ---- starting ----------------------------------------------------------- */

static bool
is_coming(const struct child *child)
{
	return child->must_start || child->state == CHILD_STARTING;
}

/* A dependency that keeps the child from starting now, or NULL. */
static const struct child *
find_blocker(const struct msd *msd, const struct child *child)
{
	const struct worker_spec *spec = child->spec;
	const struct child *other;

	if (child->leaving)
		return NULL;
	for (size_t i = 0; i < spec->requires.count; i++) {
		other = msd->tree.children[spec->requires.at[i]];
		if (!child_is_ready(other))
			return other;
	}
	for (size_t i = 0; i < spec->wants.count; i++) {
		other = msd->tree.children[spec->wants.at[i]];
		if (is_coming(other) && !other->waits_for)
			return other;
	}
	for (size_t i = 0; i < spec->after.count; i++) {
		other = msd->tree.children[spec->after.at[i]];
		if (is_coming(other) && !other->waits_for)
			return other;
	}
	return NULL;
}

/* False: it waits, and those behind it in its batch wait with it. */
static bool
try_start(struct msd *msd, struct child *child)
{
	const struct child *blocker = find_blocker(msd, child);

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

/*
 * Each start takes some hundred microseconds: after TURN_MS of them the
 * control socket has its turn, and the dead are reaped between two.
 */
static void
advance_starts(struct msd *msd)
{
	struct mono until = mono_add_ms(mono_now(), TURN_MS);

	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];
		struct batch *batch = child->batch;

		if (!batch || batch->young)
			continue;
		if (child->state == CHILD_STARTING && !child->must_stop)
			batch->starting = true;
		if (!child->must_start)
			continue;
		if (child_is_alive(child)) {
			batch->starting = true;
			continue;
		}
		if (batch->stopping || batch->starting)
			continue;
		if (mono_reached(mono_now(), until)) {
			msd_touch(msd);
			return;
		}
		if (!try_start(msd, child))
			batch->starting = true;
		reap_meanwhile(msd);
	}
}

/* ---- done --------------------------------------------------------------- */

/* A group has started when nothing below it is on its way any more. */
static void
settle_groups(struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.group_count; i++)
		msd->tree.groups[i]->kept = false;
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct child *child = msd->tree.children[i];
		bool busy = child->must_stop ||
		    child->state == CHILD_STARTING ||
		    (child->must_start && !child->waits_for);

		if (!busy)
			continue;
		for (struct group *g = child->node.parent; g;
		     g = g->node.parent)
			g->kept = true; /* scratch: still starting */
	}
	for (size_t i = 0; i < msd->tree.group_count; i++) {
		struct group *g = msd->tree.groups[i];

		if (g->starting && !g->kept) {
			g->starting = false;
			ctl_on_state(msd->ctl); /* somebody may wait for it */
		}
	}
}

static void
settle_children(struct msd *msd)
{
	for (size_t i = msd->tree.child_count; i-- > 0;) {
		struct child *child = msd->tree.children[i];
		bool busy = child->must_stop || child->must_start ||
		    child->state == CHILD_STARTING;

		if (!busy)
			batch_leave(child);
		if (!busy && !child_is_alive(child))
			fdstore_free(&child->store); /* it is not coming back */
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
			batch->young = batch->stopping = batch->starting =
			    false;
	}
	advance_stops(msd);
	advance_starts(msd);
	settle_children(msd);
	settle_groups(msd);
	if (!msd->booted && !msd->stopping && !msd->tree.root->starting) {
		msd->booted = true;
		msd->on_booted(msd);
	}
	if (msd->stopping && !anybody_lives(msd))
		loop_stop(msd->loop);
}
