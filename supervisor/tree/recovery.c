/* SPDX-License-Identifier: Apache-2.0 */
/* From the end of a process to the decision about it, and from there up the
 * tree when a supervisor gives up. */
#include "supervisor/tree/recovery.h"

#include <stdio.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/events.h"
#include "supervisor/msd.h"
#include "supervisor/tree/exit_record.h"
#include "supervisor/tree/restart.h"
#include "supervisor/tree/strategy.h"
#include "supervisor/tree/wishes.h"

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
	wish_group_down(msd, group, CHILD_FAILED);
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
	wish_group_down(msd, group,
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
		wish_restart(msd, &group->node, c.strategy);
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
	wish_dependents_down(child);
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
		wish_restart(child->msd, &child->node, c.strategy);
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

/* As OTP's start_child: the spec is kept when the child ignores, not when it
 * fails. */
static bool
is_failed_on_trial(const struct child *child, enum exit_verdict verdict)
{
	return child->on_trial && !child->was_ready &&
	    verdict != VERDICT_IGNORE;
}

static void
start_failed(struct child *child, const char *done)
{
	child->done = done;
	child->must_start = false;
}

void
recovery_on_end(struct child *child)
{
	const struct exit_reason *reason = exit_record(child);
	enum exit_verdict verdict = exit_judge(reason, &child->spec->conf);
	bool on_trial = is_failed_on_trial(child, verdict);
	bool by_hand = is_failed_by_hand(child, verdict);

	child->rest = child->stop_rest;
	/* stopped on the way by a sibling's restart: whoever asked for the
	 * start still waits for how it goes */
	if (!child->must_stop || !child->must_start)
		child->by_operator = child->on_trial = false;
	/* somebody stops it anyway: its end is no event of its own */
	if (child->must_stop || child->msd->stopping || child->leaving ||
	    child->want == WANT_DOWN) {
		child->must_stop = false;
		return;
	}
	if (on_trial) {
		start_failed(child, "removed: its first start failed");
		tree_retire(&child->msd->tree, child);
	} else if (by_hand) {
		start_failed(child, "not retried: it was started by hand");
	} else {
		decide(child, verdict);
	}
}
