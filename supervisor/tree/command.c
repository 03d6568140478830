/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator stops stays stopped, and what he starts has a clean slate:
 * his word sets `want`, and only his word does.
 */
#include "supervisor/tree/command.h"

#include "common/log.h"
#include "supervisor/msd.h"
#include "supervisor/tree/group_stop.h"
#include "supervisor/tree/recovery.h"
#include "supervisor/tree/steps.h"
#include "supervisor/tree/wishes.h"

/* clang-format off */
static const unsigned char table[COMMAND_COUNT][FACE_COUNT] = {
	[COMMAND_START] = {
		[FACE_DOWN] = COMMAND_DO,
		[FACE_STARTING] = COMMAND_RUNNING,
		[FACE_READY] = COMMAND_RUNNING,
		[FACE_RELOADING] = COMMAND_RUNNING,
		[FACE_STOPPING] = COMMAND_DO, /* when it is gone */
		[FACE_BACKOFF] = COMMAND_RESTARTING,
		[FACE_IGNORED] = COMMAND_DO,
		[FACE_EXITED] = COMMAND_DO,
		[FACE_FAILED] = COMMAND_DO,
	},
	[COMMAND_STOP] = {
		[FACE_DOWN] = COMMAND_DO, /* it may have been about to start */
		[FACE_STARTING] = COMMAND_DO,
		[FACE_READY] = COMMAND_DO,
		[FACE_RELOADING] = COMMAND_DO,
		[FACE_STOPPING] = COMMAND_DO,
		[FACE_BACKOFF] = COMMAND_DO,
		[FACE_IGNORED] = COMMAND_DO,
		[FACE_EXITED] = COMMAND_DO,
		[FACE_FAILED] = COMMAND_DO,
	},
	[COMMAND_RESTART] = {
		[FACE_DOWN] = COMMAND_DO,
		[FACE_STARTING] = COMMAND_DO,
		[FACE_READY] = COMMAND_DO,
		[FACE_RELOADING] = COMMAND_DO,
		[FACE_STOPPING] = COMMAND_DO,
		[FACE_BACKOFF] = COMMAND_DO,
		[FACE_IGNORED] = COMMAND_DO,
		[FACE_EXITED] = COMMAND_DO,
		[FACE_FAILED] = COMMAND_DO,
	},
	[COMMAND_KILL] = {
		[FACE_DOWN] = COMMAND_DO,
		[FACE_STARTING] = COMMAND_DO,
		[FACE_READY] = COMMAND_DO,
		[FACE_RELOADING] = COMMAND_DO,
		[FACE_STOPPING] = COMMAND_DO,
		[FACE_BACKOFF] = COMMAND_DO,
		[FACE_IGNORED] = COMMAND_DO,
		[FACE_EXITED] = COMMAND_DO,
		[FACE_FAILED] = COMMAND_DO,
	},
	[COMMAND_SIGNAL] = {
		[FACE_DOWN] = COMMAND_NO_PROCESS,
		[FACE_STARTING] = COMMAND_DO,
		[FACE_READY] = COMMAND_DO,
		[FACE_RELOADING] = COMMAND_DO,
		[FACE_STOPPING] = COMMAND_DO,
		[FACE_BACKOFF] = COMMAND_NO_PROCESS,
		[FACE_IGNORED] = COMMAND_NO_PROCESS,
		[FACE_EXITED] = COMMAND_NO_PROCESS,
		[FACE_FAILED] = COMMAND_NO_PROCESS,
	},
	[COMMAND_RELOAD] = {
		[FACE_DOWN] = COMMAND_NO_PROCESS,
		[FACE_STARTING] = COMMAND_DONE, /* it reads the new state now */
		[FACE_READY] = COMMAND_DO,
		[FACE_RELOADING] = COMMAND_DO,
		[FACE_STOPPING] = COMMAND_NO_PROCESS,
		[FACE_BACKOFF] = COMMAND_NO_PROCESS,
		[FACE_IGNORED] = COMMAND_NO_PROCESS,
		[FACE_EXITED] = COMMAND_NO_PROCESS,
		[FACE_FAILED] = COMMAND_NO_PROCESS,
	},
};
/* clang-format on */

enum command_answer
command_judge(enum command command, enum child_face face)
{
	return (enum command_answer)table[command][face];
}

/* ---- doing -------------------------------------------------------------- */

static void
release_parents(struct child *child)
{
	for (struct group *g = child->node.parent; g; g = g->node.parent)
		g->held = g->ended = g->stopped = false;
}

static void
do_start(struct child *child, struct batch *batch)
{
	child->want = WANT_UP;
	child->by_operator = true;
	child_forgive(child);
	release_parents(child);
	wish_start(child, EXIT_BY_OPERATOR, batch);
}

static void
do_restart(struct child *child, struct batch *batch)
{
	bool had_process = child_has_process(child);

	do_start(child, batch);
	child->by_operator = !had_process;
}

/* As in OTP: with a restart that is called off, those that would have come
 * after it are not started either. */
static void
call_off_rest(const struct child *child)
{
	const struct group *parent = child->node.parent;
	bool restarts = child->must_start || child->state == CHILD_STARTING;

	if (!restarts || parent->starting || !parent->conf.otp_strict)
		return;
	for (size_t i = child->node.index + 1; i < parent->count; i++) {
		struct child *later = node_child(parent->nodes[i]);

		if (!later || later->batch != child->batch ||
		    child_is_alive(later))
			continue;
		later->must_start = false;
		child_rest(later, CHILD_DOWN);
	}
}

