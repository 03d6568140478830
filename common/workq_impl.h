/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a workq share: workq.c (submitting, the ends of tasks,
 * the loop's side), workq_pool.c (one pool: its queue and its threads),
 * workq_stop.c (the end).  For these files only.
 */
#ifndef COMMON_WORKQ_IMPL_H
#define COMMON_WORKQ_IMPL_H

#include <pthread.h>

#include "common/deque.h"
#include "common/workq.h"
#include "common/workq_metrics.h"

TAILQ_HEAD(workq_list, workq_task);

/* Who may finish a run: its thread, unless workq_free() was tired of it. */
enum thread_hold {
	HOLD_NONE,
	HOLD_RUNNING,
	HOLD_ABANDONED
};

enum thread_state { /* under the pool's lock */
	THREAD_NONE,
	THREAD_ALIVE,
	THREAD_LEFT, /* to be joined */
	THREAD_LOST  /* abandoned */
};

struct pool_thread {
	struct deque deque;
	struct workq_pool *pool;
	enum thread_state state;
	pthread_t id;
	_Atomic(enum thread_hold) hold;
	_Atomic(struct workq_task *) current;
	/* under the pool's lock */
	bool asleep;
	TAILQ_ENTRY(pool_thread) idle_link;
	pthread_cond_t wake;
};

struct workq_pool {
	struct workq *q;
	enum workq_kind kind;
	struct workq_limits limits;
	pthread_mutex_t lock; /* guards what follows */
	struct workq_list waiting;
	uint32_t waiting_count;
	struct pool_thread *threads;    /* max_threads, NULL until used */
	TAILQ_HEAD(, pool_thread) idle; /* newest first: the rest may leave */
	uint32_t alive, idle_count;
	bool stopping;
	struct mono no_thread;    /* none can be started until then */
	struct workq_stats stats; /* only what counts up */
	struct workq_metrics metrics;
};

struct workq {
	struct loop *loop;
	uint32_t cpus;
	struct workq_pool pools[WORKQ_KINDS];
	_Atomic(struct workq_task *) ended; /* newest first */
	struct workq_list ready;            /* loop thread: to be told */
	atomic_bool armed;                  /* wake is posted */
	atomic_uint left;                   /* threads to be joined */
	struct loop_task wake;
	bool freed; /* loop thread: wake frees it */
	/* somebody waits for ends: workq_recall(), workq_free() */
	atomic_bool watched;
	pthread_mutex_t news_lock;
	pthread_cond_t news;
};

/* ---- workq.c ------------------------------------------------------------- */
/* Any thread: the loop will look at what has ended. */
void workq_wake(struct workq *q);
/* Any thread: for who waits in workq_await(). */
void workq_tell(struct workq *q);
/* A task's run is over; it is the loop's from here. */
void workq_end(struct workq *q, struct workq_task *task);
/* Loop thread: what has ended becomes ready. */
void workq_collect(struct workq *q);
void workq_make_ready(struct workq *q, struct workq_task *task,
    enum ms_err err);
/* Tells `max` of the ready. */
void workq_tell_ready(struct workq *q, size_t max);
/* Loop thread: BLOCKS until is_true(q, arg) or the deadline. */
bool workq_await(struct workq *q, bool (*is_true)(struct workq *q, void *arg),
    void *arg, struct mono deadline);
/* A condition variable of the monotonic clock. */
void workq_cond_init(pthread_cond_t *cond);
/* False: the deadline has passed (.ns 0: never does). */
bool workq_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock,
    struct mono deadline);

/* ---- workq_pool.c ---------------------------------------------------------- */
void workq_pool_init(struct workq_pool *pool, struct workq *q,
    enum workq_kind kind, const struct workq_limits *limits);
void workq_pool_fini(struct workq_pool *pool);
enum ms_err workq_pool_add(struct workq_pool *pool,
    struct workq_task *const *tasks, size_t count);
/* Off the queue, when it is there; returns where it was. */
enum workq_place workq_pool_remove(struct workq_pool *pool,
    struct workq_task *task);
/* Loop thread: joins threads that have left. */
void workq_pool_reap(struct workq_pool *pool);

/* ---- workq_stop.c ---------------------------------------------------------- */
void workq_destroy(struct workq *q);

#endif
