/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_PROBES_CHAOS_STEPS_CHAOS_H
#define T_PROBES_CHAOS_STEPS_CHAOS_H

/*
 * The steps of chaos, the worker that does as it is told (../chaos.c).  A
 * step that cannot be done ends the process with one of these, so that no
 * test mistakes a broken double for the behaviour it asks for.
 */
#include <stdbool.h>
#include <stddef.h>

#define CHAOS_BROKEN 111 /* a system call of the step failed */
#define CHAOS_TAKEN  98  /* listen: the port has an owner */
#define CHAOS_LOCKED 97  /* lock: the file has an owner */

/* What follows the first colon of a step, "" without one. */
typedef void step_fn(char *value);

/* Runs one step; may be called by a step and by a signal handler. */
void chaos_step(char *what);

/* Ends the process: the step cannot be done. */
_Noreturn void chaos_broken(const char *what);

/* Until a signal ends the process. */
_Noreturn void chaos_wait(void);

/* Cuts value at its first colon and returns what is behind it, or "". */
char *chaos_cut(char *value);

/* 64K, 10M or plain. */
size_t chaos_bytes(const char *value);

/* \n becomes a newline. */
void chaos_unescape(char *text);

/* All of it or the end. */
void chaos_write(int fd, const char *bytes, size_t len);

/* words.c: what it tells msd and the test */
step_fn step_say, step_beat, step_notifyfd, step_note, step_stamp;
/* handing.c: what it hands over to msd */
step_fn step_sayfd, step_shout, step_barrier, step_main, step_heir, step_times;
/* ends.c: how it dies, or does not */
step_fn step_exit, step_segv, step_abort, step_kill, step_stopself, step_deaf,
    step_ignore, step_ignore_all, step_on, step_exit_if, step_exit_unless,
    step_if, step_at, step_from, step_count, step_pause, step_await;
/* family.c: whom it leaves behind */
step_fn step_fork, step_child, step_orphan, step_setsid_orphan, step_daemonise,
    step_holdpipe, step_forkbomb;
/* output.c: what it writes to its log */
step_fn step_out, step_spam, step_lines, step_longline, step_close1,
    step_closefds;
/* things.c: what it takes, and what it has been given */
step_fn step_leakfd, step_eatmem, step_listen, step_lock, step_env, step_fds,
    step_sigmask;

#endif
