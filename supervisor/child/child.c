/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a worker as a table: one row per state, one column per event.
 * A cell that says `nothing` is an answer too.  Only child_set_state() moves;
 * it stops the old deadline, starts the new one and tells everybody.
 *
 * What comes after a death is not decided here: died() asks recovery.c, which
 * leaves a resting state and wishes; when the last leftover is gone the child
 * rests there, and steps.c makes the wishes true.
 */
#include "supervisor/child/child.h"

#include <signal.h>

#include "common/log.h"
#include "supervisor/child/hear.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/probe.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/events.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/launch/launch.h"
#include "supervisor/log/logpipe.h"
#include "supervisor/msd.h"
#include "supervisor/tree/recovery.h"

/* A process may be unkillable for a while (waiting for a disk). */
#define KILL_AGAIN_MS 1000u

typedef void act(struct child *child);

/* ---- moving ------------------------------------------------------------- */

/* A shell ends at once, what it waited for may need its time. */
static uint64_t
cleaning_ms(const struct child *child)
{
	uint64_t left = child->group_stops
	    ? mono_ms_left(mono_now(), child->group_until)
	    : 0;

	return left > 0 && left < KILL_AGAIN_MS ? left : KILL_AGAIN_MS;
}

static uint64_t
patience_ms(const struct child *child)
{
	const struct worker_conf *conf = &child->spec->conf;

	switch (child->state) {
	case CHILD_STARTING:
		if (conf->ready.kind == READY_DELAY)
			return conf->ready.delay_ms;
		return conf->start_timeout_ms;
	case CHILD_RELOADING:
		return conf->start_timeout_ms;
	case CHILD_PREPARING:
		return conf->prepare_timeout_ms;
	case CHILD_STOPPING:
		return conf->stop_timeout_ms;
	case CHILD_ABORTING:
		return conf->abort_timeout_ms < conf->stop_timeout_ms
		    ? conf->abort_timeout_ms
		    : conf->stop_timeout_ms;
	case CHILD_KILLING:
		return KILL_AGAIN_MS;
	case CHILD_CLEANING:
		return cleaning_ms(child);
	case CHILD_BACKOFF:
		return mono_ms_left(mono_now(), child->due);
	default:
		return DURATION_INFINITY;
	}
}

static void
set_deadline(struct child *child, uint64_t ms)
{
	struct loop *loop = child->msd->loop;

	loop_timer_stop(loop, &child->deadline);
	child->deadline_at = (struct mono){ 0 };
	if (ms == DURATION_INFINITY)
		return;
	child->deadline_at = mono_add_ms(mono_now(), ms);
	loop_timer_start(loop, &child->deadline, ms);
}

/* States that last as long as the worker needs, not as msd decides. */
static bool
is_extensible(const struct child *child)
{
	switch (child->state) {
	case CHILD_STARTING:
		return child->spec->conf.ready.kind != READY_DELAY;
	case CHILD_RELOADING:
	case CHILD_PREPARING:
	case CHILD_STOPPING:
		return true;
	default:
		return false;
	}
}

void
child_extend(struct child *child, uint64_t ms)
{
	if (!is_extensible(child) || child->deadline_at.ns == 0 ||
	    mono_ms_left(mono_now(), child->deadline_at) >= ms)
		return;
	set_deadline(child, ms);
}

static void
child_set_state(struct child *child, enum child_state state)
{
	child->state = state;
	set_deadline(child, patience_ms(child));
	log_debug("child", "name=%s state=%s", child->node.name,
	    child_state_name(state));
	msd_touch(child->msd);
	ctl_on_state(child->msd->ctl);
}

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

static void
nothing(struct child *child MS_UNUSED)
{
}

