/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager must hear every turn of our life once, in order, whatever its
 * queue is like: a word it did not take is owed, the newest of its kind, and
 * said again.  Beats come from the main loop and are never owed: a loop that
 * hangs must miss them.
 */
#include "supervisor/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>

#include "common/alloc.h"
#include "common/loop.h"
#include "proto/notify.h"
#include "supervisor/child/child.h"
#include "supervisor/manager.h"
#include "supervisor/msd.h"
#include "supervisor/state/state.h"

/* While a start or a stop takes its time the manager is told so before it
 * loses patience: soon, then at half of what was asked for. */
#define EXTEND_MS       20000u
#define EXTEND_FIRST_MS 1000u
#define STATUS_EVERY_MS 1000u
#define AGAIN_MS        100u

#define TURNS (NOTIFY_READY | NOTIFY_RELOADING | NOTIFY_STOPPING)

struct upstream {
	struct msd *msd;
	struct manager manager;
	bool is_stopping;   /* the last turn */
	struct notify owed; /* what == 0: nothing */
	char shown[NOTIFY_STATUS_MAX];
	uint64_t beat_ms; /* 0: no watchdog */
	ev_timer beat, extend, later;
};

/* ---- saying -------------------------------------------------------------- */

static void
owe(struct upstream *u, const struct notify *notify)
{
	struct notify *owed = &u->owed;

	if (notify->what & TURNS) {
		owed->what &= ~TURNS;
		owed->monotonic_usec = notify->monotonic_usec;
	}
	if (notify->what & NOTIFY_STATUS)
		memcpy(owed->status, notify->status, sizeof(owed->status));
	if (notify->what & NOTIFY_ERRNO)
		owed->error = notify->error;
	owed->what |= notify->what;
}

static void
pay(struct upstream *u)
{
	if (u->owed.what == 0)
		return;
	if (manager_say(&u->manager, &u->owed))
		u->owed = (struct notify){ .what = 0 };
	else
		loop_timer_start(u->msd->loop, &u->later, AGAIN_MS);
}

/* Behind what is owed already. */
static void
say(struct upstream *u, const struct notify *notify)
{
	if (u->manager.fd < 0)
		return;
	if (notify->what & NOTIFY_STATUS)
		memcpy(u->shown, notify->status, sizeof(u->shown));
	owe(u, notify);
	pay(u);
}

/* ---- status -------------------------------------------------------------- */

static void
count(const struct upstream *u, char text[static NOTIFY_STATUS_MAX])
{
	const struct tree *tree = &u->msd->tree;
	size_t ready = 0, alive = 0;

	for (size_t i = 0; i < tree->child_count; i++) {
		ready += child_is_ready(tree->children[i]);
		alive += child_is_alive(tree->children[i]);
	}
	if (u->is_stopping)
		snprintf(text, NOTIFY_STATUS_MAX, "stopping, %zu of %zu left",
		    alive, tree->child_count);
	else
		snprintf(text, NOTIFY_STATUS_MAX, "%s%zu of %zu workers ready",
		    u->msd->booted ? "" : "starting, ", ready,
		    tree->child_count);
}

static void
on_later(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct upstream *u = container_of(timer, struct upstream, later);
	struct notify notify = { .what = NOTIFY_STATUS };

	(void)ev;
	count(u, notify.status);
	if (strcmp(notify.status, u->shown) != 0)
		say(u, &notify);
	else
		pay(u);
}

void
upstream_touch(struct upstream *u)
{
	if (u && u->manager.fd >= 0 && !ev_is_active(&u->later))
		loop_timer_start(u->msd->loop, &u->later, STATUS_EVERY_MS);
}

/* ---- time ---------------------------------------------------------------- */

static void
on_beat(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct upstream *u = container_of(timer, struct upstream, beat);

	(void)ev;
	manager_say(&u->manager, &(struct notify){ .what = NOTIFY_WATCHDOG });
	loop_timer_start(u->msd->loop, timer, u->beat_ms);
}

static void
on_extend(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct upstream *u = container_of(timer, struct upstream, extend);

	(void)ev;
	if (u->msd->booted && !u->is_stopping)
		return;
	manager_say(&u->manager,
	    &(struct notify){ .what = NOTIFY_EXTEND,
		.extend_usec = EXTEND_MS * 1000 });
	loop_timer_start(u->msd->loop, timer, EXTEND_MS / 2);
}

/* ---- turns --------------------------------------------------------------- */

