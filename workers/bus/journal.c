/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing side of the log.  Frames are stamped where they will be written
 * from, closed into batches and handed to the kernel with one call per turn.
 * Syncing runs beside: what was written while one fdatasync runs is covered
 * by the next, so many publishers share one.
 */
#include "workers/bus/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "proto/envelope.h"
#include "workers/bus/journal_priv.h"

#define PENDING_MAX   (8u << 20) /* written early beyond this */
#define RESERVE_BYTES (1u << 20)
#define RESERVE_NAME  "RESERVE"
#define FULL_RETRY_MS 1000u
#define NS_PER_MS     1000000

/* ---- segments ------------------------------------------------------------ */

struct segment *
journal_active(const struct journal *j)
{
	struct segment *last;

	if (j->segment_count == 0)
		return NULL;
	last = j->segments[j->segment_count - 1];
	return last->fd >= 0 ? last : NULL;
}

void
journal_segment_push(struct journal *j, struct segment *segment)
{
	if (j->segment_count == j->segment_cap) {
		j->segment_cap = j->segment_cap ? j->segment_cap * 2 : 16;
		j->segments = xreallocarray(j->segments, j->segment_cap,
		    sizeof(struct segment *));
	}
	j->segments[j->segment_count++] = segment;
}

static void
remove_oldest(struct journal *j)
{
	struct segment *s = j->segments[0];
	char name[SEGMENT_NAME_BYTES];

	if (unlinkat(j->dir, segment_name(s->first_seq, name), 0) < 0)
		log_warn("cannot remove a segment", "file=%s error=%s", name,
		    LOGQ(strerror(errno)));
	if (j->read_segment == s->first_seq) {
		fd_close(&j->read_fd);
		j->read_segment = 0;
	}
	if (j->window.segment == s->first_seq)
		journal_window_drop(j);
	j->bytes -= s->bytes;
	segment_free(&j->segments[0]);
	j->segment_count--;
	memmove(j->segments, j->segments + 1,
	    j->segment_count * sizeof(struct segment *));
	j->dir_dirty = true;
}

static bool
is_too_old(const struct journal *j, const struct segment *s, int64_t now_ns)
{
	uint64_t age_ms;

	if (j->limits.retention_age_ms == DURATION_INFINITY ||
	    now_ns < s->last_ts_ns)
		return false;
	age_ms = (uint64_t)(now_ns - s->last_ts_ns) / NS_PER_MS;
	return age_ms > j->limits.retention_age_ms;
}

static void
retain_timer_start(struct journal *j, int64_t now_ns)
{
	const struct segment *oldest = j->segments[0];
	uint64_t age_ms = 0;

	loop_timer_stop(j->loop, &j->retain_timer);
	if (j->limits.retention_age_ms == DURATION_INFINITY ||
	    oldest == journal_active(j))
		return;
	if (now_ns > oldest->last_ts_ns)
		age_ms = (uint64_t)(now_ns - oldest->last_ts_ns) / NS_PER_MS;
	/* One that is overdue is kept by a consumer: look again in a minute. */
	loop_timer_start(j->loop, &j->retain_timer,
	    age_ms < j->limits.retention_age_ms
		? j->limits.retention_age_ms - age_ms + 1
		: 60000);
}

void
journal_retain(struct journal *j, int64_t now_ns)
{
	uint64_t settled = j->settled_fn ? j->settled_fn(j->arg) : UINT64_MAX;

	while (j->segment_count > 1) {
		struct segment *oldest = j->segments[0];

		if (j->bytes <= j->limits.retention_bytes &&
		    !is_too_old(j, oldest, now_ns))
			break;
		if (oldest->last_seq > settled)
			break;
		remove_oldest(j);
	}
	if (j->segment_count > 0)
		retain_timer_start(j, now_ns);
}

static void
on_retain(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	journal_retain(container_of(timer, struct journal, retain_timer),
	    wall_ns());
}

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

static enum ms_err
refuse_failed(struct why *why)
{
	return why_set(why, MS_ESTORAGE, "the log has failed");
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
}

static void
job_start(struct journal *j)
{
	loop_timer_stop(j->loop, &j->sync_timer);
	j->wants_sync = false;
	job_fill(j);
	syncer_start(j->syncer, &j->job);
}

static bool
is_dirty(const struct journal *j)
{
	return j->synced_seq < j->last_seq || j->also >= 0 || j->dir_dirty ||
	    j->manifest_dirty;
}

/* Whatever is not on the disk will be: at once if somebody waits. */
static void
sync_schedule(struct journal *j)
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
	job_finish(j);
	if (j->synced_fn)
		j->synced_fn(j->arg, j->synced_seq);
	sync_schedule(j);
}

void
journal_sync_soon(struct journal *j)
{
	j->wants_sync = true;
	sync_schedule(j);
}

