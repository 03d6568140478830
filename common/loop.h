/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a process: libev plus three things it lacks: work posted from
 * another thread (one wake-up for many posts), work for the end of this turn,
 * and freeing later what a callback may still touch.  One thread runs the
 * loop and owns all state; only loop_post() may be called from others.
 *
 * It is not libev's default loop, so libev installs no SIGCHLD handler and
 * reaps nothing; whoever wants children watches SIGCHLD with ev_signal.
 * Watchers (ev_io, ev_timer, ev_signal) are used directly on loop_ev().
 */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include <stdbool.h>

#include <ev.h>

#include "common/mono.h"

struct loop;

/* Embedded in the object it is about; run() gets it back (container_of). */
struct loop_task {
	struct loop_task *next;
	void (*run)(struct loop_task *task);
	bool queued; /* set while waiting to run; loop thread reads it */
};

struct loop *loop_new(void);
/* Runs first what still waits.  No thread may post any more. */
void loop_free(struct loop **loop);
struct ev_loop *loop_ev(struct loop *loop);

void loop_run(struct loop *loop); /* until loop_stop() */
/* One turn: dispatch what is ready (block: wait for something first). */
void loop_turn(struct loop *loop, bool block);
void loop_stop(struct loop *loop);

/*
 * Runs task->run on the loop thread soon.  Any thread; never blocks, never
 * allocates.  The task belongs to the loop until it runs; posting it again
 * before that is an error of the caller.  Tasks run in order of posting.
 */
void loop_post(struct loop *loop, struct loop_task *task);
/* Loop thread: runs at the end of this turn, after all ready watchers. */
void loop_later(struct loop *loop, struct loop_task *task);
/* Loop thread: free(ptr) at the end of this turn. */
void loop_later_free(struct loop *loop, void *ptr);

/* libev timers count in seconds (double); these two say it in our units. */
void loop_timer_start(struct loop *loop, ev_timer *timer, uint64_t after_ms);
void loop_timer_stop(struct loop *loop, ev_timer *timer);

#endif
