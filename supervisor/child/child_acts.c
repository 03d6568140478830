/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cells of the state table do.  Each act ends in the state it leads
 * to; what a worker is owed there (a probe, a watchdog, an event) it gets here.
 *
 * What comes after a death is not decided here: act_died() asks recovery.c,
 * which leaves a resting state and wishes; when the last leftover is gone the
 * child rests there, and steps.c makes the wishes true.
 */
#include "supervisor/child/child_acts.h"

#include <signal.h>

#include "common/log.h"
#include "supervisor/child/hear.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/probe.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/events.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/launch/launch.h"
#include "supervisor/launch/orphans.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/tree/recovery.h"

static void
emit(struct child *child, const char *event)
{
	events_add(child->msd->events, event, child->node.name,
	    "\"pid\":%d,\"generation\":%llu", (int)child->pid,
	    (unsigned long long)child->generation);
}

/* ---- signals ------------------------------------------------------------ */

bool
child_signal(const struct child *child, int signo)
{
	if (child->reaped)
		return false;
	if (child->moved)
		return mainpid_signal(child, signo);
	/* our child and not reaped: the number cannot be another's */
	return child->pid > 0 && kill(child->pid, signo) == 0;
}

static void
ask_to_end(struct child *child)
{
	int signo = child->spec->conf.stop_signal;

	if (child->spec->conf.stop_group && !child->reaped) {
		kill(-child->group, signo);
		kill(-child->group, SIGCONT);
	} else {
		child_signal(child, signo);
		child_signal(child, SIGCONT); /* stopped, it cannot end */
	}
	child->signalled = true;
}

static void
kill_tree(struct child *child)
{
	if (child->pid == 0 || child->reaped)
		return;
	cgroup_kill(child);
	kill(-child->group, SIGKILL);
	child_signal(child, SIGKILL); /* it may not have setsid() behind it */
	child->signalled = true;
}

/* ---- what cells do ------------------------------------------------------ */

void
act_nothing(struct child *child MS_UNUSED)
{
}

void
act_start(struct child *child)
{
	child->must_start = false;
	child->must_stop = false;
	child->signalled = false;
	child->was_ready = false;
	child->doomed = child->late = false;
	child->waits_for = NULL;
	child->stop_cause = EXIT_BY_SELF;
	child->stop_rest = CHILD_DOWN;
	child->rest = CHILD_DOWN;
	if (!child_launch(child)) {
		child_set_state(child, CHILD_CLEANING);
		recovery_on_end(child);
		child_set_state(child, child->rest);
		return;
	}
	child_set_state(child, CHILD_STARTING);
	probe_start(child);
	emit(child, "starting");
	logs_started(child->msd->logs, child);
	child_launched(child);
}

void
act_become_ready(struct child *child)
{
	bool again = child->state == CHILD_RELOADING;
	bool by_hand = child->by_operator; /* whoever did it knows it */

	if (!again) {
		child->ready_at = mono_now();
		child->was_ready = true;
		child->ready_generation = child->generation;
		child->proven = true;
		child->by_operator = child->on_trial = false;
		meters_ready(&child->msd->meters, child->started);
		watchdog_start(child);
	}
	child_set_state(child, CHILD_READY);
	if (!again)
		probe_start(child);
	events_add(child->msd->events, "ready", child->node.name,
	    "\"pid\":%d,\"generation\":%llu,\"after_ms\":%llu", (int)child->pid,
	    (unsigned long long)child->generation,
	    (unsigned long long)mono_ms_between(child->started, mono_now()));
	if (by_hand)
		log_debug("ready", "name=%s pid=%d", child->node.name,
		    (int)child->pid);
	else if (!again)
		log_info("ready", "name=%s pid=%d", child->node.name,
		    (int)child->pid);
}

void
act_reloads(struct child *child)
{
	child_set_state(child, CHILD_RELOADING);
	emit(child, "reloading");
}

/* Too long for a reload, but it serves: no reason to kill it. */
void
act_reload_late(struct child *child)
{
	log_warn("no READY after RELOADING", "name=%s", child->node.name);
	act_become_ready(child);
}

/* From here on nobody asks whether it is well. */
static void
stop_watching(struct child *child)
{
	watchdog_stop(child);
	probe_stop(child);
}