void
journal_sync_also(struct journal *j, int fd)
{
	j->also = fd;
	sync_schedule(j);
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
	sync_schedule(j);
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

/* ---- appending ----------------------------------------------------------- */

static void
batch_close(struct journal *j)
{
	int64_t now_ns = wall_ns();
	struct batch_head head = { .base_seq = j->open_first_seq,
		.first_ts_ns = now_ns,
		.last_ts_ns = now_ns,
		.prev_batch_crc = j->prev_crc,
		.synced_upto = j->synced_seq,
		.log_epoch = j->epoch };

	if (!j->batch_is_open)
		return;
	batch_end(&j->writer, &head);
	j->prev_crc = get_u32(j->pending.ptr + j->writer.start + 4);
	j->batch_is_open = false;
	if (j->pending.failed)
		log_fatal(MS_EXIT_OSERR, "out of memory", "bytes=%zu",
		    j->pending.len);
}

/* Notes every batch of what was written and shows it to the broker. */
static void
note_written(struct journal *j, struct segment *active)
{
	struct slice rest = buf_slice(&j->pending);

	while (rest.len > 0) {
		struct batch_head head;
		struct slice batch = rest;
		enum ms_err err = batch_head_get(rest, &head, NULL);

		ms_assert(err == MS_OK);
		batch.len = BATCH_HEADER_BYTES + head.body_bytes;
		segment_note(active, active->bytes, &head, false);
		hot_add(j->hot, batch, head.base_seq, active->last_seq);
		j->last_seq = active->last_seq;
		j->bytes += batch.len;
		if (j->on_batch)
			j->on_batch(j->arg, batch);
		rest.ptr += batch.len;
		rest.len -= batch.len;
	}
}

enum ms_err
journal_commit(struct journal *j, struct why *why)
{
	struct segment *active = journal_active(j);
	struct slice bytes;
	struct why local;

	if (j->failed)
		return refuse_failed(why);
	batch_close(j);
	if (j->pending.len == 0)
		return MS_OK;
	bytes = buf_slice(&j->pending);
	if (fd_pwritev_all(active->fd, &bytes, 1, (off_t)active->bytes,
		&local)) {
		why_set(why, MS_ESTORAGE, "%s", local.text);
		return journal_fail(j, &local);
	}
	note_written(j, active);
	if (j->pending.cap > 2 * JOURNAL_BATCH_BYTES)
		buf_fini(&j->pending);
	buf_reset(&j->pending);
	sync_schedule(j);
	return MS_OK;
}

/* The closed one gives back what was allocated ahead; its sync is due. */
static enum ms_err
close_active(struct journal *j, struct why *why)
{
	struct segment *s = journal_active(j);

	if (j->rolled_count == ARRAY_LEN(j->rolled)) {
		int oldest = j->rolled[j->job_rolled];

		/* Faster than the disk for long: now the loop has to wait. */
		if (j->job_rolled == j->rolled_count || j->sync(oldest) < 0) {
			why_set(why, MS_ESTORAGE, "cannot sync: %s",
			    strerror(errno));
			return journal_fail(j, why);
		}
		close(oldest);
		j->rolled_count--;
		memmove(&j->rolled[j->job_rolled],
		    &j->rolled[j->job_rolled + 1],
		    (j->rolled_count - j->job_rolled) * sizeof(oldest));
	}
	if (ftruncate(s->fd, (off_t)s->bytes) == 0)
		s->file_bytes = s->bytes;
	j->rolled[j->rolled_count++] = s->fd;
	s->fd = -1;
	return MS_OK;
}

static enum ms_err
segment_begin(struct journal *j, size_t bytes, struct why *why)
{
	uint64_t now_ns = mono_now().ns;
	uint64_t room =
	    bytes > j->limits.segment_bytes ? bytes : j->limits.segment_bytes;
	struct segment *next;
	enum ms_err err;

	if (now_ns < j->full_until_ns)
		return why_set(why, MS_ESTORAGE, "no space for the log");
	err = segment_create(j->dir, j->next_seq, room, &next, why);
	if (err) {
		if (j->full_until_ns == 0)
			log_error("the log has no space, publishing is refused",
			    "error=%s", LOGQ(why->text));
		j->full_until_ns = now_ns + FULL_RETRY_MS * NS_PER_MS;
		return err;
	}
	if (j->full_until_ns != 0)
		log_info("the log has space again", NULL);
	j->full_until_ns = 0;
	if (journal_active(j)) {
		err = close_active(j, why);
		if (err) {
			segment_free(&next);
			return err;
		}
	}
	journal_segment_push(j, next);
	j->dir_dirty = j->manifest_dirty = true;
	journal_retain(j, wall_ns());
	return MS_OK;
}

enum ms_err
journal_reserve(struct journal *j, size_t bytes, uint32_t count,
    struct why *why)
{
	struct segment *active = journal_active(j);
	struct why local;
	enum ms_err err;

	why = why ? why : &local;
	if (j->failed)
		return refuse_failed(why);
	if (bytes > BATCH_BODY_MAX || count > BATCH_COUNT_MAX)
		return why_set(why, MS_ETOOBIG, "more than one batch");
	if (j->batch_is_open &&
	    (j->pending.len - j->writer.start + bytes > JOURNAL_BATCH_BYTES ||
		j->writer.count + count > BATCH_COUNT_MAX))
		batch_close(j);
	bytes += BATCH_HEADER_BYTES;
	if (active && j->pending.len + bytes > PENDING_MAX) {
		err = journal_commit(j, why);
		if (err)
			return err;
	}
	if (active && (segment_is_empty(active) && j->pending.len == 0))
		return MS_OK;
	if (active &&
	    active->bytes + j->pending.len + bytes <= j->limits.segment_bytes)
		return MS_OK;
	err = journal_commit(j, why);
	return err ? err : segment_begin(j, bytes, why);
}

uint64_t
journal_add(struct journal *j, struct slice frame)
{
	uint64_t seq = j->next_seq++;
	size_t at;

	if (!j->batch_is_open) {
		batch_begin(&j->writer, &j->pending);
		j->batch_is_open = true;
		j->open_first_seq = seq;
	}
	batch_open_record(&j->writer);
	at = j->pending.len;
	buf_add_slice(&j->pending, frame);
	if (!j->pending.failed)
		frame_stamp(j->pending.ptr + at, seq, j->epoch, 1, 0);
	batch_close_record(&j->writer);
	return seq;
}

bool
journal_has_pending(const struct journal *j)
{
	return j->batch_is_open || j->pending.len > 0;
}

void
journal_on_batch(struct journal *j, void (*fn)(void *arg, struct slice batch))
{
	j->on_batch = fn;
}

/* ---- opening and closing ------------------------------------------------- */

/* One broker per directory; the kernel forgets the lock with the process. */
static enum ms_err
take_lock(struct journal *j, struct why *why)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	j->lock = openat(j->dir, "LOCK", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (j->lock < 0)
		return why_set(why, MS_EIO, "cannot open %s/LOCK: %s", j->path,
		    strerror(errno));
	if (flock(j->lock, LOCK_EX | LOCK_NB) < 0)
		return why_set(why, MS_ECONFLICT,
		    "%s is in use by another process", j->path);
	if (ftruncate(j->lock, 0) < 0 ||
	    pwrite(j->lock, text, (size_t)len, 0) != len)
		log_warn("cannot write the lock file", "error=%s",
		    LOGQ(strerror(errno)));
	return MS_OK;
}

static void
make_reserve(struct journal *j)
{
	int fd =
	    openat(j->dir, RESERVE_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd >= 0 && !segment_allocate(fd, RESERVE_BYTES)) {
		log_warn("no space for the reserve", "file=%s/" RESERVE_NAME,
		    j->path);
		unlinkat(j->dir, RESERVE_NAME, 0);
	}
	fd_close(&fd);
}

bool
journal_give_reserve(struct journal *j)
{
	return unlinkat(j->dir, RESERVE_NAME, 0) == 0;
}

/* The last segment goes on where it ends, or a new one begins. */
static enum ms_err
open_active(struct journal *j, struct why *why)
{
	struct segment *last =
	    j->segment_count ? j->segments[j->segment_count - 1] : NULL;
	char name[SEGMENT_NAME_BYTES];

	if (last && segment_is_empty(last) && last->first_seq != j->next_seq) {
		unlinkat(j->dir, segment_name(last->first_seq, name), 0);
		segment_free(&j->segments[--j->segment_count]);
		last = NULL;
	}
	if (!last || last->bytes >= j->limits.segment_bytes) {
		/* without space we start all the same: what is stored can be
		 * read and settled, which may make space */
		if (segment_begin(j, 0, why) && j->failed)
			return MS_ESTORAGE;
		return MS_OK;
	}
	last->fd = openat(j->dir, segment_name(last->first_seq, name),
	    O_RDWR | O_CLOEXEC);
	if (last->fd < 0)
		return why_set(why, MS_EIO, "cannot open %s: %s", name,
		    strerror(errno));
	if (last->file_bytes < j->limits.segment_bytes &&
	    segment_allocate(last->fd, j->limits.segment_bytes))
		last->file_bytes = j->limits.segment_bytes;
	return MS_OK;
}

static struct journal *
journal_new(struct loop *loop, const struct journal_options *options)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->loop = loop;
	j->limits = options->limits;
	j->isolate = options->isolate;
	j->synced_fn = options->synced;
	j->failed_fn = options->failed;
	j->settled_fn = options->settled;
	j->arg = options->arg;
	j->sync = options->sync ? options->sync : fdatasync;
	j->dir = j->lock = j->read_fd = j->also = -1;
	j->hot = hot_new(JOURNAL_HOT_BYTES);
	j->syncer = syncer_new(loop, j->sync, on_job_done, j);
	ev_timer_init(&j->sync_timer, on_sync_timer, 0., 0.);
	ev_timer_init(&j->retain_timer, on_retain, 0., 0.);
	return j;
}