static void
do_stop(struct child *child, struct batch *batch)
{
	child->want = WANT_DOWN;
	call_off_rest(child);
	wish_stop(child, EXIT_BY_OPERATOR, CHILD_DOWN, batch);
	if (!child_is_alive(child))
		child_rest(child, CHILD_DOWN);
}

static void
do_kill(struct child *child, struct batch *batch)
{
	do_stop(child, batch);
	child_event(child, CHILD_EV_KILL);
}

struct order {
	enum command command;
	int signo;
	struct batch *batch;
};

static void
obey(struct child *child, const struct order *order)
{
	switch (order->command) {
	case COMMAND_START:
		do_start(child, order->batch);
		break;
	case COMMAND_STOP:
		do_stop(child, order->batch);
		break;
	case COMMAND_RESTART:
		do_restart(child, order->batch);
		break;
	case COMMAND_KILL:
		do_kill(child, order->batch);
		break;
	case COMMAND_SIGNAL:
		child_signal(child, order->signo);
		break;
	case COMMAND_RELOAD:
		child_reload(child);
		break;
	case COMMAND_COUNT:
		break;
	}
}

/* ---- judging ------------------------------------------------------------ */

static enum command_answer
judge_child(const struct child *child, enum command command)
{
	bool stops = child->must_stop || child_face(child) == FACE_STOPPING;

	/* it may still wait for its turn to be stopped; a stop on the way to a
	 * restart is not a stop */
	if (command == COMMAND_START && stops)
		return child->must_start ? COMMAND_RESTARTING : COMMAND_DO;
	/* the face says stopping, but only leftovers live */
	if (command == COMMAND_SIGNAL && child->state == CHILD_CLEANING)
		return COMMAND_NO_PROCESS;
	return command_judge(command, child_face(child));
}

static bool
refuse_answer(const struct child *child, enum command_answer answer,
    struct refusal *refusal)
{
	const char *face = child_face_name(child_face(child));
	const char *name = child->node.name;

	switch (answer) {
	case COMMAND_RUNNING:
		return refuse(refusal, "running", "%s is %s", name, face);
	case COMMAND_RESTARTING:
		return refuse(refusal, "restarting", "%s is %s", name, face);
	default:
		return refuse(refusal, "bad_request",
		    "%s has no process, it is %s", name, face);
	}
}

/* OTP stops instances one by one; all of them are `scale NAME 0`. */
static bool
refuse_template(const struct group *group, enum command command,
    struct refusal *refusal)
{
	const char *name = group->node.name;

	if (command == COMMAND_START)
		return refuse(refusal, "bad_request",
		    "%s is a template: msctl scale or spawn starts instances",
		    name);
	return refuse(refusal, "bad_request",
	    "%s is a template: stop its instances, or msctl scale %s 0", name,
	    name);
}

/* To a supervisor: whoever below it can do it, does. */
static void
obey_below(struct msd *msd, struct group *group, const struct order *order)
{
	bool stops =
	    order->command == COMMAND_STOP || order->command == COMMAND_KILL;

	for (size_t i = 0; stops && i < msd->tree.group_count; i++)
		if (msd->tree.groups[i] == group ||
		    tree_is_below(&msd->tree.groups[i]->node, group))
			msd->tree.groups[i]->stopped = true;
	if (stops || order->command == COMMAND_RESTART)
		group_stop_wish(msd, group);
	if (order->command == COMMAND_START ||
	    order->command == COMMAND_RESTART)
		group->stopped = false;
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		if (!child->leaving && tree_is_below(&child->node, group) &&
		    judge_child(child, order->command) == COMMAND_DO)
			obey(child, order);
	}
}

static bool
run_for_group(struct msd *msd, struct group *group, const struct order *order,
    struct refusal *refusal)
{
	if (group->mold &&
	    (order->command == COMMAND_START ||
		order->command == COMMAND_STOP ||
		order->command == COMMAND_KILL))
		return refuse_template(group, order->command, refusal);
	obey_below(msd, group, order);
	return true;
}

static bool
run_for_child(struct child *child, const struct order *order,
    struct refusal *refusal)
{
	enum command_answer answer;

	if (child->leaving)
		return refuse(refusal, "not_found", "%s is being removed",
		    child->node.name);
	if (child->spent && child->node.parent->conf.otp_strict)
		return refuse(refusal, "not_found",
		    "%s was temporary and has ended", child->node.name);
	/* OTP's restart_child knows no instances; operators like to */
	if (child->origin == CHILD_INSTANCE &&
	    order->command == COMMAND_RESTART &&
	    child->node.parent->conf.otp_strict)
		return refuse(refusal, "bad_request",
		    "%s is an instance: stop it and spawn another",
		    child->node.name);
	answer = judge_child(child, order->command);
	if (answer == COMMAND_DONE)
		return true;
	if (answer != COMMAND_DO)
		return refuse_answer(child, answer, refusal);
	obey(child, order);
	return true;
}

bool
command_run(struct msd *msd, struct node *node, enum command command, int signo,
    struct refusal *refusal)
{
	struct order order = { command, signo, NULL };
	bool ok;

	if (msd->stopping)
		return refuse(refusal, "shutting_down", "msd is shutting down");
	order.batch = batch_new();
	ok = node->is_group
	    ? run_for_group(msd, node_group(node), &order, refusal)
	    : run_for_child(node_child(node), &order, refusal);
	batch_drop(&order.batch);
	return ok;
}
