/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading side of the log.  The newest batches come from memory, others
 * through one window that is moved over the files: an index entry says where
 * to start, headers lead on from there.  Bytes from a file are checked before
 * anybody sees them.
 */
#include "workers/bus/journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "proto/envelope.h"
#include "workers/bus/journal_priv.h"

#define WINDOW_BYTES    (256u << 10)
#define WINDOW_KEEP_MAX (1u << 20)

const struct envelope_limits envelope_limits_ceiling = {
	.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
	.header_bytes = ENVELOPE_HEADER_BYTES_MAX
};

void
journal_window_drop(struct journal *j)
{
	j->window.segment = 0;
	if (j->window.bytes.cap > WINDOW_KEEP_MAX)
		buf_fini(&j->window.bytes);
	buf_reset(&j->window.bytes);
}

static int
fd_of(struct journal *j, const struct segment *s, struct why *why)
{
	char name[SEGMENT_NAME_BYTES];

	if (s->fd >= 0)
		return s->fd;
	if (j->read_segment == s->first_seq && j->read_fd >= 0)
		return j->read_fd;
	fd_close(&j->read_fd);
	j->read_fd = openat(j->dir, segment_name(s->first_seq, name),
	    O_RDONLY | O_CLOEXEC);
	j->read_segment = s->first_seq;
	if (j->read_fd < 0)
		why_set(why, MS_EIO, "cannot open %s: %s", name,
		    strerror(errno));
	return j->read_fd;
}

