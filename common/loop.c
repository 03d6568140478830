/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three additions to libev.
 *
 * Posting: threads push onto an atomic stack; only the push that found it
 * empty wakes the loop, so a thousand posts cost one wake-up.  The loop takes
 * the whole stack at once and turns it around: no ABA, and order is kept.
 *
 * Later: an ev_check of the lowest priority runs after every ready watcher of
 * a turn.  What is added outside a turn, or while that list is drained, waits
 * for the next one; an idle watcher keeps libev from blocking until then.
 *
 * Rest: libev looks at the clock once a minute to notice time jumps unless it
 * has a timerfd, which it makes for the first ev_periodic.  One that never
 * fires therefore gives us a loop that sleeps until something happens.
 */
#include "common/loop.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/alloc.h"
#include "common/log.h"

#define FAR_FUTURE_S 1e10 /* year 2286 */

/* loop_free() runs what waits; work that always posts more must not keep it. */
#define FREE_ROUNDS 64

struct task_list {
	struct loop_task *head;
	struct loop_task **tail;
};

struct loop {
	struct ev_loop *ev;
	_Atomic(struct loop_task *) posted; /* newest first */
	struct task_list later;
	void **garbage;
	size_t garbage_len;
	size_t garbage_cap;
	ev_async wake;
	ev_check turn_end;
	ev_idle dont_block;
	ev_periodic rest;
	bool stopped;
};

static void
task_run(struct loop_task *task)
{
	/* Before run(): it may post the task again, or free it. */
	__atomic_store_n(&task->queued, false, __ATOMIC_RELAXED);
	task->run(task);
}

static void
run_posted(struct loop *loop)
{
	struct loop_task *task = atomic_exchange(&loop->posted, NULL);
	struct loop_task *oldest = NULL;

	while (task) {
		struct loop_task *next = task->next;

		task->next = oldest;
		oldest = task;
		task = next;
	}
	while (oldest) {
		task = oldest;
		oldest = task->next;
		task_run(task);
	}
}

static void
task_list_init(struct task_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

/* Takes the tasks once: what they add belongs to the next turn. */
static void
run_later(struct loop *loop)
{
	struct loop_task *task = loop->later.head;

	task_list_init(&loop->later);
	while (task) {
		struct loop_task *next = task->next;

		task_run(task);
		task = next;
	}
	for (size_t i = 0; i < loop->garbage_len; i++)
		free(loop->garbage[i]);
	loop->garbage_len = 0;
}

static void
on_wake(struct ev_loop *ev, ev_async *wake, int events MS_UNUSED)
{
	(void)ev;
	run_posted(container_of(wake, struct loop, wake));
}

static void
on_turn_end(struct ev_loop *ev, ev_check *check, int events MS_UNUSED)
{
	struct loop *loop = container_of(check, struct loop, turn_end);

	if (!ev_is_active(&loop->dont_block))
		return;
	run_later(loop);
	if (!loop->later.head)
		ev_idle_stop(ev, &loop->dont_block);
}

static void
on_idle(struct ev_loop *ev, ev_idle *idle, int events MS_UNUSED)
{
	(void)ev;
	(void)idle;
}

static void
on_rest(struct ev_loop *ev, ev_periodic *rest, int events MS_UNUSED)
{
	(void)ev;
	(void)rest;
}

struct loop *
loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	/* NOENV: LIBEV_FLAGS of some user must not change what we tested. */
	loop->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	if (!loop->ev)
		log_fatal(EX_OSERR, "no event loop", "error=%s", LOGQ("libev"));
	task_list_init(&loop->later);
	ev_async_init(&loop->wake, on_wake);
	ev_async_start(loop->ev, &loop->wake);
	ev_check_init(&loop->turn_end, on_turn_end);
	ev_set_priority(&loop->turn_end, EV_MINPRI);
	ev_check_start(loop->ev, &loop->turn_end);
	ev_idle_init(&loop->dont_block, on_idle);
	ev_set_priority(&loop->dont_block, EV_MINPRI);
	ev_periodic_init(&loop->rest, on_rest, FAR_FUTURE_S, 0., NULL);
	ev_periodic_start(loop->ev, &loop->rest);
	return loop;
}

void
loop_free(struct loop **loop_ptr)
{
	struct loop *loop = *loop_ptr;

	if (!loop)
		return;
	for (int i = 0; i < FREE_ROUNDS; i++) {
		run_posted(loop);
		run_later(loop);
		if (!loop->later.head && !atomic_load(&loop->posted))
			break;
	}
	ev_async_stop(loop->ev, &loop->wake);
	ev_check_stop(loop->ev, &loop->turn_end);
	ev_idle_stop(loop->ev, &loop->dont_block);
	ev_periodic_stop(loop->ev, &loop->rest);
	ev_loop_destroy(loop->ev);
	free(loop->garbage);
	free(loop);
	*loop_ptr = NULL; /* last: the work above may still use it */
}

struct ev_loop *
loop_ev(struct loop *loop)
{
	return loop->ev;
}

void
loop_run(struct loop *loop)
{
	if (!loop->stopped)
		ev_run(loop->ev, 0);
	loop->stopped = false;
}

void
loop_turn(struct loop *loop, bool block)
{
	ev_run(loop->ev, block ? EVRUN_ONCE : EVRUN_NOWAIT);
}

void
loop_stop(struct loop *loop)
{
	/* The flag: libev forgets a break that comes before ev_run(). */
	loop->stopped = true;
	ev_break(loop->ev, EVBREAK_ALL);
}

void
loop_post(struct loop *loop, struct loop_task *task)
{
	struct loop_task *head = atomic_load(&loop->posted);

	__atomic_store_n(&task->queued, true, __ATOMIC_RELAXED);
	do
		task->next = head;
	while (!atomic_compare_exchange_weak(&loop->posted, &head, task));
	/* The task is the loop's now and may be gone already. */
	if (!head)
		ev_async_send(loop->ev, &loop->wake);
}

void
loop_later(struct loop *loop, struct loop_task *task)
{
	ms_assert(!task->queued);
	task->queued = true;
	task->next = NULL;
	*loop->later.tail = task;
	loop->later.tail = &task->next;
	ev_idle_start(loop->ev, &loop->dont_block);
}

void
loop_later_free(struct loop *loop, void *ptr)
{
	if (!ptr)
		return;
	if (loop->garbage_len == loop->garbage_cap) {
		loop->garbage_cap =
		    loop->garbage_cap ? loop->garbage_cap * 2 : 16;
		loop->garbage = xreallocarray(loop->garbage, loop->garbage_cap,
		    sizeof(*loop->garbage));
	}
	loop->garbage[loop->garbage_len++] = ptr;
	ev_idle_start(loop->ev, &loop->dont_block);
}

void
loop_timer_start(struct loop *loop, ev_timer *timer, uint64_t after_ms)
{
	ev_timer_stop(loop->ev, timer);
	if (after_ms == DURATION_INFINITY)
		return;
	/* libev counts from the start of the turn: a long callback before us
	 * would make the timer fire early. */
	ev_now_update(loop->ev);
	ev_timer_set(timer, (double)after_ms / 1000., 0.);
	ev_timer_start(loop->ev, timer);
}

void
loop_timer_stop(struct loop *loop, ev_timer *timer)
{
	ev_timer_stop(loop->ev, timer);
}
