/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a worker as a table: one row per state, one column per event.
 * A cell that says act_nothing is an answer too.  Only child_set_state()
 * moves; it stops the old deadline, starts the new one and tells everybody.
 */
#include "supervisor/child/child.h"

#include "common/log.h"
#include "supervisor/child/child_acts.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/msd.h"

/* A process may be unkillable for a while (waiting for a disk). */
#define KILL_AGAIN_MS 1000u

/* ---- moving ------------------------------------------------------------- */

/* A shell ends at once, what it waited for may need its time. */
uint64_t
child_cleaning_ms(const struct child *child)
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
		return child_cleaning_ms(child);
	case CHILD_BACKOFF:
		return mono_ms_left(mono_now(), child->due);
	default:
		return DURATION_INFINITY;
	}
}

void
child_set_deadline(struct child *child, uint64_t ms)
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
	child_set_deadline(child, ms);
}

void
child_set_state(struct child *child, enum child_state state)
{
	child->state = state;
	child_set_deadline(child, patience_ms(child));
	log_debug("child", "name=%s state=%s", child->node.name,
	    child_state_name(state));
	msd_touch(child->msd);
	ctl_on_state(child->msd->ctl);
}

/* ---- the table ---------------------------------------------------------- */

/* clang-format off */
#define NO_PROCESS \
	[CHILD_EV_START] = act_start, [CHILD_EV_READY] = act_nothing, \
	[CHILD_EV_RELOADING] = act_nothing, [CHILD_EV_STOPPING] = act_nothing, \
	[CHILD_EV_STOP] = act_nothing, [CHILD_EV_KILL] = act_nothing, \
	[CHILD_EV_PREPARE] = act_nothing, [CHILD_EV_PREPARED] = act_nothing, \
	[CHILD_EV_HUNG] = act_nothing, [CHILD_EV_SICK] = act_nothing, \
	[CHILD_EV_EXIT] = act_nothing, \
	[CHILD_EV_GONE] = act_nothing