static enum ms_err
window_fill(struct journal *j, const struct segment *s, uint64_t offset,
    size_t want, struct why *why)
{
	struct window *w = &j->window;
	int fd = fd_of(j, s, why);

	journal_window_drop(j);
	if (fd < 0)
		return MS_EIO;
	if (!buf_reserve(&w->bytes, want))
		return why_set(why, MS_ENOMEM, "no memory for a read");
	while (w->bytes.len < want) {
		ssize_t n = pread(fd, w->bytes.ptr + w->bytes.len,
		    want - w->bytes.len, (off_t)(offset + w->bytes.len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return why_set(why, MS_EIO, "cannot read the log: %s",
			    strerror(errno));
		if (n == 0)
			break;
		w->bytes.len += (size_t)n;
	}
	w->segment = s->first_seq;
	w->offset = offset;
	return MS_OK;
}

enum ms_err
journal_window(struct journal *j, const struct segment *s, uint64_t offset,
    size_t want, struct slice *bytes_r, struct why *why)
{
	struct window *w = &j->window;
	/* not what was allocated ahead: it is written to later */
	uint64_t end = s->fd >= 0 ? s->bytes : s->file_bytes;
	uint64_t left = offset < end ? end - offset : 0;
	size_t skip;
	enum ms_err err;

	if (want > left)
		want = (size_t)left;
	if (w->segment != s->first_seq || offset < w->offset ||
	    offset + want > w->offset + w->bytes.len) {
		size_t fill = want > WINDOW_BYTES ? want : WINDOW_BYTES;

		err = window_fill(j, s, offset,
		    fill < left ? fill : (size_t)left, why);
		if (err)
			return err;
	}
	skip = (size_t)(offset - w->offset);
	if (skip > w->bytes.len)
		skip = w->bytes.len;
	*bytes_r = (struct slice){ (const char *)w->bytes.ptr + skip,
		w->bytes.len - skip };
	return MS_OK;
}

/* The segment that holds seq, or the next one. */
static size_t
segment_of(const struct journal *j, uint64_t seq)
{
	size_t low = 0, high = j->segment_count;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (j->segments[mid]->first_seq <= seq)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static bool
touches_lost(const struct manifest *m, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < m->lost_count; i++) {
		if (m->lost[i].first <= last && first <= m->lost[i].last)
			return true;
	}
	return false;
}

static void
batch_of(struct slice bytes, const struct batch_head *head,
    struct journal_batch *batch_r)
{
	batch_r->head = *head;
	batch_r->body =
	    (struct slice){ bytes.ptr + BATCH_HEADER_BYTES, head->body_bytes };
	batch_r->damaged = false;
}

/* The batch at offset is the one: the whole of it, checked. */
static enum ms_err
read_whole(struct journal *j, const struct segment *s, uint64_t offset,
    const struct batch_head *head, struct journal_batch *batch_r,
    struct why *why)
{
	size_t total = BATCH_HEADER_BYTES + head->body_bytes;
	struct batch_head again;
	struct slice bytes;
	struct why what;
	enum ms_err err;

	err = journal_window(j, s, offset, total, &bytes, why);
	if (err)
		return err;
	if (bytes.len < total)
		return why_set(why, MS_ECORRUPT,
		    "the log is cut inside of sequences %" PRIu64 "..%" PRIu64,
		    head->base_seq, head->base_seq + head->count - 1);
	j->after_seq = head->base_seq + head->count;
	j->after_segment = s->first_seq;
	j->after_offset = offset + total;
	batch_of(bytes, head, batch_r);
	err = batch_check(bytes, &again, &total, &what);
	if (!err)
		return MS_OK;
	batch_r->damaged = true;
	if (j->isolate ||
	    touches_lost(&j->manifest, head->base_seq,
		head->base_seq + head->count - 1))
		return MS_OK;
	return why_set(why, MS_ECORRUPT,
	    "the log is damaged within sequences %" PRIu64 "..%" PRIu64 ": %s",
	    head->base_seq, head->base_seq + head->count - 1, what.text);
}

/* Walks headers from offset on; MS_ENOTFOUND: not in this segment. */
static enum ms_err
read_segment(struct journal *j, const struct segment *s, uint64_t offset,
    uint64_t seq, struct journal_batch *batch_r, struct why *why)
{
	while ((offset = segment_hole_end(s, offset)) < s->bytes) {
		struct batch_head head;
		struct slice bytes;
		struct why what;
		enum ms_err err;

		err = journal_window(j, s, offset, BATCH_HEADER_BYTES, &bytes,
		    why);
		if (err)
			return err;
		if (batch_head_get(bytes, &head, &what))
			return why_set(why, MS_ECORRUPT,
			    "the log is damaged in segment %" PRIu64
			    " at %" PRIu64 ": %s",
			    s->first_seq, offset, what.text);
		if (head.base_seq + head.count > seq)
			return read_whole(j, s, offset, &head, batch_r, why);
		offset += BATCH_HEADER_BYTES + head.body_bytes;
	}
	return MS_ENOTFOUND;
}

enum ms_err
journal_read(struct journal *j, uint64_t seq, struct journal_batch *batch_r,
    struct why *why)
{
	struct slice bytes;

	if (seq > journal_visible_seq(j) || j->segment_count == 0)
		return MS_ENOTFOUND;
	if (hot_find(j->hot, seq, &bytes)) {
		struct batch_head head;

		if (!batch_head_get(bytes, &head, NULL)) {
			batch_of(bytes, &head, batch_r);
			return MS_OK;
		}
	}
	for (size_t i = segment_of(j, seq); i < j->segment_count; i++) {
		const struct segment *s = j->segments[i];
		uint64_t offset = segment_seek(s, seq);
		enum ms_err err;

		if (seq > s->last_seq || segment_is_empty(s))
			continue;
		if (j->after_seq == seq && j->after_segment == s->first_seq)
			offset = j->after_offset;
		err = read_segment(j, s, offset, seq, batch_r, why);
		if (err != MS_ENOTFOUND)
			return err;
	}
	return MS_ENOTFOUND;
}

struct journal_walk
journal_walk_from(struct journal *j, uint64_t seq)
{
	return (struct journal_walk){ .journal = j, .next_seq = seq };
}

static enum ms_err
walk_open(struct journal_walk *w, struct why *why)
{
	struct journal_batch batch;
	enum ms_err err = journal_read(w->journal, w->next_seq, &batch, why);

	if (err)
		return err;
	w->reader = batch_read(batch.body, batch.head.count);
	w->batch_last = batch.head.base_seq + batch.head.count - 1;
	if (w->next_seq < batch.head.base_seq)
		w->next_seq = batch.head.base_seq;
	w->bytes += batch.body.len;
	return MS_OK;
}

enum ms_err
journal_walk_next(struct journal_walk *w, struct slice *frame_r,
    uint64_t *seq_r, struct why *why)
{
	for (;;) {
		bool end = false;
		enum ms_err err;

		if (w->batch_last == 0) {
			err = walk_open(w, why);
			if (err)
				return err;
		}
		err = batch_next(&w->reader, frame_r, &end);
		if (err == MS_ECHECKSUM)
			continue; /* one event is lost, not the batch */
		if (err || end) {
			w->next_seq = w->batch_last + 1;
			w->batch_last = 0;
			continue;
		}
		*seq_r = frame_seq(frame_r->ptr);
		if (*seq_r < w->next_seq || *seq_r > w->batch_last)
			continue;
		w->next_seq = *seq_r + 1;
		return MS_OK;
	}
}

/* Base of the first batch of s whose last event came at ts_ns or later. */
static uint64_t
seq_since_in(struct journal *j, const struct segment *s, int64_t ts_ns)
{
	uint64_t offset = 0;

	while ((offset = segment_hole_end(s, offset)) < s->bytes) {
		struct batch_head head;
		struct slice bytes;

		if (journal_window(j, s, offset, BATCH_HEADER_BYTES, &bytes,
			NULL))
			break;
		if (batch_head_get(bytes, &head, NULL))
			break;
		if (head.last_ts_ns >= ts_ns)
			return head.base_seq;
		offset += BATCH_HEADER_BYTES + head.body_bytes;
	}
	return s->last_seq + 1;
}

uint64_t
journal_seq_since(struct journal *j, int64_t ts_ns)
{
	for (size_t i = 0; i < j->segment_count; i++) {
		const struct segment *s = j->segments[i];

		if (!segment_is_empty(s) && s->last_ts_ns >= ts_ns)
			return seq_since_in(j, s, ts_ns);
	}
	return j->last_seq + 1;
}
