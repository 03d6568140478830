/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a workq, by steps: nothing new; what was taken may run; what has
 * not begun is told so; what runs is asked to stop; what does not is left
 * alone and logged.  A thread that is left alone finds out after its run and
 * ends; its memory is never freed, for the process is ending too.
 */
#include <stdlib.h>

#include "common/log.h"
#include "common/workq_impl.h"

#define LAST_MOMENT_MS 100u /* for runs that look at workq_is_cancelled() */

/* Idle threads leave at once, the others when they find no more to do. */
static void
begin(struct workq_pool *pool)
{
	struct pool_thread *thread;

	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	while ((thread = TAILQ_FIRST(&pool->idle))) {
		TAILQ_REMOVE(&pool->idle, thread, idle_link);
		pool->idle_count--;
		thread->asleep = false;
		pthread_cond_signal(&thread->wake);
	}
	pthread_mutex_unlock(&pool->lock);
}

static uint32_t
count_alive(struct workq_pool *pool)
{
	uint32_t alive;

	pthread_mutex_lock(&pool->lock);
	alive = pool->alive;
	pthread_mutex_unlock(&pool->lock);
	return alive;
}

static bool
is_quiet(struct workq *q, void *arg MS_UNUSED)
{
	uint32_t alive = 0;

	for (size_t i = 0; i < WORKQ_KINDS; i++)
		alive += count_alive(&q->pools[i]);
	return alive == 0;
}

static bool
await_quiet(struct workq *q, uint64_t most_ms)
{
	return workq_await(q, is_quiet, NULL, mono_add_ms(mono_now(), most_ms));
}

static void
give_back_one(struct workq_pool *pool, struct workq_task *task)
{
	pool->stats.cancelled++;
	metric_add(pool->metrics.of[WORKQ_CANCELLED], 1);
	workq_make_ready(pool->q, task, MS_ESHUTDOWN);
}

/* What nobody has begun, from the queue and the deques. */
static void
give_back(struct workq_pool *pool)
{
	struct workq_task *task;

	while ((task = TAILQ_FIRST(&pool->waiting))) {
		TAILQ_REMOVE(&pool->waiting, task, link);
		pool->waiting_count--;
		metric_sub(pool->metrics.of[WORKQ_DEPTH], 1);
		give_back_one(pool, task);
	}
	for (uint32_t i = 0; i < pool->limits.max_threads; i++)
		while ((task = deque_steal(&pool->threads[i].deque)))
			give_back_one(pool, task);
}

static void
interrupt(struct workq_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	if (pool->threads)
		give_back(pool);
	for (uint32_t i = 0; i < pool->limits.max_threads; i++) {
		struct workq_task *task;

		if (!pool->threads || pool->threads[i].state != THREAD_ALIVE)
			continue;
		if (atomic_load(&pool->threads[i].hold) != HOLD_RUNNING)
			continue;
		/* this one or a later one; only we give tasks back to their
		 * owners, so it is still there */
		task = atomic_load(&pool->threads[i].current);
		atomic_store(&task->cancelled, true);
	}
	pthread_mutex_unlock(&pool->lock);
}

/* How many threads will not come back. */
static size_t
abandon(struct workq_pool *pool)
{
	size_t lost = 0;

	pthread_mutex_lock(&pool->lock);
	for (uint32_t i = 0; pool->threads && i < pool->limits.max_threads;
	     i++) {
		struct pool_thread *thread = &pool->threads[i];
		enum thread_hold running = HOLD_RUNNING;

		if (thread->state != THREAD_ALIVE ||
		    !atomic_compare_exchange_strong(&thread->hold, &running,
			HOLD_ABANDONED))
			continue;
		thread->state = THREAD_LOST;
		pool->alive--;
		pthread_detach(thread->id);
		lost++;
	}
	pthread_mutex_unlock(&pool->lock);
	if (lost > 0)
		log_warn("work does not end, leaving it", "pool=%s tasks=%zu",
		    workq_kind_name(pool->kind), lost);
	return lost;
}

void
workq_destroy(struct workq *q)
{
	for (size_t i = 0; i < WORKQ_KINDS; i++)
		workq_pool_fini(&q->pools[i]);
	pthread_cond_destroy(&q->news);
	pthread_mutex_destroy(&q->news_lock);
	free(q);
}

/* Threads that still run something; all others have been joined. */
static size_t
end_threads(struct workq *q, uint64_t patience_ms)
{
	size_t lost = 0;

	for (size_t i = 0; i < WORKQ_KINDS; i++)
		begin(&q->pools[i]);
	if (!await_quiet(q, patience_ms)) {
		for (size_t i = 0; i < WORKQ_KINDS; i++)
			interrupt(&q->pools[i]);
		/* again: a thread may have had a task and not begun it */
		while (!await_quiet(q, LAST_MOMENT_MS))
			for (size_t i = 0; i < WORKQ_KINDS; i++)
				lost += abandon(&q->pools[i]);
	}
	for (size_t i = 0; i < WORKQ_KINDS; i++)
		workq_pool_reap(&q->pools[i]);
	return lost;
}

size_t
workq_free(struct workq **q_ptr, uint64_t patience_ms)
{
	struct workq *q = *q_ptr;
	size_t lost;

	if (!q)
		return 0;
	lost = end_threads(q, patience_ms);
	workq_collect(q);
	workq_tell_ready(q, SIZE_MAX);
	*q_ptr = NULL; /* last: what was told may have asked it something */
	if (lost > 0)
		return lost; /* a thread still stands in its memory */
	if (atomic_load(&q->armed))
		q->freed = true;
	else
		workq_destroy(q);
	return 0;
}