static child_act *const table[CHILD_STATE_COUNT][CHILD_EVENT_COUNT] = {
	[CHILD_DOWN] = { NO_PROCESS, [CHILD_EV_DEADLINE] = act_nothing },
	[CHILD_BACKOFF] = { NO_PROCESS, [CHILD_EV_DEADLINE] = act_due },
	[CHILD_IGNORED] = { NO_PROCESS, [CHILD_EV_DEADLINE] = act_nothing },
	[CHILD_EXITED] = { NO_PROCESS, [CHILD_EV_DEADLINE] = act_nothing },
	[CHILD_FAILED] = { NO_PROCESS, [CHILD_EV_DEADLINE] = act_nothing },

	[CHILD_STARTING] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_become_ready,
		[CHILD_EV_RELOADING] = act_nothing,
		[CHILD_EV_STOPPING] = act_ends_itself,
		[CHILD_EV_STOP] = act_order_stop,
		[CHILD_EV_PREPARE] = act_order_stop,
		[CHILD_EV_PREPARED] = act_nothing,
		[CHILD_EV_KILL] = act_kill_now,
		[CHILD_EV_DEADLINE] = act_start_late,
		[CHILD_EV_HUNG] = act_hung,
		[CHILD_EV_SICK] = act_nothing,
		[CHILD_EV_EXIT] = act_died,
		[CHILD_EV_GONE] = act_nothing,
	},
	[CHILD_READY] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_nothing,
		[CHILD_EV_RELOADING] = act_reloads,
		[CHILD_EV_STOPPING] = act_ends_itself,
		[CHILD_EV_STOP] = act_order_stop,
		[CHILD_EV_PREPARE] = act_prepare,
		[CHILD_EV_PREPARED] = act_nothing,
		[CHILD_EV_KILL] = act_kill_now,
		[CHILD_EV_DEADLINE] = act_nothing,
		[CHILD_EV_HUNG] = act_hung,
		[CHILD_EV_SICK] = act_sick,
		[CHILD_EV_EXIT] = act_died,
		[CHILD_EV_GONE] = act_nothing,
	},
	[CHILD_RELOADING] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_become_ready,
		[CHILD_EV_RELOADING] = act_nothing,
		[CHILD_EV_STOPPING] = act_ends_itself,
		[CHILD_EV_STOP] = act_order_stop,
		[CHILD_EV_PREPARE] = act_prepare,
		[CHILD_EV_PREPARED] = act_nothing,
		[CHILD_EV_KILL] = act_kill_now,
		[CHILD_EV_DEADLINE] = act_reload_late,
		[CHILD_EV_HUNG] = act_hung,
		[CHILD_EV_SICK] = act_nothing,
		[CHILD_EV_EXIT] = act_died,
		[CHILD_EV_GONE] = act_nothing,
	},
	[CHILD_PREPARING] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_nothing,
		[CHILD_EV_RELOADING] = act_nothing,
		[CHILD_EV_STOPPING] = act_request_end,
		[CHILD_EV_STOP] = act_request_end, /* no restart any more */
		[CHILD_EV_PREPARE] = act_nothing,
		[CHILD_EV_PREPARED] = act_request_end,
		[CHILD_EV_KILL] = act_kill_now,
		[CHILD_EV_DEADLINE] = act_prepare_late,
		[CHILD_EV_HUNG] = act_nothing,
		[CHILD_EV_SICK] = act_nothing,
		[CHILD_EV_EXIT] = act_died,
		[CHILD_EV_GONE] = act_nothing,
	},
	[CHILD_STOPPING] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_nothing,
		[CHILD_EV_RELOADING] = act_nothing,
		[CHILD_EV_STOPPING] = act_nothing,
		[CHILD_EV_STOP] = act_stop_once,
		[CHILD_EV_PREPARE] = act_stop_once,
		[CHILD_EV_PREPARED] = act_nothing,
		[CHILD_EV_KILL] = act_kill_now,
		[CHILD_EV_DEADLINE] = act_stop_late,
		[CHILD_EV_HUNG] = act_nothing,
		[CHILD_EV_SICK] = act_nothing,
		[CHILD_EV_EXIT] = act_died,
		[CHILD_EV_GONE] = act_nothing,
	},
	[CHILD_ABORTING] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_nothing,
		[CHILD_EV_RELOADING] = act_nothing,
		[CHILD_EV_STOPPING] = act_nothing,
		[CHILD_EV_STOP] = act_nothing, /* it is on its way out */
		[CHILD_EV_PREPARE] = act_nothing,
		[CHILD_EV_PREPARED] = act_nothing,
		[CHILD_EV_KILL] = act_kill_now,
		[CHILD_EV_DEADLINE] = act_kill_now,
		[CHILD_EV_HUNG] = act_nothing,
		[CHILD_EV_SICK] = act_nothing,
		[CHILD_EV_EXIT] = act_died,
		[CHILD_EV_GONE] = act_nothing,
	},
	[CHILD_KILLING] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_nothing,
		[CHILD_EV_RELOADING] = act_nothing,
		[CHILD_EV_STOPPING] = act_nothing,
		[CHILD_EV_STOP] = act_nothing,
		[CHILD_EV_PREPARE] = act_nothing,
		[CHILD_EV_PREPARED] = act_nothing,
		[CHILD_EV_KILL] = act_kill_now,
		[CHILD_EV_DEADLINE] = act_kill_now,
		[CHILD_EV_HUNG] = act_nothing,
		[CHILD_EV_SICK] = act_nothing,
		[CHILD_EV_EXIT] = act_died,
		[CHILD_EV_GONE] = act_nothing,
	},
	[CHILD_CLEANING] = {
		[CHILD_EV_START] = act_nothing,
		[CHILD_EV_READY] = act_nothing,
		[CHILD_EV_RELOADING] = act_nothing,
		[CHILD_EV_STOPPING] = act_nothing,
		[CHILD_EV_STOP] = act_nothing,
		[CHILD_EV_PREPARE] = act_nothing,
		[CHILD_EV_PREPARED] = act_nothing,
		[CHILD_EV_KILL] = act_sweep_hard,
		[CHILD_EV_DEADLINE] = act_sweep_again,
		[CHILD_EV_HUNG] = act_nothing,
		[CHILD_EV_SICK] = act_nothing,
		[CHILD_EV_EXIT] = act_nothing,
		[CHILD_EV_GONE] = act_gone,
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
