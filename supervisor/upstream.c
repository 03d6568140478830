/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/upstream.h"

#include <stdio.h>
#include <stdlib.h>

#include <ev.h>

#include "common/alloc.h"
#include "common/loop.h"
#include "proto/notify.h"
#include "supervisor/manager.h"
#include "supervisor/msd.h"

/* While a stop takes its time the manager is told so before it loses
 * patience: at half of what was asked for. */
#define EXTEND_MS 20000u

struct upstream {
	struct msd *msd;
	struct manager manager;
	uint64_t beat_ms; /* 0: no watchdog */
	ev_timer timer;
	bool stopping;
};

static void
arm(struct upstream *u)
{
	uint64_t ms =
	    u->stopping && (u->beat_ms == 0 || u->beat_ms > EXTEND_MS / 2)
	    ? EXTEND_MS / 2
	    : u->beat_ms;

	if (ms)
		loop_timer_start(u->msd->loop, &u->timer, ms);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct upstream *u = container_of(timer, struct upstream, timer);
	struct notify beat = { .what = 0 };

	(void)ev;
	if (u->beat_ms)
		beat.what |= NOTIFY_WATCHDOG;
	if (u->stopping) {
		beat.what |= NOTIFY_EXTEND;
		beat.extend_usec = EXTEND_MS * 1000;
	}
	manager_say(&u->manager, &beat);
	arm(u);
}

struct upstream *
upstream_new(struct msd *msd)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	u->msd = msd;
	ev_timer_init(&u->timer, on_timer, 0., 0.);
	manager_open(&u->manager);
	if (u->manager.fd < 0)
		return u;
	/* the manager knows the guardian, and means the tree */
	u->beat_ms =
	    manager_beat_ms(msd->guard.pid ? msd->guard.pid : msd->pid);
	arm(u);
	return u;
}

void
upstream_free(struct upstream **u_ptr)
{
	struct upstream *u = *u_ptr;

	if (!u)
		return;
	*u_ptr = NULL;
	loop_timer_stop(u->msd->loop, &u->timer);
	manager_close(&u->manager);
	free(u);
}

void
upstream_ready(struct upstream *u, const char *status)
{
	struct notify notify = { .what = NOTIFY_READY | NOTIFY_STATUS };

	snprintf(notify.status, sizeof(notify.status), "%s", status);
	manager_say(&u->manager, &notify);
}

void
upstream_reloading(struct upstream *u)
{
	struct notify notify = { .what = NOTIFY_RELOADING };

	notify.monotonic_usec = mono_now().ns / 1000;
	manager_say(&u->manager, &notify);
}

void
upstream_stopping(struct upstream *u, const char *status)
{
	struct notify notify = { .what = NOTIFY_STOPPING | NOTIFY_STATUS };

	snprintf(notify.status, sizeof(notify.status), "%s", status);
	manager_say(&u->manager, &notify);
	u->stopping = u->manager.fd >= 0;
	arm(u);
}
