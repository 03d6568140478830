/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a death begins in restart.c; this file is its last part but
 * one.  It changes wishes only: steps.c acts on them at the end of the turn.
 */
#include "supervisor/recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/log.h"
#include "supervisor/child.h"
#include "supervisor/events.h"
#include "supervisor/logpipe.h"
#include "supervisor/msd.h"
#include "supervisor/orphans.h"
#include "supervisor/restart.h"
#include "supervisor/steps.h"
#include "supervisor/strategy.h"

void
recovery_sweep(struct msd *msd)
{
	orphans_sweep(msd);
}

/* ---- the record of an exit ---------------------------------------------- */

static void
describe(const struct child *child, struct exit_reason *reason)
{
	*reason = (struct exit_reason){ .code = -1, .stage = "" };
	if (child->wait_code == CLD_EXITED) {
		reason->kind = EXIT_KIND_EXIT;
		reason->code = child->wait_status;
		reason->error = child->said_errno;
	} else if (child->wait_code == 0) {
		reason->kind = EXIT_KIND_EXIT;
		reason->code = child->said_status;
		reason->error = child->said_errno;
		reason->stage = "mainpid";
	} else {
		reason->kind = EXIT_KIND_SIGNAL;
		reason->signal = child->wait_status;
		reason->core_dumped = child->wait_code == CLD_DUMPED;
		reason->cause = signal_is_own_fault(reason->signal)
		    ? EXIT_BY_SELF
		    : EXIT_BY_EXTERNAL;
	}
	if (child->doomed) {
		reason->kind = child->doom.kind;
		reason->stage = child->doom.stage;
		reason->error = child->doom.error;
		reason->cause = EXIT_BY_SELF;
	}
	if (reason->kind == EXIT_KIND_EXEC) { /* it never ran */
		reason->code = -1;
		reason->signal = 0;
		reason->core_dumped = false;
	}
	/* a stop that had been asked for; a crash before the request is not */
	if (child->stop_cause != EXIT_BY_SELF && child->signalled)
		reason->cause = child->stop_cause;
	reason->left_behind = child->outlived;
	reason->was_ready = child->was_ready;
	reason->at_ns = wall_ns();
	reason->uptime_ms = mono_ms_between(child->started, mono_now());
}

/* The ring doubles while it fills: most workers die seldom. */
static void
make_room(struct child *child)
{
	uint32_t n = child->exit_count;

	if (n >= CHILD_EXITS_KEPT || (n & (n - 1)))
		return;
	child->exits =
	    xreallocarray(child->exits, n ? n * 2 : 1, sizeof(*child->exits));
}

static const struct exit_reason *
record(struct child *child)
{
	struct exit_reason *reason;
	char text[EXIT_TEXT_BYTES];
	uint64_t seq;

	make_room(child);
	reason = &child->exits[child->exit_count++ % CHILD_EXITS_KEPT];
	describe(child, reason);
	child->done = "";
	seq = events_add(child->msd->events, "exited", child->node.name,
	    "\"pid\":%d,\"generation\":%llu,\"kind\":\"%s\",\"code\":%d,"
	    "\"signal\":\"%s\",\"cause\":\"%s\",\"stage\":\"%s\"",
	    (int)child->ended_pid, (unsigned long long)child->generation,
	    exit_kind_name(reason->kind), reason->code,
	    reason->signal ? signal_name(reason->signal) : "",
	    exit_cause_name(reason->cause), reason->stage);
	logs_died(child->msd->logs, child, seq);
	if (reason->cause != EXIT_BY_SHUTDOWN &&
	    reason->cause != EXIT_BY_OPERATOR)
		log_warn("ended", "name=%s pid=%d how=%s uptime_ms=%llu",
		    child->node.name, (int)child->ended_pid,
		    LOGQ(exit_print(reason, text)),
		    (unsigned long long)reason->uptime_ms);
	else
		log_info("stopped", "name=%s pid=%d", child->node.name,
		    (int)child->ended_pid);
	return reason;
}

/* ---- marking ------------------------------------------------------------ */

