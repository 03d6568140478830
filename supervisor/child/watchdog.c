/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A beat only notes the time; the timer looks at it when it rings, so a
 * thousand beats cost no timer call.  Its priority puts it before the readers
 * of its turn: after msd itself was stopped it rings first, hears what the
 * socket has kept meanwhile, and sees how late it is.
 */
#include "supervisor/child/watchdog.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "supervisor/child/child.h"
#include "supervisor/child/notify_sock.h"
#include "supervisor/msd.h"

#define TIMER_PRIORITY 1
/* All that a socket can hold: the kernel's max_dgram_qlen is 512 at most
 * where we run; a bound all the same. */
#define HEAR_MAX 1024u
/* Half of it is how often the protocol asks for a beat: each second. */
#define PHI_TOLD_MS 2000u

/* Few workers are watched: only those have one. */
struct watch {
	struct child *child;
	ev_timer timer;
};

static void on_watchdog(struct ev_loop *ev, ev_timer *timer, int events);

static ev_timer *
timer_of(struct child *child)
{
	struct watch *watch = child->watch;

	if (watch)
		return &watch->timer;
	watch = child->watch = xcalloc(1, sizeof(*watch));
	watch->child = child;
	ev_timer_init(&watch->timer, on_watchdog, 0., 0.);
	ev_set_priority(&watch->timer, TIMER_PRIORITY);
	return &watch->timer;
}

static void
set_timer(struct child *child, struct mono now)
{
	struct mono due = heartbeat_due(&child->heartbeat);

	child->watchdog_due = due;
	if (due.ns)
		loop_timer_start(child->msd->loop, timer_of(child),
		    mono_ms_left(now, due));
	else if (child->watch)
		loop_timer_stop(child->msd->loop, &child->watch->timer);
}

static void
on_watchdog(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct child *child = container_of(timer, struct watch, timer)->child;
	struct mono due = child->watchdog_due, now = mono_now();

	(void)ev;
	child->watchdog_due = (struct mono){ 0 };
	notify_sock_read(child, HEAR_MAX);
	if (child->heartbeat.last.ns == 0)
		return; /* one of its words has ended the watch */
	if (heartbeat_judge(&child->heartbeat, due, now) == HEARTBEAT_HUNG)
		child_event(child, CHILD_EV_HUNG);
	else
		set_timer(child, now);
}

void
watchdog_prepare(struct child *child)
{
	heartbeat_init(&child->heartbeat, &child->spec->conf.watchdog);
}

uint64_t
watchdog_told_ms(const struct child *child)
{
	return child->heartbeat.phi ? PHI_TOLD_MS : child->heartbeat.timeout_ms;
}

uint64_t
watchdog_silent_ms(const struct child *child)
{
	struct mono last = child->heartbeat.last;

	return last.ns ? mono_ms_between(last, mono_now()) : 0;
}

void
watchdog_start(struct child *child)
{
	struct mono now = mono_now();

	heartbeat_start(&child->heartbeat, now);
	set_timer(child, now);
}

void
watchdog_stop(struct child *child)
{
	if (child->watch)
		loop_timer_stop(child->msd->loop, &child->watch->timer);
	free(child->watch);
	child->watch = NULL;
	child->watchdog_due = (struct mono){ 0 };
	heartbeat_stop(&child->heartbeat);
}

void
watchdog_resume(struct child *child)
{
	if (child->watchdog_due.ns)
		loop_timer_start(child->msd->loop, timer_of(child),
		    mono_ms_left(mono_now(), child->watchdog_due));
}

/* The timer may ring too early, never too late. */
static void
pull_timer(struct child *child, struct mono now)
{
	struct mono due = heartbeat_due(&child->heartbeat);

	if (due.ns != 0 &&
	    (child->watchdog_due.ns == 0 || due.ns < child->watchdog_due.ns))
		set_timer(child, now);
}

void
watchdog_on_beat(struct child *child)
{
	struct mono now = mono_now();

	heartbeat_beat(&child->heartbeat, now);
	pull_timer(child, now);
}

void
watchdog_on_wish(struct child *child, uint64_t usec)
{
	struct mono now = mono_now();

	heartbeat_set(&child->heartbeat, usec ? usec / 1000 + 1 : 0, now);
	pull_timer(child, now);
}

void
watchdog_on_lease(struct child *child, uint64_t ms)
{
	heartbeat_lease(&child->heartbeat, ms, mono_now());
}

/* Its process beats as it was told at its start: more patience counts at
 * once, less from the next start on. */
void
watchdog_retune(struct child *child, const struct worker_conf *was)
{
	const struct watchdog_conf *now = &child->spec->conf.watchdog;
	struct heartbeat *h = &child->heartbeat;
	bool is_off = now->phi <= 0. && now->timeout_ms == 0;
	bool is_longer = was->watchdog.phi <= 0. && now->phi <= 0. &&
	    was->watchdog.timeout_ms > 0 &&
	    now->timeout_ms > was->watchdog.timeout_ms;

	if (is_off && (was->watchdog.timeout_ms || was->watchdog.phi > 0.))
		heartbeat_set(h, 0, mono_now());
	else if (is_longer && h->timeout_ms < now->timeout_ms)
		heartbeat_set(h, now->timeout_ms, mono_now());
}