struct upstream *
upstream_new(struct msd *msd)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	u->msd = msd;
	ev_timer_init(&u->beat, on_beat, 0., 0.);
	ev_timer_init(&u->extend, on_extend, 0., 0.);
	ev_timer_init(&u->later, on_later, 0., 0.);
	manager_open(&u->manager);
	if (u->manager.fd < 0)
		return u;
	/* the manager knows the guardian, and means the tree */
	u->beat_ms =
	    manager_beat_ms(msd->guard.pid ? msd->guard.pid : msd->pid);
	if (u->beat_ms)
		loop_timer_start(msd->loop, &u->beat, u->beat_ms);
	loop_timer_start(msd->loop, &u->extend, EXTEND_FIRST_MS);
	return u;
}

void
upstream_free(struct upstream **u_ptr)
{
	struct upstream *u = *u_ptr;

	if (!u)
		return;
	*u_ptr = NULL;
	loop_timer_stop(u->msd->loop, &u->beat);
	loop_timer_stop(u->msd->loop, &u->extend);
	loop_timer_stop(u->msd->loop, &u->later);
	manager_close(&u->manager);
	free(u);
}

void
upstream_ready(struct upstream *u)
{
	struct notify notify = { .what = NOTIFY_READY | NOTIFY_STATUS };

	loop_timer_stop(u->msd->loop, &u->extend);
	count(u, notify.status);
	say(u, &notify);
}

/* Before the first READY and after STOPPING a reload is no turn of ours. */
void
upstream_reloading(struct upstream *u)
{
	struct notify notify = { .what = NOTIFY_RELOADING };

	notify.monotonic_usec = mono_now().ns / 1000;
	if (u->msd->booted && !u->is_stopping)
		say(u, &notify);
}

void
upstream_reloaded(struct upstream *u, const char *status)
{
	struct notify notify = { .what = NOTIFY_STATUS };

	if (u->msd->booted && !u->is_stopping)
		notify.what |= NOTIFY_READY;
	if (status)
		snprintf(notify.status, sizeof(notify.status), "%s", status);
	else
		count(u, notify.status);
	say(u, &notify);
}

/* Of the death that came last: it is what makes msd give up. */
static int
last_error(const struct msd *msd)
{
	const struct exit_reason *last = NULL;

	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct exit_reason *reason =
		    child_exit(msd->tree.children[i], 0);

		if (reason && (!last || reason->at_ns > last->at_ns))
			last = reason;
	}
	return last ? last->error : 0;
}

void
upstream_stopping(struct upstream *u, bool failed, const char *status)
{
	struct notify notify = { .what = NOTIFY_STOPPING | NOTIFY_STATUS };

	snprintf(notify.status, sizeof(notify.status), "%s", status);
	notify.error = failed ? last_error(u->msd) : 0;
	if (notify.error)
		notify.what |= NOTIFY_ERRNO;
	u->is_stopping = true;
	say(u, &notify);
	if (u->manager.fd >= 0)
		loop_timer_start(u->msd->loop, &u->extend, EXTEND_FIRST_MS);
}

void
upstream_refuse(const char *status, int error)
{
	struct notify notify = { .what = NOTIFY_STATUS | NOTIFY_ERRNO,
		.error = error };
	struct manager manager;

	snprintf(notify.status, sizeof(notify.status), "%s", status);
	manager_open(&manager);
	manager_say(&manager, &notify);
	manager_close(&manager);
}

/* ---- over an exec of msd -------------------------------------------------- */

static const struct state_row rows[] = {
	STATE_ROW(STATE_BOOL, struct upstream, is_stopping),
	STATE_ROW(STATE_U32, struct upstream, owed.what),
	STATE_ROW(STATE_U64, struct upstream, owed.monotonic_usec),
	STATE_ROW(STATE_INT, struct upstream, owed.error),
	STATE_END,
};

void
upstream_save(const struct upstream *u, struct state_out *out)
{
	state_begin(out, "upstream");
	state_put(out, rows, u);
	state_put_text(out, "owed.status", u->owed.status);
	state_end(out);
}

void
upstream_load(struct upstream *u, struct state_in *in)
{
	size_t off = 0;
	struct json *record = state_next(in, "upstream", &off);
	const char *status;

	if (!record)
		return;
	state_get(in, record, rows, u);
	status = state_get_text(in, record, "owed.status");
	snprintf(u->owed.status, sizeof(u->owed.status), "%s",
	    status ? status : "");
	if (u->msd->booted && !u->is_stopping)
		loop_timer_stop(u->msd->loop, &u->extend);
	upstream_touch(u); /* pays what is owed, too */
	json_free(&record);
}