static void
start(struct child *child)
{
	child->must_start = false;
	child->must_stop = false;
	child->signalled = false;
	child->was_ready = false;
	child->doomed = false;
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

static void
become_ready(struct child *child)
{
	bool again = child->state == CHILD_RELOADING;
	bool by_hand = child->by_operator; /* whoever did it knows it */

	if (!again) {
		child->ready_at = mono_now();
		child->was_ready = true;
		child->ready_generation = child->generation;
		child->proven = true;
		child->by_operator = child->on_trial = false;
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

static void
reloads(struct child *child)
{
	child_set_state(child, CHILD_RELOADING);
	emit(child, "reloading");
}

/* Too long for a reload, but it serves: no reason to kill it. */
static void
reload_late(struct child *child)
{
	log_warn("no READY after RELOADING", "name=%s", child->node.name);
	become_ready(child);
}

/* From here on nobody asks whether it is well. */
static void
stop_watching(struct child *child)
{
	watchdog_stop(child);
	probe_stop(child);
}

static void
ends_itself(struct child *child)
{
	stop_watching(child);
	child_set_state(child, CHILD_STOPPING);
	emit(child, "stopping");
}

static void
kill_now(struct child *child)
{
	stop_watching(child);
	kill_tree(child);
	child_set_state(child, CHILD_KILLING);
}

static void
request_end(struct child *child)
{
	if (child->spec->conf.stop_timeout_ms == 0) {
		kill_now(child);
		return;
	}
	ask_to_end(child);
	child_set_state(child, CHILD_STOPPING);
}

static void
order_stop(struct child *child)
{
	stop_watching(child);
	emit(child, "stopping");
	request_end(child);
}

/* The signal may end a worker that does not know it, as a stop would. */
static void
prepare(struct child *child)
{
	if (!child_signal(child, child->spec->conf.prepare_signal)) {
		order_stop(child);
		return;
	}
	stop_watching(child);
	emit(child, "stopping");
	child->signalled = true;
	child_set_state(child, CHILD_PREPARING);
}

static void
prepare_late(struct child *child)
{
	log_warn("not prepared in time", "name=%s pid=%d", child->node.name,
	    (int)child->pid);
	request_end(child);
}

/* It may be ending by itself: then the request still has to be made. */
static void
stop_once(struct child *child)
{
	if (!child->signalled)
		order_stop(child);
}

static void
doom(struct child *child, enum exit_kind kind)
{
	if (child->doomed)
		return;
	child->doomed = true;
	child->doom = (struct exit_reason){ .kind = kind, .stage = "" };
}

static void
start_late(struct child *child)
{
	const char *said = probe_said(child);

	if (child->spec->conf.ready.kind == READY_DELAY) {
		become_ready(child);
		return;
	}
	log_warn("not ready in time", "name=%s pid=%d%s%s", child->node.name,
	    (int)child->pid, said ? " check=" : "", said ? LOGQ(said) : "");
	doom(child, EXIT_KIND_START_TIMEOUT);
	order_stop(child);
}

static void
hung(struct child *child)
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
static void
sick(struct child *child)
{
	doom(child, EXIT_KIND_CHECK);
	order_stop(child);
}

static void
due(struct child *child)
{
	child_set_state(child, CHILD_DOWN); /* must_start does the rest */
}

static void
sweep_again(struct child *child)
{
	set_deadline(child, cleaning_ms(child));
	recovery_sweep(child->msd);
}

static void
sweep_hard(struct child *child)
{
	child->group_stops = false;
	sweep_again(child);
}

static void
died(struct child *child)
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

static void
gone(struct child *child)
{
	const char *hint = child_hint(child);

	if (hint)
		log_warn("hint", "name=%s hint=%s", child->node.name,
		    LOGQ(hint));
	child->group = 0;
	cgroup_leave(child, child->must_start);
	child_set_state(child, child->rest);
}

/* ---- the table ---------------------------------------------------------- */

/* clang-format off */
#define NO_PROCESS \
	[CHILD_EV_START] = start, [CHILD_EV_READY] = nothing, \
	[CHILD_EV_RELOADING] = nothing, [CHILD_EV_STOPPING] = nothing, \
	[CHILD_EV_STOP] = nothing, [CHILD_EV_KILL] = nothing, \
	[CHILD_EV_PREPARE] = nothing, [CHILD_EV_PREPARED] = nothing, \
	[CHILD_EV_HUNG] = nothing, [CHILD_EV_SICK] = nothing, \
	[CHILD_EV_EXIT] = nothing, \
	[CHILD_EV_GONE] = nothing

static act *const table[CHILD_STATE_COUNT][CHILD_EVENT_COUNT] = {
	[CHILD_DOWN] = { NO_PROCESS, [CHILD_EV_DEADLINE] = nothing },
	[CHILD_BACKOFF] = { NO_PROCESS, [CHILD_EV_DEADLINE] = due },
	[CHILD_IGNORED] = { NO_PROCESS, [CHILD_EV_DEADLINE] = nothing },
	[CHILD_EXITED] = { NO_PROCESS, [CHILD_EV_DEADLINE] = nothing },
	[CHILD_FAILED] = { NO_PROCESS, [CHILD_EV_DEADLINE] = nothing },

	[CHILD_STARTING] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = become_ready,
		[CHILD_EV_RELOADING] = nothing,
		[CHILD_EV_STOPPING] = ends_itself,
		[CHILD_EV_STOP] = order_stop,
		[CHILD_EV_PREPARE] = order_stop,
		[CHILD_EV_PREPARED] = nothing,
		[CHILD_EV_KILL] = kill_now,
		[CHILD_EV_DEADLINE] = start_late,
		[CHILD_EV_HUNG] = hung,
		[CHILD_EV_SICK] = nothing,
		[CHILD_EV_EXIT] = died,
		[CHILD_EV_GONE] = nothing,
	},
	[CHILD_READY] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = nothing,
		[CHILD_EV_RELOADING] = reloads,
		[CHILD_EV_STOPPING] = ends_itself,
		[CHILD_EV_STOP] = order_stop,
		[CHILD_EV_PREPARE] = prepare,
		[CHILD_EV_PREPARED] = nothing,
		[CHILD_EV_KILL] = kill_now,
		[CHILD_EV_DEADLINE] = nothing,
		[CHILD_EV_HUNG] = hung,
		[CHILD_EV_SICK] = sick,
		[CHILD_EV_EXIT] = died,
		[CHILD_EV_GONE] = nothing,
	},
	[CHILD_RELOADING] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = become_ready,
		[CHILD_EV_RELOADING] = nothing,
		[CHILD_EV_STOPPING] = ends_itself,
		[CHILD_EV_STOP] = order_stop,
		[CHILD_EV_PREPARE] = prepare,
		[CHILD_EV_PREPARED] = nothing,
		[CHILD_EV_KILL] = kill_now,
		[CHILD_EV_DEADLINE] = reload_late,
		[CHILD_EV_HUNG] = hung,
		[CHILD_EV_SICK] = nothing,
		[CHILD_EV_EXIT] = died,
		[CHILD_EV_GONE] = nothing,
	},
	[CHILD_PREPARING] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = nothing,
		[CHILD_EV_RELOADING] = nothing,
		[CHILD_EV_STOPPING] = request_end,
		[CHILD_EV_STOP] = request_end, /* no restart any more */
		[CHILD_EV_PREPARE] = nothing,
		[CHILD_EV_PREPARED] = request_end,
		[CHILD_EV_KILL] = kill_now,
		[CHILD_EV_DEADLINE] = prepare_late,
		[CHILD_EV_HUNG] = nothing,
		[CHILD_EV_SICK] = nothing,
		[CHILD_EV_EXIT] = died,
		[CHILD_EV_GONE] = nothing,
	},
	[CHILD_STOPPING] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = nothing,
		[CHILD_EV_RELOADING] = nothing,
		[CHILD_EV_STOPPING] = nothing,
		[CHILD_EV_STOP] = stop_once,
		[CHILD_EV_PREPARE] = stop_once,
		[CHILD_EV_PREPARED] = nothing,
		[CHILD_EV_KILL] = kill_now,
		[CHILD_EV_DEADLINE] = kill_now,
		[CHILD_EV_HUNG] = nothing,
		[CHILD_EV_SICK] = nothing,
		[CHILD_EV_EXIT] = died,
		[CHILD_EV_GONE] = nothing,
	},
	[CHILD_ABORTING] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = nothing,
		[CHILD_EV_RELOADING] = nothing,
		[CHILD_EV_STOPPING] = nothing,
		[CHILD_EV_STOP] = nothing, /* it is on its way out */
		[CHILD_EV_PREPARE] = nothing,
		[CHILD_EV_PREPARED] = nothing,
		[CHILD_EV_KILL] = kill_now,
		[CHILD_EV_DEADLINE] = kill_now,
		[CHILD_EV_HUNG] = nothing,
		[CHILD_EV_SICK] = nothing,
		[CHILD_EV_EXIT] = died,
		[CHILD_EV_GONE] = nothing,
	},
	[CHILD_KILLING] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = nothing,
		[CHILD_EV_RELOADING] = nothing,
		[CHILD_EV_STOPPING] = nothing,
		[CHILD_EV_STOP] = nothing,
		[CHILD_EV_PREPARE] = nothing,
		[CHILD_EV_PREPARED] = nothing,
		[CHILD_EV_KILL] = kill_now,
		[CHILD_EV_DEADLINE] = kill_now,
		[CHILD_EV_HUNG] = nothing,
		[CHILD_EV_SICK] = nothing,
		[CHILD_EV_EXIT] = died,
		[CHILD_EV_GONE] = nothing,
	},
	[CHILD_CLEANING] = {
		[CHILD_EV_START] = nothing,
		[CHILD_EV_READY] = nothing,
		[CHILD_EV_RELOADING] = nothing,
		[CHILD_EV_STOPPING] = nothing,
		[CHILD_EV_STOP] = nothing,
		[CHILD_EV_PREPARE] = nothing,
		[CHILD_EV_PREPARED] = nothing,
		[CHILD_EV_KILL] = sweep_hard,
		[CHILD_EV_DEADLINE] = sweep_again,
		[CHILD_EV_HUNG] = nothing,
		[CHILD_EV_SICK] = nothing,
		[CHILD_EV_EXIT] = nothing,
		[CHILD_EV_GONE] = gone,
	},
};
/* clang-format on */

void
child_event(struct child *child, enum child_event event)
{
	table[child->state][event](child);
}

bool
child_cell_is_defined(enum child_state state, enum child_event event)
{
	return table[state][event] != NULL;
}

/* ---- small things ------------------------------------------------------- */

void
child_rest(struct child *child, enum child_state state)
{
	if (child_is_alive(child))
		child->rest = state;
	else if (child->state != state)
		child_set_state(child, state);
}

void
child_wait_due(struct child *child)
{
	bool later =
	    mono_ms_left(mono_now(), child->due) > 0 && child->due.ns != 0;

	child_rest(child, later ? CHILD_BACKOFF : CHILD_DOWN);
}
