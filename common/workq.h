/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work beside the loop: what waits or takes long runs on threads, its end is
 * told on the loop.  Three pools (workq_limits.h) whose threads start with the
 * first task and steal from each other; queues are bounded.  All functions but
 * the one marked are for the loop thread and never block, except where said.
 */
#ifndef COMMON_WORKQ_H
#define COMMON_WORKQ_H

#include <stdatomic.h>
#include <stddef.h>
#include <sys/queue.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/workq_limits.h"

struct workq;

enum workq_place {     /* where a task lives */
	WORKQ_OUT,     /* nowhere: its owner's */
	WORKQ_WAITING, /* in a queue */
	WORKQ_TAKEN,   /* with a thread */
	WORKQ_READY    /* done, to be told */
};

/* Embedded in the object it is about (container_of); zeroed, then `run` and
 * `done` filled in.  The workq's from submitting until `done`. */
struct workq_task {
	/* On a thread of the pool; touches nothing but what it was given. */
	void (*run)(struct workq_task *task);
	/* On the loop, exactly once: the task is its owner's again.  MS_OK: it
	 * ran.  MS_ECANCELLED, MS_ESHUTDOWN: it did not and will not. */
	void (*done)(struct workq_task *task, enum ms_err err);
	/* private */
	TAILQ_ENTRY(workq_task) link;
	struct workq_task *next;
	uint64_t since_ns;
	enum workq_kind kind;
	enum workq_place place;
	enum ms_err err;
	atomic_bool cancelled;
};

/* limits of each kind; copied.  No thread is started. */
struct workq *workq_new(struct loop *loop,
    const struct workq_limits limits[WORKQ_KINDS]);
/* The limits for this machine; wishes NULL = none. */
void workq_limits_here(const struct workq_wish *wishes,
    struct workq_limits limits_r[WORKQ_KINDS]);

struct loop *workq_loop(struct workq *q);

/* MS_EBUSY: the queue is full.  MS_EUNAVAILABLE: there is no thread and none
 * can be started.  MS_ESHUTDOWN: workq_free() has begun.  On an error the task
 * is the owner's and `done` does not come. */
enum ms_err workq_submit(struct workq *q, enum workq_kind kind,
    struct workq_task *task);
/* All of them or none. */
enum ms_err workq_submit_batch(struct workq *q, enum workq_kind kind,
    struct workq_task *const *tasks, size_t count);

/* Not begun: it will not run.  Running: workq_is_cancelled() becomes true.
 * `done` comes in any case, never inside this call.  A task that has ended or
 * was never submitted: nothing. */
void workq_cancel(struct workq *q, struct workq_task *task);
/* In run(): the work is not wanted any more. */
bool workq_is_cancelled(struct workq_task *task);
/* Takes the task back: off the queue, or BLOCKS until its run has ended.
 * `done` does not come.  True: it has run. */
bool workq_recall(struct workq *q, struct workq_task *task);

/* The end.  New tasks are refused; BLOCKS until what was taken has run, at
 * most patience_ms, then what waits is told MS_ESHUTDOWN and what runs is
 * cancelled and gets a moment.  Every `done` comes inside this call, except of
 * tasks that still run: they are logged, their memory must stay, and their
 * threads end without touching anything.  Returns how many. */
size_t workq_free(struct workq **q, uint64_t patience_ms);

struct workq_stats {
	uint32_t threads, idle;
	uint32_t waiting;
	uint64_t submitted, refused, cancelled;
	uint64_t stolen; /* run by another thread than took them */
};
void workq_stats(struct workq *q, enum workq_kind kind,
    struct workq_stats *stats_r);

#endif
