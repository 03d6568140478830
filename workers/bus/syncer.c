/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that waits for one job, does it and posts it back.  It starts with
 * the first job, so a broker that only reads has none.
 */
#include "workers/bus/syncer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"

struct syncer {
	struct loop *loop;
	sync_fn *sync;
	syncer_done_fn *done;
	void *arg;
	struct loop_task task; /* posted by the thread */
	struct sync_job *job;  /* loop thread: in work, NULL = not busy */
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct sync_job *todo; /* under lock */
	bool stop;             /* under lock */
};

void
sync_job_run(struct sync_job *job, sync_fn *sync)
{
	job->err = MS_OK;
	for (size_t i = 0; i < job->fd_count; i++) {
		if (sync(job->fds[i]) == 0)
			continue;
		job->err = why_set(&job->why, MS_ESTORAGE, "cannot sync: %s",
		    strerror(errno));
		return;
	}
	if (job->dir_fd >= 0 && fsync(job->dir_fd) < 0) {
		job->err = why_set(&job->why, MS_ESTORAGE,
		    "cannot sync the directory: %s", strerror(errno));
		return;
	}
	if (job->manifest.len > 0)
		job->err = file_replace(job->manifest_path,
		    buf_slice(&job->manifest), 0640, &job->why);
}

static void *
thread_main(void *arg)
{
	struct syncer *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		struct sync_job *job;

		while (!s->todo && !s->stop)
			pthread_cond_wait(&s->wake, &s->lock);
		job = s->todo;
		s->todo = NULL;
		if (!job)
			break;
		pthread_mutex_unlock(&s->lock);
		sync_job_run(job, s->sync);
		loop_post(s->loop, &s->task);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void
on_done(struct loop_task *task)
{
	struct syncer *s = container_of(task, struct syncer, task);
	struct sync_job *job = s->job;

	s->job = NULL;
	if (s->done)
		s->done(s->arg, job);
	else
		free(s); /* syncer_free() came first */
}

struct syncer *
syncer_new(struct loop *loop, sync_fn *sync, syncer_done_fn *done, void *arg)
{
	struct syncer *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->sync = sync;
	s->done = done;
	s->arg = arg;
	s->task.run = on_done;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	return s;
}

void
syncer_free(struct syncer **syncer)
{
	struct syncer *s = *syncer;

	if (!s)
		return;
	*syncer = NULL;
	if (s->has_thread) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	s->done = NULL;
	if (!s->job)
		free(s); /* else the task is posted and on_done() frees */
}

bool
syncer_is_busy(const struct syncer *s)
{
	return s->job != NULL;
}

/* Signals belong to the loop thread. */
static void
start_thread(struct syncer *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&s->thread, NULL, thread_main, s) != 0)
		log_fatal(MS_EXIT_OSERR, "cannot start the sync thread", NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->has_thread = true;
}

void
syncer_start(struct syncer *s, struct sync_job *job)
{
	ms_assert(!s->job);
	s->job = job;
	if (!s->has_thread)
		start_thread(s);
	pthread_mutex_lock(&s->lock);
	s->todo = job;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}
