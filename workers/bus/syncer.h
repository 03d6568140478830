/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may take long (fdatasync, fsync of a directory, replacing the MANIFEST)
 * away from the loop.  One job at a time; what is written meanwhile belongs to
 * the next, which is what makes group commit.
 */
#ifndef WORKERS_BUS_SYNCER_H
#define WORKERS_BUS_SYNCER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/workq.h"

#define SYNC_FDS_MAX 8

typedef int sync_fn(int fd); /* as fdatasync; tests put their own here */

struct sync_job {
	int fds[SYNC_FDS_MAX]; /* synced in this order; stay the caller's */
	size_t fd_count;
	int dir_fd; /* -1 = not */
	const char *manifest_path;
	struct buf manifest; /* empty = not; replaced after the fds */
	enum ms_err err;     /* result */
	uint64_t took_ns;
	struct why why;
};

struct syncer;
typedef void syncer_done_fn(void *arg, struct sync_job *job);

struct syncer *syncer_new(struct workq *workq, sync_fn *sync,
    syncer_done_fn *done, void *arg);
/* Waits until the job at hand has run; its done is not called any more. */
void syncer_free(struct syncer **syncer);
bool syncer_is_busy(const struct syncer *syncer);
/* Not busy.  done(arg, job) runs on the loop thread; job lives until then. */
void syncer_start(struct syncer *syncer, struct sync_job *job);
/* The same at once, on the calling thread. */
void sync_job_run(struct sync_job *job, sync_fn *sync);

#endif
