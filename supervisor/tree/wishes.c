/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions become marks on children: who must stop, who must start, where
 * they rest in between.  Nothing happens here; steps.c acts at the end of the
 * turn, on what all decisions of the turn have left.
 */
#include "supervisor/tree/wishes.h"

#include "supervisor/msd.h"
#include "supervisor/tree/group_stop.h"
#include "supervisor/tree/steps.h"
#include "supervisor/tree/strategy.h"

/* ---- marking ------------------------------------------------------------ */

static void
mark_stop(struct child *child, enum exit_cause cause, enum child_state rest)
{
	if (!child_is_alive(child)) {
		if (rest != CHILD_DOWN || child->state == CHILD_BACKOFF)
			child_rest(child, rest);
		return;
	}
	child->must_stop = true;
	child->stop_rest = rest;
	child->rest = rest;
	if (child->stop_cause == EXIT_BY_SELF)
		child->stop_cause = cause;
}

static bool
requires_marked(const struct child *child)
{
	const struct peers *requires = &child_needs(child)->requires;

	for (size_t i = 0; i < requires->count; i++)
		if (requires->at[i]->marked)
			return true;
	return false;
}

/* Those that require a member stop before it and come back after it.  The
 * start order lists every dependency before its dependents: one walk. */
static void
mark_dependents(struct msd *msd, struct batch *batch, enum exit_cause cause)
{
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		child->marked = child->batch == batch;
		if (child->marked || !requires_marked(child) ||
		    !(child_is_alive(child) || child->must_start))
			continue;
		child->marked = true;
		child->must_start = child->want == WANT_UP &&
		    child->spec->conf.restart != RESTART_TEMPORARY;
		if (cause == EXIT_BY_SIBLING && child->must_start)
			child->restarts++;
		mark_stop(child, cause, CHILD_DOWN);
		batch_join(batch, child);
	}
}

/* Nobody can require an instance: there may be thousands, each its own wish. */
static void
mark_dependents_of(const struct child *child, struct batch *batch,
    enum exit_cause cause)
{
	if (child->origin != CHILD_INSTANCE)
		mark_dependents(child->msd, batch, cause);
}

void
wish_stop(struct child *child, enum exit_cause cause, enum child_state rest,
    struct batch *batch)
{
	child->must_start = false;
	mark_stop(child, cause, rest);
	batch_join(batch, child);
	mark_dependents_of(child, batch, cause);
	msd_touch(child->msd);
}

void
wish_start(struct child *child, enum exit_cause cause, struct batch *batch)
{
	child->must_start = true;
	child->waits_for = NULL;
	mark_stop(child, cause, CHILD_DOWN);
	batch_join(batch, child);
	mark_dependents_of(child, batch, cause);
	msd_touch(child->msd);
}

/* ---- groups ------------------------------------------------------------- */

/* A child that a group restart takes along. */
static void
mark_member(struct child *child, struct batch *batch)
{
	bool strict = child->node.parent->conf.otp_strict;
	bool revives = strategy_revives(child->spec->conf.restart,
	    child->want == WANT_DOWN, strict);

	if (child->want == WANT_DOWN && !strict && !child_is_alive(child))
		return;
	if (revives && strict)
		child->want = WANT_UP;
	child->must_start = revives;
	mark_stop(child, EXIT_BY_SIBLING,
	    revives || child->spec->conf.restart != RESTART_TEMPORARY
		? CHILD_DOWN
		: CHILD_EXITED);
	if (revives)
		child->restarts++;
	batch_join(batch, child);
}

/* OTP restarts a supervisor without the children it was given since. */
static void
drop_dynamic(struct msd *msd, struct child *child, struct batch *batch)
{
	child->must_start = false;
	mark_stop(child, EXIT_BY_SIBLING, CHILD_DOWN);
	batch_join(batch, child);
	tree_retire(&msd->tree, child);
}

static void
restart_node(struct msd *msd, struct node *node, struct batch *batch)
{
	struct group *group = node_group(node);

	if (!group) {
		mark_member(node_child(node), batch);
		return;
	}
	/* a supervisor that is started anew has a clean window */
	intensity_reset(&group->window);
	group->starting = true;
	group->held = group->ended = false;
	group->stopped = group->stopped && !group->conf.otp_strict;
	group->restarts++;
	for (size_t i = group->count; i-- > 0;) {
		struct child *child = node_child(group->nodes[i]);

		if (child && child->origin != CHILD_OF_FILE &&
		    group->conf.otp_strict) {
			drop_dynamic(msd, child, batch);
			continue;
		}
		if (child) {
			child->proven = false;
			intensity_reset(&child->node.own);
		}
		restart_node(msd, group->nodes[i], batch);
	}
}

void
wish_restart(struct msd *msd, struct node *node, enum strategy strategy)
{
	struct group *parent = node->parent;
	struct batch *batch = batch_new();

	for (size_t i = 0; i < parent->count; i++) {
		if (!strategy_covers(strategy, node->index, i))
			continue;
		if (parent->nodes[i]->is_group)
			group_stop_wish(msd, node_group(parent->nodes[i]));
		restart_node(msd, parent->nodes[i], batch);
	}
	mark_dependents(msd, batch, EXIT_BY_SIBLING);
	batch_drop(&batch);
	msd_touch(msd);
}

void
wish_group_down(struct msd *msd, struct group *group, enum child_state rest)
{
	struct batch *batch = batch_new();

	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		if (child->leaving || !tree_is_below(&child->node, group))
			continue;
		child->must_start = false;
		mark_stop(child, EXIT_BY_SIBLING,
		    child->want == WANT_DOWN ? CHILD_DOWN : rest);
		batch_join(batch, child);
	}
	mark_dependents(msd, batch, EXIT_BY_SIBLING);
	batch_drop(&batch);
	group->starting = false;
	group_stop_wish(msd, group);
	msd_touch(msd);
}

void
wish_dependents_down(struct child *child)
{
	struct batch *batch = batch_new();

	batch_join(batch, child);
	mark_dependents(child->msd, batch, EXIT_BY_SIBLING);
	batch_drop(&batch);
	msd_touch(child->msd);
}
