/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pool.  Tasks come into one queue under the pool's lock.  A thread takes
 * a share of it into its own deque at once, so small tasks do not meet at the
 * lock, and runs the oldest first; who finds the queue empty steals from the
 * others' deques.
 *
 * Everything that makes work findable (adding, taking a share) and falling
 * asleep happen under the lock: a thread sleeps only when queue and deques are
 * empty, and whoever leaves work for others wakes one of them, who wakes the
 * next.  Sleepers are a stack: the busy stay warm, the bottom times out.
 *
 * Nobody waits awake for the next task: on a small machine a thread that spins
 * keeps the loop from submitting it (measured: 5 us became 30 us).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/metrics_clock.h"
#include "common/workq_impl.h"

#define STACK_BYTES (1u << 20) /* the resolver's plugins are given room */
#define NAME_BYTES  16         /* the kernel's limit */
/* Where no thread can be started, the next try comes so much later. */
#define NO_THREAD_MS 1000u

static void *thread_main(void *arg);

/* ---- threads come ----------------------------------------------------------- */

/* Of the whole process; 0 when it cannot be known. */
static uint32_t
process_threads(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	uint32_t n = 0;

	while (file && n == 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "Threads: %" SCNu32, &n) != 1)
			n = 0;
	if (file)
		fclose(file);
	return n;
}

static struct pool_thread *
free_place(struct workq_pool *pool)
{
	for (uint32_t i = 0; i < pool->limits.max_threads; i++)
		if (pool->threads[i].state == THREAD_NONE)
			return &pool->threads[i];
	return NULL;
}

/* Signals belong to the loop thread. */
static bool
spawn(struct pool_thread *thread)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread->id, &attr, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (error)
		log_warn("cannot start a thread", "pool=%s threads=%u error=%s",
		    workq_kind_name(thread->pool->kind), thread->pool->alive,
		    LOGQ(strerror(error)));
	return error == 0;
}

static void
start_thread(struct workq_pool *pool)
{
	struct pool_thread *thread = free_place(pool);
	struct mono now = mono_now();

	if (!thread || (pool->alive > 0 && now.ns < pool->no_thread.ns))
		return;
	if (!workq_may_start(pool->alive, process_threads(), pool->q->cpus) ||
	    !spawn(thread)) {
		pool->no_thread = mono_add_ms(now, NO_THREAD_MS);
		return;
	}
	thread->state = THREAD_ALIVE;
	pool->alive++;
	metric_add(pool->metrics.of[WORKQ_THREADS], 1);
}

/* Under the lock: somebody is to look at what waits.  The result is to be
 * signalled without the lock; NULL: nobody. */
static struct pool_thread *
rouse(struct workq_pool *pool)
{
	struct pool_thread *thread = TAILQ_FIRST(&pool->idle);

	if (thread) {
		TAILQ_REMOVE(&pool->idle, thread, idle_link);
		pool->idle_count--;
		thread->asleep = false;
		return thread;
	}
	if (workq_wants_thread(&pool->limits, pool->alive, pool->waiting_count))
		start_thread(pool);
	return NULL;
}

static void
unlock_and_signal(struct workq_pool *pool, struct pool_thread *thread)
{
	pthread_mutex_unlock(&pool->lock);
	if (thread)
		pthread_cond_signal(&thread->wake);
}

/* ---- tasks come --------------------------------------------------------------- */

static void
first_use(struct workq_pool *pool)
{
	uint32_t n = pool->limits.max_threads;

	workq_metrics_declare(&pool->metrics, pool->kind);
	pool->threads = xcalloc(n, sizeof(pool->threads[0]));
	for (uint32_t i = 0; i < n; i++) {
		pool->threads[i].pool = pool;
		workq_cond_init(&pool->threads[i].wake);
	}
}

static void
enqueue(struct workq_pool *pool, struct workq_task *task, uint64_t now_ns)
{
	ms_assert(task->place == WORKQ_OUT && task->run && task->done);
	task->kind = pool->kind;
	task->place = WORKQ_WAITING;
	task->err = MS_OK;
	task->since_ns = now_ns;
	atomic_store_explicit(&task->cancelled, false, memory_order_relaxed);
	TAILQ_INSERT_TAIL(&pool->waiting, task, link);
}

static void
dequeue(struct workq_pool *pool, struct workq_task *task)
{
	TAILQ_REMOVE(&pool->waiting, task, link);
	pool->waiting_count--;
}

