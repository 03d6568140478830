/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's side.  Threads push what has ended onto an atomic stack and post
 * one loop task for any number of ends; the loop takes the whole stack, turns
 * it around and tells the owners, a bounded number per turn.
 *
 * Whoever waits for an end (recall, free) raises `watched` first and looks at
 * the stack then; a thread pushes first and looks at `watched` then.  So one of
 * the two sees the other.
 */
#include "common/workq.h"

#include <sched.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/workq_impl.h"

#define TOLD_PER_TURN 1024u

/* ---- waiting with a deadline ---------------------------------------------- */

void
workq_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

bool
workq_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock,
    struct mono deadline)
{
	struct timespec at = { .tv_sec = (time_t)(deadline.ns / 1000000000u),
		.tv_nsec = (long)(deadline.ns % 1000000000u) };

	if (mono_ms_left(mono_now(), deadline) == DURATION_INFINITY) {
		pthread_cond_wait(cond, lock);
		return true;
	}
	return pthread_cond_timedwait(cond, lock, &at) == 0;
}

bool
workq_await(struct workq *q, bool (*is_true)(struct workq *q, void *arg),
    void *arg, struct mono deadline)
{
	bool in_time = true, good;

	pthread_mutex_lock(&q->news_lock);
	atomic_store(&q->watched, true);
	while (!(good = is_true(q, arg)) && in_time)
		in_time = workq_cond_wait(&q->news, &q->news_lock, deadline);
	atomic_store(&q->watched, false);
	pthread_mutex_unlock(&q->news_lock);
	return good;
}

void
workq_tell(struct workq *q)
{
	if (!atomic_load(&q->watched))
		return;
	pthread_mutex_lock(&q->news_lock);
	pthread_cond_signal(&q->news);
	pthread_mutex_unlock(&q->news_lock);
}

/* ---- ends ------------------------------------------------------------------ */

void
workq_wake(struct workq *q)
{
	if (!atomic_load(&q->armed) && !atomic_exchange(&q->armed, true))
		loop_post(q->loop, &q->wake);
}

void
workq_end(struct workq *q, struct workq_task *task)
{
	struct workq_task *head = atomic_load(&q->ended);

	do
		task->next = head;
	while (!atomic_compare_exchange_weak(&q->ended, &head, task));
	/* the task may be gone already */
	workq_wake(q);
	workq_tell(q);
}

void
workq_make_ready(struct workq *q, struct workq_task *task, enum ms_err err)
{
	task->place = WORKQ_READY;
	task->err = err;
	TAILQ_INSERT_TAIL(&q->ready, task, link);
}

void
workq_collect(struct workq *q)
{
	struct workq_task *task = atomic_exchange(&q->ended, NULL);
	struct workq_task *oldest = NULL;

	while (task) {
		struct workq_task *next = task->next;

		task->next = oldest;
		oldest = task;
		task = next;
	}
	for (; oldest; oldest = oldest->next)
		workq_make_ready(q, oldest, oldest->err);
}

void
workq_tell_ready(struct workq *q, size_t max)
{
	struct workq_task *task;

	for (size_t i = 0; i < max && (task = TAILQ_FIRST(&q->ready)); i++) {
		TAILQ_REMOVE(&q->ready, task, link);
		task->place = WORKQ_OUT;
		task->done(task, task->err);
	}
}

static void
on_wake(struct loop_task *wake)
{
	struct workq *q = container_of(wake, struct workq, wake);

	/* before looking: what ends from here on posts again */
	atomic_store(&q->armed, false);
	if (q->freed) {
		workq_destroy(q);
		return;
	}
	workq_collect(q);
	if (atomic_exchange(&q->left, 0) > 0)
		for (size_t i = 0; i < WORKQ_KINDS; i++)
			workq_pool_reap(&q->pools[i]);
	if (!TAILQ_EMPTY(&q->ready)) {
		/* armed while we tell: q is there afterwards, even if freed */
		workq_wake(q);
		workq_tell_ready(q, TOLD_PER_TURN);
	}
}

/* ---- what the owner of a task does ------------------------------------------ */

enum ms_err
workq_submit(struct workq *q, enum workq_kind kind, struct workq_task *task)
{
	return workq_pool_add(&q->pools[kind], &task, 1);
}

enum ms_err
workq_submit_batch(struct workq *q, enum workq_kind kind,
    struct workq_task *const *tasks, size_t count)
{
	return workq_pool_add(&q->pools[kind], tasks, count);
}

void
workq_cancel(struct workq *q, struct workq_task *task)
{
	switch (workq_pool_remove(&q->pools[task->kind], task)) {
	case WORKQ_WAITING:
		workq_make_ready(q, task, MS_ECANCELLED);
		workq_wake(q);
		break;
	case WORKQ_TAKEN: /* only the loop gives it back: it is still there */
		atomic_store_explicit(&task->cancelled, true,
		    memory_order_relaxed);
		break;
	default:
		break;
	}
}

bool
workq_is_cancelled(struct workq_task *task)
{
	return atomic_load_explicit(&task->cancelled, memory_order_relaxed);
}

static bool
is_ready(struct workq *q, void *arg)
{
	struct workq_task *task = arg;

	workq_collect(q);
	return task->place == WORKQ_READY;
}

bool
workq_recall(struct workq *q, struct workq_task *task)
{
	enum workq_place place = workq_pool_remove(&q->pools[task->kind], task);

	if (place == WORKQ_TAKEN)
		workq_await(q, is_ready, task, (struct mono){ 0 });
	if (place == WORKQ_TAKEN || place == WORKQ_READY)
		TAILQ_REMOVE(&q->ready, task, link);
	task->place = WORKQ_OUT;
	return (place == WORKQ_TAKEN || place == WORKQ_READY) &&
	    task->err == MS_OK;
}

/* ---- life -------------------------------------------------------------------- */

static uint32_t
cpu_count(void)
{
	cpu_set_t set;
	int n =
	    sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n > 0 ? (uint32_t)n : 1;
}

void
workq_limits_here(const struct workq_wish *wishes,
    struct workq_limits limits_r[WORKQ_KINDS])
{
	static const struct workq_wish none = { 0, 0 };

	for (size_t i = 0; i < WORKQ_KINDS; i++)
		limits_r[i] = workq_limits_of((enum workq_kind)i, cpu_count(),
		    wishes ? &wishes[i] : &none);
}

struct workq *
workq_new(struct loop *loop, const struct workq_limits limits[WORKQ_KINDS])
{
	struct workq *q = xcalloc(1, sizeof(*q));

	q->loop = loop;
	q->cpus = cpu_count();
	q->wake.run = on_wake;
	TAILQ_INIT(&q->ready);
	pthread_mutex_init(&q->news_lock, NULL);
	workq_cond_init(&q->news);
	for (size_t i = 0; i < WORKQ_KINDS; i++)
		workq_pool_init(&q->pools[i], q, (enum workq_kind)i,
		    &limits[i]);
	return q;
}

struct loop *
workq_loop(struct workq *q)
{
	return q->loop;
}

void
workq_stats(struct workq *q, enum workq_kind kind, struct workq_stats *stats_r)
{
	struct workq_pool *pool = &q->pools[kind];

	pthread_mutex_lock(&pool->lock);
	*stats_r = pool->stats;
	stats_r->threads = pool->alive;
	stats_r->idle = pool->idle_count;
	stats_r->waiting = pool->waiting_count;
	pthread_mutex_unlock(&pool->lock);
}