static void
mark_stop(struct child *child, enum exit_cause cause, int rest)
{
	if (!child_is_alive(child)) {
		if (rest != CHILD_DOWN || child->state == CHILD_BACKOFF)
			child_rest(child, (enum child_state)rest);
		return;
	}
	child->must_stop = true;
	child->stop_rest = (enum child_state)rest;
	child->rest = (enum child_state)rest;
	if (child->stop_cause == EXIT_BY_SELF)
		child->stop_cause = cause;
}

static bool
requires_any_of(const struct child *child, const bool *marked)
{
	const struct indexes *requires = &child->spec->requires;

	for (size_t i = 0; i < requires->count; i++)
		if (marked[requires->at[i]])
			return true;
	return false;
}

/* Those that require a member stop before it and come back after it.  The
 * start order lists every dependency before its dependents: one walk. */
static void
mark_dependents(struct msd *msd, struct batch *batch, enum exit_cause cause)
{
	size_t n = msd->tree.child_count;
	bool *marked = xcalloc(n + 1, sizeof(bool));

	for (size_t i = 0; i < n; i++) {
		struct child *child = msd->tree.children[i];

		if (child->batch == batch) {
			marked[i] = true;
			continue;
		}
		if (child->leaving || !requires_any_of(child, marked) ||
		    !(child_is_alive(child) || child->must_start))
			continue;
		marked[i] = true;
		child->must_start = child->want == WANT_UP &&
		    (child->must_start || child_is_alive(child)) &&
		    child->spec->conf.restart != RESTART_TEMPORARY;
		if (cause == EXIT_BY_SIBLING && child->must_start)
			child->restarts++;
		mark_stop(child, cause, CHILD_DOWN);
		batch_join(batch, child);
	}
	free(marked);
}

void
recovery_stop(struct child *child, enum exit_cause cause, int rest,
    struct batch *batch)
{
	child->must_start = false;
	mark_stop(child, cause, rest);
	batch_join(batch, child);
	mark_dependents(child->msd, batch, cause);
	msd_touch(child->msd);
}

void
recovery_start(struct child *child, enum exit_cause cause, struct batch *batch)
{
	child->must_start = true;
	child->waits_for = NULL;
	mark_stop(child, cause, CHILD_DOWN);
	batch_join(batch, child);
	mark_dependents(child->msd, batch, cause);
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
	group->restarts++;
	for (size_t i = 0; i < group->count; i++) {
		struct child *child = node_child(group->nodes[i]);

		if (child) {
			child->proven = false;
			intensity_reset(&child->node.own);
		}
		restart_node(msd, group->nodes[i], batch);
	}
}

/* The answer RESTART_AGAIN: node and whom its strategy takes along. */
static void
restart_with_siblings(struct msd *msd, struct node *node,
    enum strategy strategy)
{
	struct group *parent = node->parent;
	struct batch *batch = batch_new();

	for (size_t i = 0; i < parent->count; i++)
		if (strategy_covers(strategy, node->index, i))
			restart_node(msd, parent->nodes[i], batch);
	mark_dependents(msd, batch, EXIT_BY_SIBLING);
	batch_drop(&batch);
	msd_touch(msd);
}

/* All of a group stops and nothing of it starts again by itself. */
static void
stop_group(struct msd *msd, struct group *group, int rest)
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
	msd_touch(msd);
}

/* ---- the way up --------------------------------------------------------- */

/* Why a supervisor ends; the culprit is the worker it began with. */
struct trouble {
	const struct child *culprit;
	bool is_shutdown; /* auto_shutdown: nothing has failed */
};

static void supervisor_ends(struct msd *msd, struct group *group,
    const struct trouble *trouble);

static void
end_msd(struct msd *msd, const struct group *group,
    const struct trouble *trouble)
{
	const struct child *culprit = trouble->culprit;
	char text[512], how[EXIT_TEXT_BYTES];

	if (trouble->is_shutdown) {
		msd_shutdown(msd, MSD_EXIT_OK, "auto_shutdown of root");
		return;
	}
	snprintf(text, sizeof(text), "supervisor root %s: worker %s %s",
	    group->starting ? "could not start" : "gave up", culprit->node.name,
	    exit_print(child_exit(culprit, 0), how));
	msd_shutdown(msd, MSD_EXIT_FAILURE, text);
}