static enum ms_err
open_dir(struct journal *j, const char *dir, struct why *why)
{
	enum ms_err err = dir_make(dir, 0750, why);

	if (err)
		return err;
	if (strlen(dir) >= sizeof(j->path) - 64)
		return why_set(why, MS_EINVAL, "the path is too long");
	strcpy(j->path, dir);
	stpcpy(stpcpy(j->manifest_path, dir), "/MANIFEST");
	j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0)
		return why_set(why, MS_EIO, "cannot open %s: %s", dir,
		    strerror(errno));
	return take_lock(j, why);
}

static void
journal_release(struct journal *j)
{
	syncer_free(&j->syncer);
	loop_timer_stop(j->loop, &j->sync_timer);
	loop_timer_stop(j->loop, &j->retain_timer);
	for (size_t i = 0; i < j->rolled_count; i++)
		fd_close(&j->rolled[i]);
	for (size_t i = 0; i < j->segment_count; i++)
		segment_free(&j->segments[i]);
	free(j->segments);
	hot_free(&j->hot);
	buf_fini(&j->window.bytes);
	buf_fini(&j->pending);
	buf_fini(&j->job.manifest);
	fd_close(&j->read_fd);
	fd_close(&j->lock);
	fd_close(&j->dir);
	free(j);
}