static void
count_refused(struct workq_pool *pool, size_t count)
{
	pool->stats.refused += count;
	metric_add(pool->metrics.of[WORKQ_REFUSED], count);
}

static void
count_submitted(struct workq_pool *pool, size_t count)
{
	pool->stats.submitted += count;
	metric_add(pool->metrics.of[WORKQ_SUBMITTED], count);
	metric_add(pool->metrics.of[WORKQ_DEPTH], count);
}

static enum ms_err
judge(const struct workq_pool *pool, size_t count)
{
	if (pool->stopping)
		return MS_ESHUTDOWN;
	if (count > pool->limits.capacity - pool->waiting_count)
		return MS_EBUSY;
	return MS_OK;
}

enum ms_err
workq_pool_add(struct workq_pool *pool, struct workq_task *const *tasks,
    size_t count)
{
	uint64_t now_ns = metrics_clock_ns();
	struct pool_thread *thread;
	enum ms_err err;

	pthread_mutex_lock(&pool->lock);
	err = judge(pool, count);
	if (err || count == 0) {
		count_refused(pool, count);
		pthread_mutex_unlock(&pool->lock);
		return err;
	}
	if (!pool->threads)
		first_use(pool);
	for (size_t i = 0; i < count; i++)
		enqueue(pool, tasks[i], now_ns);
	pool->waiting_count += (uint32_t)count;
	thread = rouse(pool);
	if (pool->alive == 0) { /* nobody would ever come */
		for (size_t i = 0; i < count; i++) {
			dequeue(pool, tasks[i]);
			tasks[i]->place = WORKQ_OUT;
		}
		count_refused(pool, count);
		err = MS_EUNAVAILABLE;
	} else
		count_submitted(pool, count);
	unlock_and_signal(pool, thread);
	return err;
}

enum workq_place
workq_pool_remove(struct workq_pool *pool, struct workq_task *task)
{
	enum workq_place place;

	pthread_mutex_lock(&pool->lock);
	place = task->place;
	if (place == WORKQ_WAITING) {
		dequeue(pool, task);
		pool->stats.cancelled++;
		metric_add(pool->metrics.of[WORKQ_CANCELLED], 1);
		metric_sub(pool->metrics.of[WORKQ_DEPTH], 1);
	}
	pthread_mutex_unlock(&pool->lock);
	return place;
}

/* ---- threads find tasks --------------------------------------------------------- */

/* The oldest; more of them into the deque, the second oldest on top. */
static struct workq_task *
take_share(struct pool_thread *self)
{
	struct workq_pool *pool = self->pool;
	struct workq_task *first = TAILQ_FIRST(&pool->waiting);
	struct workq_task *share[DEQUE_ITEMS_MAX];
	uint32_t n;

	if (!first)
		return NULL;
	n = workq_share(pool->waiting_count, pool->alive);
	metric_sub(pool->metrics.of[WORKQ_DEPTH], n);
	for (uint32_t i = 0; i < n; i++) {
		share[i] = TAILQ_FIRST(&pool->waiting);
		dequeue(pool, share[i]);
		share[i]->place = WORKQ_TAKEN;
	}
	while (n > 1)
		ms_assert(deque_push(&self->deque, share[--n]));
	return first;
}

static struct workq_task *
steal(struct pool_thread *self)
{
	struct workq_pool *pool = self->pool;
	struct workq_task *task = NULL;
	uint32_t n = pool->limits.max_threads;
	uint32_t own = (uint32_t)(self - pool->threads);

	for (uint32_t i = 1; i < n && !task; i++)
		task = deque_steal(&pool->threads[(own + i) % n].deque);
	if (!task)
		return NULL;
	pool->stats.stolen++;
	metric_add(pool->metrics.of[WORKQ_STOLEN], 1);
	return task;
}

/* False: nothing to do, and it is not needed any more. */
static bool
sleep_well(struct pool_thread *self)
{
	struct workq_pool *pool = self->pool;
	bool surplus = pool->alive > pool->limits.min_threads;
	struct mono until = { 0 };

	if (pool->stopping)
		return false;
	if (surplus)
		until = mono_add_ms(mono_now(), pool->limits.keep_alive_ms);
	self->asleep = true;
	TAILQ_INSERT_HEAD(&pool->idle, self, idle_link);
	pool->idle_count++;
	while (self->asleep) {
		if (workq_cond_wait(&self->wake, &pool->lock, until) ||
		    !self->asleep)
			continue;
		TAILQ_REMOVE(&pool->idle, self, idle_link);
		pool->idle_count--;
		self->asleep = false;
		return pool->alive <= pool->limits.min_threads;
	}
	return true;
}

