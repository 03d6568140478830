/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/child/wellness.h"

#include <stdio.h>

#include "common/str.h"

/* What a state alone says about a worker that is expected to be up. */
static const struct {
	enum health_level level;
	const char *reason;
} states[FACE_COUNT] = {
	[FACE_DOWN] = { HEALTH_DEGRADED, "down" },
	[FACE_STARTING] = { HEALTH_DEGRADED, "starting" },
	[FACE_READY] = { HEALTH_OK, "" },
	[FACE_RELOADING] = { HEALTH_OK, "" },
	[FACE_STOPPING] = { HEALTH_DEGRADED, "stopping" },
	[FACE_BACKOFF] = { HEALTH_FAILED, "waits to be restarted" },
	[FACE_IGNORED] = { HEALTH_OK, "" },
	[FACE_EXITED] = { HEALTH_OK, "" },
	[FACE_FAILED] = { HEALTH_FAILED, "has failed" },
};

static bool
is_expected(const struct wellness_facts *f)
{
	return f->wanted && f->face != FACE_EXITED && f->face != FACE_IGNORED;
}

/* False with the reason: it has a process that does nothing. */
static bool
judge_life(const struct wellness_facts *f, uint64_t busy_limit_ms,
    struct wellness *w)
{
	char text[UNIT_TEXT_BYTES];

	if (!f->has_process)
		return false;
	if (f->stopped) {
		snprintf(w->reason, sizeof(w->reason),
		    "not alive: stopped by a signal");
		return false;
	}
	if (f->has_life && f->busy && f->busy_ms >= busy_limit_ms) {
		snprintf(w->reason, sizeof(w->reason),
		    "not alive: busy in one turn of its loop for %s",
		    print_duration(f->busy_ms, text));
		return false;
	}
	return true;
}

static void
explain_state(const struct wellness_facts *f, struct wellness *w)
{
	if (f->waits_for && f->face != FACE_READY && f->face != FACE_RELOADING)
		snprintf(w->reason, sizeof(w->reason), "waits for %s",
		    f->waits_for);
	else
		snprintf(w->reason, sizeof(w->reason), "%s",
		    states[f->face].reason);
}

void
wellness_judge(const struct wellness_facts *f, uint64_t busy_limit_ms,
    struct wellness *w)
{
	*w = (struct wellness){ .counts = is_expected(f) };
	w->alive = judge_life(f, busy_limit_ms, w);
	if (!w->counts) {
		w->reason[0] = '\0';
		return;
	}
	w->level = states[f->face].level;
	if (f->has_process && !w->alive) {
		w->level = HEALTH_FAILED;
		return;
	}
	explain_state(f, w);
	if (w->level == HEALTH_OK && f->check_failures) {
		w->level = HEALTH_DEGRADED;
		snprintf(w->reason, sizeof(w->reason),
		    "its check has failed %u time%s in a row",
		    f->check_failures, f->check_failures == 1 ? "" : "s");
	}
}

/* ---- those above --------------------------------------------------------- */

void
rollup_add_worker(struct rollup *r, const struct wellness *w, bool essential)
{
	if (!w->counts)
		return;
	r->ok += w->level == HEALTH_OK;
	r->degraded += w->level == HEALTH_DEGRADED;
	r->failed += w->level == HEALTH_FAILED;
	r->lost |= essential && w->level == HEALTH_FAILED;
}

void
rollup_add_supervisor(struct rollup *r, enum health_level level)
{
	r->below = health_worse(r->below, level);
}

enum health_level
rollup_level(const struct rollup *r)
{
	enum health_level own = HEALTH_OK;

	if (r->lost || (r->failed && !r->ok && !r->degraded))
		own = HEALTH_FAILED;
	else if (r->degraded || r->failed)
		own = HEALTH_DEGRADED;
	return health_worse(own, r->below);
}