enum ms_err
journal_open(struct loop *loop, const struct journal_options *options,
    struct journal **journal_r, struct journal_recovery *recovery_r,
    struct why *why)
{
	struct journal *j = journal_new(loop, options);
	struct why local;
	enum ms_err err;

	why = why ? why : &local;
	memset(recovery_r, 0, sizeof(*recovery_r));
	err = open_dir(j, options->dir, why);
	if (!err)
		err = journal_recover(j, recovery_r, why);
	if (!err)
		err = open_active(j, why);
	if (err) {
		journal_release(j);
		return err;
	}
	make_reserve(j);
	/* What recovery accepted is made safe beside the first work; until
	 * then nobody is told that it is. */
	j->dir_dirty = j->manifest_dirty = true;
	journal_sync_soon(j);
	*journal_r = j;
	return MS_OK;
}

void
journal_close(struct journal **journal)
{
	struct journal *j = *journal;
	struct why why;

	if (!j)
		return;
	*journal = NULL;
	if (!j->failed)
		(void)!journal_commit(j, &why);
	syncer_free(&j->syncer);
	if (!j->failed) {
		j->manifest_dirty = true;
		job_fill(j);
		sync_job_run(&j->job, j->sync);
		if (j->job.err)
			log_error("cannot sync the log at the end", "error=%s",
			    LOGQ(j->job.why.text));
	}
	journal_release(j);
}

void
journal_set_limits(struct journal *j, const struct journal_limits *limits)
{
	j->limits = *limits;
	journal_retain(j, wall_ns());
}

/* ---- facts --------------------------------------------------------------- */

uint64_t
journal_first_seq(const struct journal *j)
{
	for (size_t i = 0; i < j->segment_count; i++) {
		if (!segment_is_empty(j->segments[i]))
			return j->segments[i]->index[0].seq;
	}
	return 0;
}

uint64_t
journal_last_seq(const struct journal *j)
{
	return j->last_seq;
}

uint64_t
journal_given_seq(const struct journal *j)
{
	return j->next_seq - 1;
}

uint64_t
journal_synced_seq(const struct journal *j)
{
	return j->synced_seq;
}

uint32_t
journal_epoch(const struct journal *j)
{
	return j->epoch;
}

uint32_t
journal_consumers(const struct journal *j)
{
	return j->manifest.consumers;
}

uint64_t
journal_bytes(const struct journal *j)
{
	return j->bytes;
}

size_t
journal_segments(const struct journal *j)
{
	return j->segment_count;
}

bool
journal_has_failed(const struct journal *j)
{
	return j->failed;
}

int
journal_dir(const struct journal *j)
{
	return j->dir;
}

void
journal_raise(struct journal *j, uint64_t seq)
{
	ms_assert(!journal_has_pending(j));
	if (seq < j->next_seq)
		return;
	j->next_seq = seq + 1;
	j->raised_seq = seq;
	journal_note_manifest(j);
}
