/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small loop that hides behind one descriptor: an epoll over the sockets of
 * its links, one timerfd for all timers and an eventfd that is raised while
 * completions wait.  libms cannot use libev: the caller has a loop of its own
 * or none, and should not link one more.
 */
#include "proto/client/hub.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/fd.h"

#define EVENTS_PER_TURN 64
#define NS_PER_S        UINT64_C(1000000000)

TAILQ_HEAD(item_list, hub_item);
TAILQ_HEAD(timer_list, hub_timer);

struct link_hub {
	int epoll;
	struct item_list items;   /* oldest first */
	struct timer_list timers; /* next first */
	struct mono armed;        /* when the timerfd fires; .ns 0 = never */
	bool raised;              /* the eventfd */
	struct hub_watch on_timer;
	struct hub_watch on_items;
};

/* ---- completions -------------------------------------------------------------- */

static void
raise_items(struct link_hub *hub)
{
	uint64_t one = 1;

	if (hub->raised)
		return;
	/* a fresh counter always takes a one */
	hub->raised = write(hub->on_items.fd, &one, sizeof(one)) > 0;
}

static void
lower_items(struct link_hub *hub)
{
	uint64_t count;

	if (hub->raised && read(hub->on_items.fd, &count, sizeof(count)) > 0)
		hub->raised = false;
}

void
hub_post(struct link_hub *hub, struct hub_item *item)
{
	if (item->queued)
		return;
	item->queued = true;
	TAILQ_INSERT_TAIL(&hub->items, item, entry);
	raise_items(hub);
}

void
hub_unpost(struct link_hub *hub, struct hub_item *item)
{
	if (!item->queued)
		return;
	item->queued = false;
	TAILQ_REMOVE(&hub->items, item, entry);
}

/* What they post waits for the next dispatch: nobody keeps us here. */
static size_t
run_items(struct link_hub *hub, size_t max)
{
	struct hub_item *last = TAILQ_LAST(&hub->items, item_list);
	struct hub_item *item;
	size_t n = 0;
	bool is_last = false;

	while (!is_last && (max == 0 || n < max) &&
	    (item = TAILQ_FIRST(&hub->items)) != NULL) {
		is_last = item == last;
		hub_unpost(hub, item);
		n++;
		item->run(item);
	}
	if (TAILQ_EMPTY(&hub->items))
		lower_items(hub);
	return n;
}

static void
ignore(struct hub_watch *watch MS_UNUSED, uint32_t events MS_UNUSED)
{
}

/* ---- timers -------------------------------------------------------------------- */

static void
arm(struct link_hub *hub, struct mono due)
{
	struct itimerspec spec = { 0 };

	spec.it_value.tv_sec = (time_t)(due.ns / NS_PER_S);
	spec.it_value.tv_nsec = (long)(due.ns % NS_PER_S);
	timerfd_settime(hub->on_timer.fd, TFD_TIMER_ABSTIME, &spec, NULL);
	hub->armed = due;
}

/* The timerfd is only ever moved forward here; one that fires for a timer that
 * is gone costs a wake-up and saves a system call per call. */
static void
arm_first(struct link_hub *hub)
{
	struct hub_timer *first = TAILQ_FIRST(&hub->timers);

	if (first && (hub->armed.ns == 0 || first->due.ns < hub->armed.ns))
		arm(hub, first->due);
}

void
hub_timer_start(struct link_hub *hub, struct hub_timer *timer,
    uint64_t after_ms)
{
	struct hub_timer *before;

	hub_timer_stop(hub, timer);
	timer->due = mono_add_ms(mono_now(), after_ms);
	before = TAILQ_LAST(&hub->timers, timer_list);
	while (before && before->due.ns > timer->due.ns)
		before = TAILQ_PREV(before, timer_list, entry);
	if (before)
		TAILQ_INSERT_AFTER(&hub->timers, before, timer, entry);
	else
		TAILQ_INSERT_HEAD(&hub->timers, timer, entry);
	arm_first(hub);
}

void
hub_timer_stop(struct link_hub *hub, struct hub_timer *timer)
{
	if (timer->due.ns == 0)
		return;
	timer->due.ns = 0;
	TAILQ_REMOVE(&hub->timers, timer, entry);
}

static void
on_timer(struct hub_watch *watch, uint32_t events MS_UNUSED)
{
	struct link_hub *hub = container_of(watch, struct link_hub, on_timer);
	struct mono now = mono_now();
	struct hub_timer *timer;
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	hub->armed.ns = 0;
	while ((timer = TAILQ_FIRST(&hub->timers)) != NULL &&
	    mono_reached(now, timer->due)) {
		hub_timer_stop(hub, timer);
		timer->fire(timer);
	}
	arm_first(hub);
}

/* ---- descriptors ------------------------------------------------------------------ */

static enum ms_err
control(struct link_hub *hub, int what, struct hub_watch *watch,
    uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(hub->epoll, what, watch->fd, &event) ? MS_EIO : MS_OK;
}

enum ms_err
hub_watch_start(struct link_hub *hub, struct hub_watch *watch, uint32_t events)
{
	return control(hub, EPOLL_CTL_ADD, watch, events);
}

void
hub_watch_change(struct link_hub *hub, struct hub_watch *watch, uint32_t events)
{
	(void)!control(hub, EPOLL_CTL_MOD, watch, events);
}

void
hub_watch_stop(struct link_hub *hub, struct hub_watch *watch)
{
	(void)!control(hub, EPOLL_CTL_DEL, watch, 0);
}

static void
run_ready(struct link_hub *hub)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int n = epoll_wait(hub->epoll, events, EVENTS_PER_TURN, 0);

	for (int i = 0; i < n; i++) {
		struct hub_watch *watch = events[i].data.ptr;

		watch->ready(watch, events[i].events);
	}
}

/* ---- life --------------------------------------------------------------------------- */

size_t
link_hub_dispatch(struct link_hub *hub, size_t max)
{
	run_ready(hub);
	return run_items(hub, max);
}

bool
link_hub_wait(struct link_hub *hub, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = hub->epoll, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_ms) > 0;
}

enum ms_err
link_hub_open(struct link_hub **hub_r)
{
	struct link_hub *hub = calloc(1, sizeof(*hub));

	if (!hub)
		return MS_ENOMEM;
	TAILQ_INIT(&hub->items);
	TAILQ_INIT(&hub->timers);
	hub->on_items.ready = ignore;
	hub->on_timer.ready = on_timer;
	hub->epoll = epoll_create1(EPOLL_CLOEXEC);
	hub->on_items.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	hub->on_timer.fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (hub->epoll < 0 || hub->on_items.fd < 0 || hub->on_timer.fd < 0 ||
	    hub_watch_start(hub, &hub->on_items, EPOLLIN) ||
	    hub_watch_start(hub, &hub->on_timer, EPOLLIN)) {
		link_hub_close(&hub);
		return MS_EIO;
	}
	*hub_r = hub;
	return MS_OK;
}

void
link_hub_close(struct link_hub **hub_ptr)
{
	struct link_hub *hub = *hub_ptr;

	if (!hub)
		return;
	*hub_ptr = NULL;
	fd_close(&hub->on_items.fd);
	fd_close(&hub->on_timer.fd);
	fd_close(&hub->epoll);
	free(hub);
}

int
link_hub_fd(struct link_hub *hub)
{
	return hub->epoll;
}
