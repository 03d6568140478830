/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When what was written becomes safe.  One job at a time runs beside the loop:
 * closed segments, the active one, cursors behind them, the directory, the
 * MANIFEST.  What is written meanwhile is covered by the next, so many
 * publishers share one fdatasync.
 */
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "workers/bus/journal_priv.h"

/* ---- failing ------------------------------------------------------------- */

enum ms_err
journal_fail(struct journal *j, const struct why *why)
{
	if (j->failed)
		return MS_ESTORAGE;
	j->failed = true;
	loop_timer_stop(j->loop, &j->sync_timer);
	loop_timer_stop(j->loop, &j->retain_timer);
	if (j->failed_fn)
		j->failed_fn(j->arg, why);
	return MS_ESTORAGE;
}

void
journal_abandon(struct journal *j, const struct why *why)
{
	(void)!journal_fail(j, why);
}

/* ---- syncing ------------------------------------------------------------- */

static void
job_fill(struct journal *j)
{
	struct segment *active = journal_active(j);
	struct sync_job *job = &j->job;

	job->fd_count = 0;
	for (size_t i = 0; i < j->rolled_count; i++)
		job->fds[job->fd_count++] = j->rolled[i];
	j->job_rolled = j->rolled_count;
	if (active)
		job->fds[job->fd_count++] = active->fd;
	/* after the log: a cursor never knows more than the log does */
	if (j->also >= 0)
		job->fds[job->fd_count++] = j->also;
	j->also = -1;
	job->dir_fd = j->dir_dirty ? j->dir : -1;
	j->dir_dirty = false;
	j->job_seq = j->last_seq;
	job->manifest_path = j->manifest_path;
	buf_reset(&job->manifest);
	if (!j->manifest_dirty)
		return;
	j->manifest_dirty = false;
	j->manifest.log_epoch = j->epoch;
	j->manifest.last_seq =
	    j->last_seq > j->raised_seq ? j->last_seq : j->raised_seq;
	j->manifest.synced_seq = j->job_seq;
	j->manifest.verified_seq =
	    active && !j->distrusted ? active->first_seq - 1 : 0;
	manifest_print(&j->manifest, &job->manifest);
}

static void
job_finish(struct journal *j)
{
	for (size_t i = 0; i < j->job_rolled; i++)
		fd_close(&j->rolled[i]);
	j->rolled_count -= j->job_rolled;
	memmove(j->rolled, j->rolled + j->job_rolled,
	    j->rolled_count * sizeof(j->rolled[0]));
	j->job_rolled = 0;
	j->synced_seq = j->job_seq;
	j->synced_at = mono_now();
	/* what came meanwhile came after the job had begun */
	j->dirty_since =
	    j->synced_seq < j->last_seq ? j->job_begun : (struct mono){ 0 };
}

static void
job_start(struct journal *j)
{
	loop_timer_stop(j->loop, &j->sync_timer);
	j->wants_sync = false;
	job_fill(j);
	j->job_begun = mono_now();
	syncer_start(j->syncer, &j->job);
}

static bool
is_dirty(const struct journal *j)
{
	return j->synced_seq < j->last_seq || j->also >= 0 || j->dir_dirty ||
	    j->manifest_dirty;
}

void
journal_sync_schedule(struct journal *j)
{
	if (j->failed || syncer_is_busy(j->syncer) || !is_dirty(j))
		return;
	if (j->wants_sync)
		job_start(j);
	else if (!ev_is_active(&j->sync_timer))
		loop_timer_start(j->loop, &j->sync_timer,
		    j->limits.sync_interval_ms);
}

static void
on_sync_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct journal *j = container_of(timer, struct journal, sync_timer);

	(void)ev;
	(void)events;
	journal_sync_soon(j);
}

static void
on_job_done(void *arg, struct sync_job *job)
{
	struct journal *j = arg;

	if (j->failed)
		return;
	if (job->err) {
		journal_fail(j, &job->why);
		return;
	}
	metric_record(j->figures->of[FIGURE_SYNC], job->took_ns);
	job_finish(j);
	if (j->synced_fn)
		j->synced_fn(j->arg, j->synced_seq);
	journal_sync_schedule(j);
}

void
journal_sync_soon(struct journal *j)
{
	j->wants_sync = true;
	journal_sync_schedule(j);
}

void
journal_sync_also(struct journal *j, int fd)
{
	j->also = fd;
	journal_sync_schedule(j);
}

void
journal_set_consumers(struct journal *j, uint32_t count)
{
	if (j->manifest.consumers == count)
		return;
	j->manifest.consumers = count;
	journal_note_manifest(j);
}

void
journal_note_manifest(struct journal *j)
{
	j->manifest_dirty = true;
	journal_sync_schedule(j);
}

void
journal_distrust(struct journal *j)
{
	struct why why;

	if (syncer_is_busy(j->syncer)) /* the file has one writer at a time */
		syncer_free(&j->syncer);
	j->distrusted = true;
	j->manifest.verified_seq = 0;
	buf_reset(&j->job.manifest);
	manifest_print(&j->manifest, &j->job.manifest);
	if (file_replace(j->manifest_path, buf_slice(&j->job.manifest), 0640,
		&why))
		log_warn("cannot note the damage", "error=%s", LOGQ(why.text));
}

struct journal_safety
journal_safety(const struct journal *j)
{
	struct mono now = mono_now();

	return (struct journal_safety){
		.unsynced_ms = j->dirty_since.ns
		    ? mono_ms_between(j->dirty_since, now)
		    : 0,
		.was_synced = j->synced_at.ns != 0,
		.since_sync_ms = mono_ms_between(j->synced_at, now),
	};
}

void
journal_sync_init(struct journal *j)
{
	j->also = -1;
	j->syncer = syncer_new(j->workq, j->sync, on_job_done, j);
	ev_timer_init(&j->sync_timer, on_sync_timer, 0., 0.);
}

void
journal_sync_last(struct journal *j)
{
	syncer_free(&j->syncer);
	if (j->failed)
		return;
	j->manifest_dirty = true;
	job_fill(j);
	sync_job_run(&j->job, j->sync);
	if (j->job.err)
		log_error("cannot sync the log at the end", "error=%s",
		    LOGQ(j->job.why.text));
}