static void
hold(struct msd *msd, struct group *group, const struct trouble *trouble)
{
	log_error("gave up, holds", "supervisor=%s worker=%s", group->node.name,
	    trouble->culprit->node.name);
	group->held = true;
	events_add(msd->events, "gave_up", group->node.name,
	    "\"worker\":\"%s\",\"on_give_up\":\"hold\"",
	    trouble->culprit->node.name);
	stop_group(msd, group, CHILD_FAILED);
}

/* all_significant: every significant child has ended by itself. */
static bool
is_over(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct child *child = node_child(group->nodes[i]);
		const struct group *below = node_group(group->nodes[i]);

		if (child && child->spec->conf.significant &&
		    child->rest != CHILD_EXITED && child->state != CHILD_EXITED)
			return false;
		if (below && below->conf.significant && !below->ended)
			return false;
	}
	return true;
}

static void
check_auto_shutdown(struct msd *msd, struct group *group, bool significant,
    const struct child *culprit)
{
	struct trouble trouble = { culprit, true };

	if (!significant || group->conf.auto_shutdown == AUTO_SHUTDOWN_NEVER)
		return;
	if (group->conf.auto_shutdown == AUTO_SHUTDOWN_ALL && !is_over(group))
		return;
	log_info("auto_shutdown", "supervisor=%s", group->node.name);
	supervisor_ends(msd, group, &trouble);
}

/* The supervisor is not restarted: its children stay stopped. */
static void
stays_ended(struct msd *msd, struct group *group, const struct trouble *trouble)
{
	group->ended = true;
	stop_group(msd, group,
	    trouble->is_shutdown ? CHILD_EXITED : CHILD_FAILED);
	check_auto_shutdown(msd, group->node.parent, group->conf.significant,
	    trouble->culprit);
}

/*
 * A supervisor ends with reason `shutdown`, as in OTP: a permanent one is
 * restarted by its parent, a transient one only when it failed to start.
 */
static void
supervisor_ends(struct msd *msd, struct group *group,
    const struct trouble *trouble)
{
	struct group *parent = group->node.parent;
	struct restart_case c = {
		.type = (enum restart_type)group->conf.restart,
		.verdict = group->starting && !trouble->is_shutdown
		    ? VERDICT_FAILURE
		    : VERDICT_NORMAL,
		.start_failure = group->starting,
	};

	if (!parent) {
		end_msd(msd, group, trouble);
		return;
	}
	if (!trouble->is_shutdown)
		events_add(msd->events, "escalated", group->node.name,
		    "\"worker\":\"%s\",\"to\":\"%s\"",
		    trouble->culprit->node.name, parent->node.name);
	c.initial = parent->starting;
	c.supervisor = &parent->conf;
	c.strategy = strategy_of(STRATEGY_DEFAULT, parent->conf.strategy);
	switch (
	    restart_decide(&c, &group->node.own, &parent->window, mono_now())) {
	case RESTART_NOT:
		stays_ended(msd, group, trouble);
		break;
	case RESTART_AGAIN:
		restart_with_siblings(msd, &group->node, c.strategy);
		break;
	case RESTART_UP:
		supervisor_ends(msd, parent, trouble);
		break;
	case RESTART_HOLD:
		hold(msd, parent, trouble);
		break;
	}
}

/* ---- a worker's end ----------------------------------------------------- */

static void
stays_down(struct child *child, enum exit_verdict verdict)
{
	static const struct {
		enum child_state rest;
		const char *done;
		const char *event;
	} ends[] = {
		[VERDICT_NORMAL] = { CHILD_EXITED, "not restarted", NULL },
		[VERDICT_FAILURE] = { CHILD_EXITED, "not restarted", NULL },
		[VERDICT_IGNORE] = { CHILD_IGNORED,
		    "not restarted: it said it is not needed here", "ignored" },
		[VERDICT_FINAL] = { CHILD_FAILED,
		    "not restarted: prevent_restart_exit", NULL },
		[VERDICT_SHORTAGE] = { CHILD_EXITED, "not restarted", NULL },
	};
	struct msd *msd = child->msd;

	child_rest(child, ends[verdict].rest);
	child->must_start = false;
	child->done = ends[verdict].done;
	if (ends[verdict].event)
		events_add(msd->events, ends[verdict].event, child->node.name,
		    "\"generation\":%llu",
		    (unsigned long long)child->generation);
	if (verdict != VERDICT_IGNORE)
		check_auto_shutdown(msd, child->node.parent,
		    child->spec->conf.significant, child);
}

