/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One task of the workq that is submitted again for each job.
 */
#include "workers/bus/syncer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mono.h"
#include "proto/contract.h"

struct syncer {
	struct workq *workq;
	sync_fn *sync;
	syncer_done_fn *done;
	void *arg;
	struct workq_task task;
	struct sync_job *job; /* in work, NULL = not busy */
};

static void
sync_all(struct sync_job *job, sync_fn *sync)
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

void
sync_job_run(struct sync_job *job, sync_fn *sync)
{
	struct mono begun = mono_now();

	sync_all(job, sync);
	job->took_ns = mono_now().ns - begun.ns;
}

static void
run(struct workq_task *task)
{
	struct syncer *s = container_of(task, struct syncer, task);

	sync_job_run(s->job, s->sync);
}

static void
on_done(struct workq_task *task, enum ms_err err)
{
	struct syncer *s = container_of(task, struct syncer, task);
	struct sync_job *job = s->job;

	/* nobody cancels it, and the journal is closed before the workq */
	ms_assert(err == MS_OK);
	s->job = NULL;
	s->done(s->arg, job);
}

struct syncer *
syncer_new(struct workq *workq, sync_fn *sync, syncer_done_fn *done, void *arg)
{
	struct syncer *s = xcalloc(1, sizeof(*s));

	s->workq = workq;
	s->sync = sync;
	s->done = done;
	s->arg = arg;
	s->task.run = run;
	s->task.done = on_done;
	return s;
}

void
syncer_free(struct syncer **syncer)
{
	struct syncer *s = *syncer;

	if (!s)
		return;
	*syncer = NULL;
	/* what it promises to sync is not to be forgotten */
	if (s->job && !workq_recall(s->workq, &s->task))
		sync_job_run(s->job, s->sync);
	free(s);
}

bool
syncer_is_busy(const struct syncer *s)
{
	return s->job != NULL;
}

void
syncer_start(struct syncer *s, struct sync_job *job)
{
	enum ms_err err;

	ms_assert(!s->job);
	s->job = job;
	err = workq_submit(s->workq, WORKQ_BLOCKING, &s->task);
	if (err)
		log_fatal(MS_EXIT_OSERR, "cannot sync beside the loop",
		    "error=%s", ms_err_name(err));
}