static void
leave(struct pool_thread *self)
{
	self->state = THREAD_LEFT;
	self->pool->alive--;
	metric_sub(self->pool->metrics.of[WORKQ_THREADS], 1);
}

/* NULL: the thread has left. */
static struct workq_task *
next_task(struct pool_thread *self)
{
	struct workq_pool *pool = self->pool;
	struct workq_task *task = deque_pop(&self->deque);
	struct pool_thread *other = NULL;

	if (task)
		return task;
	pthread_mutex_lock(&pool->lock);
	while (!(task = take_share(self)) && !(task = steal(self)))
		if (!sleep_well(self)) {
			leave(self);
			break;
		}
	if (task && (pool->waiting_count > 0 || deque_len(&self->deque) > 0))
		other = rouse(pool);
	unlock_and_signal(pool, other);
	return task;
}

/* ---- threads work ------------------------------------------------------------------ */

/* False: workq_free() did not wait.  The pool and the loop may be gone. */
static bool
serve(struct pool_thread *self, struct workq_task *task)
{
	struct workq_pool *pool = self->pool;
	enum thread_hold running = HOLD_RUNNING;
	uint64_t began_ns = metrics_clock_ns();
	/* another processor's clock may be behind */
	uint64_t waited_ns =
	    began_ns > task->since_ns ? began_ns - task->since_ns : 0;

	atomic_store(&self->current, task);
	atomic_store(&self->hold, HOLD_RUNNING);
	if (workq_is_cancelled(task)) {
		task->err = MS_ECANCELLED;
		metric_add(pool->metrics.of[WORKQ_CANCELLED], 1);
	} else
		task->run(task);
	if (!atomic_compare_exchange_strong(&self->hold, &running, HOLD_NONE))
		return false;
	metric_record(pool->metrics.of[WORKQ_WAIT], waited_ns);
	metric_record(pool->metrics.of[WORKQ_RUN],
	    metrics_elapsed_ns(began_ns));
	workq_end(pool->q, task);
	return true;
}

static void *
thread_main(void *arg)
{
	struct pool_thread *self = arg;
	struct workq_pool *pool = self->pool;
	struct workq_task *task;
	char name[NAME_BYTES];

	snprintf(name, sizeof(name), "ms-%s-%u", workq_kind_name(pool->kind),
	    (unsigned)(self - pool->threads) % 1000u);
	pthread_setname_np(pthread_self(), name);
	metrics_join();
	while ((task = next_task(self)))
		if (!serve(self, task))
			return NULL;
	metrics_leave();
	atomic_fetch_add(&pool->q->left, 1);
	workq_wake(pool->q);
	workq_tell(pool->q);
	return NULL;
}

/* ---- life ---------------------------------------------------------------------------- */

void
workq_pool_init(struct workq_pool *pool, struct workq *q, enum workq_kind kind,
    const struct workq_limits *limits)
{
	pool->q = q;
	pool->kind = kind;
	pool->limits = *limits;
	pthread_mutex_init(&pool->lock, NULL);
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->idle);
}

static struct pool_thread *
find_left(struct workq_pool *pool)
{
	struct pool_thread *found = NULL;

	pthread_mutex_lock(&pool->lock);
	for (uint32_t i = 0; pool->threads && i < pool->limits.max_threads; i++)
		if (pool->threads[i].state == THREAD_LEFT)
			found = &pool->threads[i];
	pthread_mutex_unlock(&pool->lock);
	return found;
}

void
workq_pool_reap(struct workq_pool *pool)
{
	struct pool_thread *thread, *other;

	while ((thread = find_left(pool))) {
		pthread_join(thread->id, NULL);
		pthread_mutex_lock(&pool->lock);
		thread->state = THREAD_NONE;
		/* a task may have come while there was no place */
		other = pool->waiting_count > 0 ? rouse(pool) : NULL;
		unlock_and_signal(pool, other);
	}
}

void
workq_pool_fini(struct workq_pool *pool)
{
	for (uint32_t i = 0; pool->threads && i < pool->limits.max_threads; i++)
		pthread_cond_destroy(&pool->threads[i].wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
}