static void
set_due(struct child *child, enum exit_verdict verdict)
{
	struct mono now = mono_now();
	uint64_t ready_ms =
	    child->was_ready ? mono_ms_between(child->ready_at, now) : 0;
	uint32_t dice = dice_next(&child->msd->dice);
	uint64_t delay = verdict == VERDICT_SHORTAGE
	    ? shortage_delay_ms(&child->spec->conf, &child->in_a_row, dice)
	    : restart_delay_ms(&child->spec->conf, ready_ms, &child->in_a_row,
		  dice);

	/* at most 1,000 starts a second, whatever backoff says */
	if (delay == 0 && mono_ms_between(child->started, now) == 0)
		delay = 1;
	child->due = delay ? mono_add_ms(now, delay) : (struct mono){ 0 };
	events_add(child->msd->events, "restarting", child->node.name,
	    "\"delay_ms\":%llu,\"in_a_row\":%u", (unsigned long long)delay,
	    child->in_a_row);
}

static enum strategy
strategy_of_child(const struct child *child)
{
	return strategy_of(child->spec->conf.strategy,
	    child->node.parent->conf.strategy);
}

static void
decide(struct child *child, enum exit_verdict verdict)
{
	struct group *parent = child->node.parent;
	struct trouble trouble = { child, false };
	struct restart_case c = {
		.type = (enum restart_type)child->spec->conf.restart,
		.verdict = verdict,
		.start_failure = !child->was_ready,
		.initial = parent->starting && !child->proven,
		.strategy = verdict == VERDICT_SHORTAGE
		    ? STRATEGY_ONE_FOR_ONE
		    : strategy_of_child(child),
		.escalate_after = child->spec->conf.escalate_after,
		.supervisor = &parent->conf,
	};
	enum restart_step step =
	    restart_decide(&c, &child->node.own, &parent->window, mono_now());

	if (step != RESTART_NOT)
		set_due(child, verdict);
	switch (step) {
	case RESTART_NOT:
		stays_down(child, verdict);
		return;
	case RESTART_AGAIN:
		child->done = c.strategy == STRATEGY_ONE_FOR_ONE ||
			c.strategy == STRATEGY_ESCALATE
		    ? "restarted"
		    : "restarted, with its siblings";
		restart_with_siblings(child->msd, &child->node, c.strategy);
		break;
	case RESTART_UP:
		child->done = "its supervisor gave up";
		events_add(child->msd->events, "gave_up", parent->node.name,
		    "\"worker\":\"%s\",\"on_give_up\":\"escalate\"",
		    child->node.name);
		supervisor_ends(child->msd, parent, &trouble);
		break;
	case RESTART_HOLD:
		child->done = "its supervisor gave up and holds";
		hold(child->msd, parent, &trouble);
		break;
	}
	if (child->must_start)
		child_wait_due(child);
}

/* An operator's start is tried once: he is there to see it fail. */
static bool
is_failed_by_hand(const struct child *child, enum exit_verdict verdict)
{
	return child->by_operator && !child->was_ready &&
	    (verdict == VERDICT_FAILURE || verdict == VERDICT_SHORTAGE);
}

void
recovery_on_end(struct child *child)
{
	const struct exit_reason *reason = record(child);
	enum exit_verdict verdict = exit_judge(reason, &child->spec->conf);

	child->rest = child->stop_rest;
	/* somebody stops it anyway: its end is no event of its own */
	if (child->must_stop || child->msd->stopping || child->leaving ||
	    child->want == WANT_DOWN) {
		child->must_stop = false;
		return;
	}
	if (is_failed_by_hand(child, verdict)) {
		child->by_operator = false;
		child->done = "not retried: it was started by hand";
		child->must_start = false;
		return;
	}
	child->by_operator = false;
	decide(child, verdict);
}
