/* SPDX-License-Identifier: Apache-2.0 */
/* A child as others see it; nothing here changes it. */
#include "supervisor/child/child.h"
#include "supervisor/child/hint.h"
#include "supervisor/msd.h"

static const struct {
	const char *name;
	enum child_face face;
	bool has_process;
} states[CHILD_STATE_COUNT] = {
	[CHILD_DOWN] = { "down", FACE_DOWN, false },
	[CHILD_BACKOFF] = { "backoff", FACE_BACKOFF, false },
	[CHILD_STARTING] = { "starting", FACE_STARTING, true },
	[CHILD_READY] = { "ready", FACE_READY, true },
	[CHILD_RELOADING] = { "reloading", FACE_RELOADING, true },
	[CHILD_PREPARING] = { "preparing", FACE_STOPPING, true },
	[CHILD_STOPPING] = { "stopping", FACE_STOPPING, true },
	[CHILD_ABORTING] = { "aborting", FACE_STOPPING, true },
	[CHILD_KILLING] = { "killing", FACE_STOPPING, true },
	[CHILD_CLEANING] = { "cleaning", FACE_STOPPING, false },
	[CHILD_IGNORED] = { "ignored", FACE_IGNORED, false },
	[CHILD_EXITED] = { "exited", FACE_EXITED, false },
	[CHILD_FAILED] = { "failed", FACE_FAILED, false },
};

const char *
child_state_name(enum child_state state)
{
	return states[state].name;
}

bool
child_has_process(const struct child *child)
{
	return states[child->state].has_process;
}

bool
child_is_alive(const struct child *child)
{
	return child_has_process(child) || child->state == CHILD_CLEANING;
}

bool
child_is_ready(const struct child *child)
{
	return child->state == CHILD_READY || child->state == CHILD_RELOADING;
}

bool
child_is_well(const struct child *child)
{
	return child_is_ready(child) || child->want == WANT_DOWN ||
	    child->state == CHILD_EXITED || child->state == CHILD_IGNORED;
}

enum child_face
child_face(const struct child *child)
{
	/* waiting for its turn in a group is part of being started */
	if (child->state == CHILD_DOWN && child->must_start &&
	    !child->waits_for)
		return FACE_STARTING;
	return states[child->state].face;
}

const char *
child_face_name(enum child_face face)
{
	static const char *const names[FACE_COUNT] = {
		[FACE_DOWN] = "down",
		[FACE_STARTING] = "starting",
		[FACE_READY] = "ready",
		[FACE_RELOADING] = "reloading",
		[FACE_STOPPING] = "stopping",
		[FACE_BACKOFF] = "backoff",
		[FACE_IGNORED] = "ignored",
		[FACE_EXITED] = "exited",
		[FACE_FAILED] = "failed",
	};

	return names[face];
}

bool
child_group_stops(const struct child *child)
{
	if (child->state == CHILD_STOPPING)
		return child->signalled && child->spec->conf.stop_group &&
		    !child->msd->killing;
	return child->state == CHILD_CLEANING && child->group_stops &&
	    !child->msd->killing &&
	    (child->group_until.ns == 0 ||
		!mono_reached(mono_now(), child->group_until));
}

const struct exit_reason *
child_exit(const struct child *child, uint32_t n)
{
	uint32_t kept = child->exit_count < CHILD_EXITS_KEPT ? child->exit_count
							     : CHILD_EXITS_KEPT;

	if (n >= kept)
		return NULL;
	return &child->exits[(child->exit_count - 1 - n) % CHILD_EXITS_KEPT];
}

const char *
child_hint(const struct child *child)
{
	return hint_of(child_exit(child, 0), &child->spec->conf);
}

uint64_t
child_uptime_ms(const struct child *child, struct mono now)
{
	return child_has_process(child) ? mono_ms_between(child->started, now)
					: 0;
}