void
act_ends_itself(struct child *child)
{
	stop_watching(child);
	child_set_state(child, CHILD_STOPPING);
	emit(child, "stopping");
}

void
act_kill_now(struct child *child)
{
	stop_watching(child);
	kill_tree(child);
	child_set_state(child, CHILD_KILLING);
}

void
act_stop_late(struct child *child)
{
	child->late = true;
	act_kill_now(child);
}

void
act_request_end(struct child *child)
{
	if (child->spec->conf.stop_timeout_ms == 0) {
		act_kill_now(child);
		return;
	}
	ask_to_end(child);
	child_set_state(child, CHILD_STOPPING);
}

void
act_order_stop(struct child *child)
{
	stop_watching(child);
	emit(child, "stopping");
	act_request_end(child);
}

/* The signal may end a worker that does not know it, as a stop would. */
void
act_prepare(struct child *child)
{
	if (!child_signal(child, child->spec->conf.prepare_signal)) {
		act_order_stop(child);
		return;
	}
	stop_watching(child);
	emit(child, "stopping");
	child->signalled = true;
	child_set_state(child, CHILD_PREPARING);
}

void
act_prepare_late(struct child *child)
{
	log_warn("not prepared in time", "name=%s pid=%d", child->node.name,
	    (int)child->pid);
	act_request_end(child);
}

/* It may be ending by itself: then the request still has to be made. */
void
act_stop_once(struct child *child)
{
	if (!child->signalled)
		act_order_stop(child);
}

static void
doom(struct child *child, enum exit_kind kind)
{
	if (child->doomed)
		return;
	child->doomed = true;
	child->doom = (struct doom){ .kind = kind, .stage = "" };
}

void
act_start_late(struct child *child)
{
	const char *said = probe_said(child);

	if (child->spec->conf.ready.kind == READY_DELAY) {
		act_become_ready(child);
		return;
	}
	log_warn("not ready in time", "name=%s pid=%d%s%s", child->node.name,
	    (int)child->pid, said ? " check=" : "", said ? LOGQ(said) : "");
	doom(child, EXIT_KIND_START_TIMEOUT);
	act_order_stop(child);
}

void
act_hung(struct child *child)
{
	uint64_t silent_ms = watchdog_silent_ms(child);

	log_warn("hung, watchdog expired", "name=%s pid=%d silent_ms=%llu",
	    child->node.name, (int)child->pid, (unsigned long long)silent_ms);
	doom(child, EXIT_KIND_WATCHDOG);
	stop_watching(child);
	events_add(child->msd->events, "watchdog", child->node.name,
	    "\"pid\":%d,\"generation\":%llu,\"silent_ms\":%llu",
	    (int)child->pid, (unsigned long long)child->generation,
	    (unsigned long long)silent_ms);
	child_signal(child, SIGABRT);
	child_signal(child, SIGCONT);
	child_set_state(child, CHILD_ABORTING);
}

/* Its health check has failed too often. */
void
act_sick(struct child *child)
{
	doom(child, EXIT_KIND_CHECK);
	act_order_stop(child);
}

void
act_due(struct child *child)
{
	child_set_state(child, CHILD_DOWN); /* must_start does the rest */
}

void
act_sweep_again(struct child *child)
{
	child_set_deadline(child, child_cleaning_ms(child));
	orphans_sweep(child->msd);
}

void
act_sweep_hard(struct child *child)
{
	child->group_stops = false;
	act_sweep_again(child);
}

void
act_died(struct child *child)
{
	child->group_stops = child_group_stops(child);
	child->group_until = child->deadline_at;
	hear_end(child); /* last words: exec error, READY, ... */
	stop_watching(child);
	child->ended_pid = child->pid;
	tree_set_pid(&child->msd->tree, child, 0);
	child_set_state(child, CHILD_CLEANING);
	recovery_on_end(child);
}

void
act_gone(struct child *child)
{
	const char *hint = child_hint(child);

	if (hint)
		log_warn("hint", "name=%s hint=%s", child->node.name,
		    LOGQ(hint));
	child->group = 0;
	cgroup_leave(child, child->must_start);
	child_set_state(child, child->rest);
}
