/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing side of the log.  Frames are stamped where they will be written
 * from, closed into batches and handed to the kernel with one call per turn.
 */
#include "workers/bus/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "proto/envelope.h"
#include "workers/bus/journal_priv.h"

#define PENDING_MAX   (8u << 20) /* written early beyond this */
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

/* Without it enough are left. */
static bool
is_outnumbered(const struct journal *j, const struct segment *s)
{
	return j->limits.retention_count > 0 &&
	    j->last_seq - s->last_seq >= j->limits.retention_count;
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
		    !is_too_old(j, oldest, now_ns) &&
		    !is_outnumbered(j, oldest))
			break;
		if (oldest->last_seq > settled)
			break;
		remove_oldest(j);
	}
	if (j->segment_count > 0)
		retain_timer_start(j, now_ns);
}

void
journal_on_retain(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	journal_retain(container_of(timer, struct journal, retain_timer),
	    wall_ns());
}

/* ---- appending ----------------------------------------------------------- */

static enum ms_err
refuse_failed(struct why *why)
{
	return why_set(why, MS_ESTORAGE, "the log has failed");
}

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
	if (j->dirty_since.ns == 0)
		j->dirty_since = mono_now();
}

static void
count_written(const struct journal *j, struct mono begun, uint64_t events)
{
	const struct metric *figure = j->figures->of;

	metric_record(figure[FIGURE_APPEND], mono_now().ns - begun.ns);
	metric_record(figure[FIGURE_APPEND_EVENTS], events);
	metric_add(figure[FIGURE_APPEND_BYTES], j->pending.len);
}

enum ms_err
journal_commit(struct journal *j, struct why *why)
{
	struct segment *active = journal_active(j);
	struct mono begun;
	struct slice bytes;
	struct why local;

	if (j->failed)
		return refuse_failed(why);
	batch_close(j);
	if (j->pending.len == 0)
		return MS_OK;
	bytes = buf_slice(&j->pending);
	begun = mono_now();
	if (fd_pwritev_all(active->fd, &bytes, 1, (off_t)active->bytes,
		&local)) {
		why_set(why, MS_ESTORAGE, "%s", local.text);
		return journal_fail(j, &local);
	}
	count_written(j, begun, j->next_seq - 1 - j->last_seq);
	note_written(j, active);
	if (j->pending.cap > 2 * JOURNAL_BATCH_BYTES)
		buf_fini(&j->pending);
	buf_reset(&j->pending);
	journal_sync_schedule(j);
	return MS_OK;
}

/* The closed one gives back what was allocated ahead; its sync is due. */
static enum ms_err
close_active(struct journal *j, struct why *why)
{
	struct segment *s = journal_active(j);
	struct why what;

	if (ftruncate(s->fd, (off_t)s->bytes) == 0)
		s->file_bytes = s->bytes;
	if (j->rolled_count < ARRAY_LEN(j->rolled)) {
		j->rolled[j->rolled_count++] = s->fd;
	} else if (j->sync(s->fd) == 0) {
		close(s->fd); /* faster than the disk: the loop had to wait */
	} else {
		why_set(&what, MS_ESTORAGE, "cannot sync: %s", strerror(errno));
		why_set(why, MS_ESTORAGE, "%s", what.text);
		return journal_fail(j, &what);
	}
	s->fd = -1;
	return MS_OK;
}

enum ms_err
journal_segment_begin(struct journal *j, size_t bytes, struct why *why)
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
	return err ? err : journal_segment_begin(j, bytes, why);
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

void
journal_hide_unsynced(struct journal *j)
{
	j->synced_only = true;
}

uint64_t
journal_visible_seq(const struct journal *j)
{
	return j->synced_only && j->synced_seq < j->last_seq ? j->synced_seq
							     : j->last_seq;
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
