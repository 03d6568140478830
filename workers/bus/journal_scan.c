/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at every batch: whole, chained to the one before, higher than it.  At
 * a bad place it goes on with the next good one, without a chain.
 *
 * Closed segments that were verified before are walked by their headers only;
 * their bodies are checked when they are read.
 */
#include "workers/bus/journal_scan.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "proto/envelope.h"

#define CHUNK_BYTES 65536u

enum verdict {
	VERDICT_GOOD,
	VERDICT_DAMAGED, /* header good and chained, body not */
	VERDICT_BAD,
	VERDICT_END /* nothing but zeros, or the end of the file */
};

/* ---- looking ------------------------------------------------------------- */

static bool
is_zero(struct slice bytes)
{
	return bytes.len == 0 ||
	    (bytes.ptr[0] == 0 &&
		memcmp(bytes.ptr, bytes.ptr + 1, bytes.len - 1) == 0);
}

/* Space allocated ahead and never written is a hole to SEEK_DATA, so this
 * reads next to nothing. */
static bool
rest_is_zero(struct journal *j, const struct segment *s, uint64_t offset)
{
	char name[SEGMENT_NAME_BYTES];
	char chunk[CHUNK_BYTES];
	int fd = openat(j->dir, segment_name(s->first_seq, name),
	    O_RDONLY | O_CLOEXEC);
	off_t at = (off_t)offset;
	bool zero = fd >= 0;

	while (zero && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		ssize_t n = pread(fd, chunk, sizeof(chunk), at);

		if (n <= 0)
			break;
		zero = is_zero((struct slice){ chunk, (size_t)n });
		at += n;
	}
	fd_close(&fd);
	return zero;
}

/* Header alone: whole, higher than all before, chained where that is known. */
static bool
head_fits(const struct scan *scan, const struct segment *s,
    const struct batch_head *head)
{
	return head->count > 0 && head->base_seq > scan->last_seq &&
	    head->base_seq >= s->first_seq && head->base_seq <= SEQUENCE_MAX &&
	    head->synced_upto < head->base_seq &&
	    (!scan->chained || head->prev_batch_crc == scan->prev_crc);
}

static enum verdict
look(struct scan *scan, const struct segment *s, uint64_t offset, bool deep,
    struct batch_head *head_r, struct slice *bytes_r, struct why *why)
{
	struct journal *j = scan->j;
	struct slice bytes;
	size_t total;

	if (journal_window(j, s, offset, BATCH_HEADER_BYTES, &bytes, why))
		return VERDICT_BAD;
	if (is_zero((struct slice){ bytes.ptr,
		bytes.len < BATCH_HEADER_BYTES ? bytes.len
					       : BATCH_HEADER_BYTES }))
		return rest_is_zero(j, s, offset) ? VERDICT_END : VERDICT_BAD;
	if (batch_head_get(bytes, head_r, why))
		return VERDICT_BAD;
	total = BATCH_HEADER_BYTES + head_r->body_bytes;
	if (total % RECORD_ALIGN != 0 || offset + total > s->file_bytes ||
	    !head_fits(scan, s, head_r))
		return VERDICT_BAD;
	if (!deep)
		return VERDICT_GOOD;
	if (journal_window(j, s, offset, total, &bytes, why) ||
	    bytes.len < total)
		return VERDICT_BAD;
	*bytes_r = bytes;
	if (batch_check(bytes, head_r, &total, why))
		return VERDICT_DAMAGED;
	return VERDICT_GOOD;
}

/* ---- taking note --------------------------------------------------------- */

static void
bad_begin(struct scan *scan, size_t segment, uint64_t offset)
{
	const struct segment *s = scan->j->segments[segment];
	struct bad *bad;

	if (scan->bad_open)
		return;
	scan->bad_open = true;
	scan->hole_segment = segment;
	scan->hole_from = offset;
	if (scan->bad_count == BAD_MAX) {
		/* too many to tell apart: the last one covers the rest */
		scan->bad[BAD_MAX - 1].last = TO_THE_END;
		return;
	}
	bad = &scan->bad[scan->bad_count++];
	*bad = (struct bad){ .segment = segment,
		.offset = offset,
		.first = scan->last_seq + 1,
		.last = TO_THE_END,
		.before_seq = scan->last_seq,
		.before_segment_seq = s->last_seq,
		.before_ts_ns = s->last_ts_ns,
		.before_crc = scan->prev_crc };
	/* the first batch may have any sequence from the file's name on */
	if (bad->first < s->first_seq && scan->last_seq == 0)
		bad->first = s->first_seq;
	bad->start = bad->first;
}

static void
bad_end(struct scan *scan, uint64_t next_seq)
{
	if (!scan->bad_open)
		return;
	scan->bad_open = false;
	scan->bad[scan->bad_count - 1].last = next_seq - 1;
}

static void
accept(struct scan *scan, size_t segment, uint64_t offset,
    const struct batch_head *head)
{
	struct segment *s = scan->j->segments[segment];

	if (scan->bad_open && scan->hole_segment == segment &&
	    scan->hole_from < offset)
		segment_hole_add(s, scan->hole_from, offset);
	else if (scan->bad_open && scan->hole_segment < segment && offset > 0)
		segment_hole_add(s, 0, offset);
	segment_note(s, offset, head, scan->bad_open);
	bad_end(scan, head->base_seq);
	scan->last_seq = s->last_seq;
	if (scan->highest_seq < s->last_seq)
		scan->highest_seq = s->last_seq;
	scan->prev_crc = head->header_crc;
	scan->chained = true;
	if (scan->synced < head->synced_upto)
		scan->synced = head->synced_upto;
	if (scan->epoch < head->log_epoch)
		scan->epoch = head->log_epoch;
	scan->report->batches++;
	scan->report->events += head->count;
	scan->report->bytes += BATCH_HEADER_BYTES + head->body_bytes;
}

/* The body is damaged: which records?  All of it when none says so. */
static void
accept_damaged(struct scan *scan, size_t segment, uint64_t offset,
    const struct batch_head *head, struct slice bytes)
{
	struct slice body = { bytes.ptr + BATCH_HEADER_BYTES,
		head->body_bytes };
	struct batch_reader reader = batch_read(body, head->count);
	uint64_t first = 0, last = 0;
	struct slice frame;
	bool end = false;

	for (uint64_t i = 0; i < head->count; i++) {
		enum ms_err err = batch_next(&reader, &frame, &end);
		uint64_t seq = head->base_seq + i;

		if (err == MS_OK && !end && frame_seq(frame.ptr) == seq)
			continue;
		first = first ? first : seq;
		last = seq;
		if (err != MS_ECHECKSUM && (err != MS_OK || end)) {
			last = head->base_seq + head->count - 1;
			break; /* lengths lead nowhere from here on */
		}
	}
	bad_begin(scan, segment, offset);
	if (scan->bad_count < BAD_MAX)
		scan->bad[scan->bad_count - 1].first =
		    first ? first : head->base_seq;
	accept(scan, segment, offset, head);
	scan->bad[scan->bad_count - 1].last = last ? last : scan->last_seq;
}

/* ---- scanning ------------------------------------------------------------ */

/* The next whole batch that can follow; without chain, as some are missing. */
static bool
resync(struct scan *scan, const struct segment *s, uint64_t *offset)
{
	bool chained = scan->chained;
	uint32_t magic = 0x3142534du; /* 'MSB1' */

	for (; *offset + BATCH_HEADER_BYTES <= s->file_bytes;
	     *offset += RECORD_ALIGN) {
		struct batch_head head;
		struct slice bytes;
		enum verdict verdict;

		if (journal_window(scan->j, s, *offset, BATCH_HEADER_BYTES,
			&bytes, NULL) ||
		    bytes.len < BATCH_HEADER_BYTES)
			return false;
		if (get_u32(bytes.ptr) != magic)
			continue;
		scan->chained = false;
		verdict = look(scan, s, *offset, true, &head, &bytes, NULL);
		scan->chained = chained;
		/* nothing missing and yet not chained: not of this log */
		if (verdict == VERDICT_GOOD &&
		    !(chained && head.base_seq == scan->last_seq + 1 &&
			head.prev_batch_crc != scan->prev_crc))
			return true;
	}
	return false;
}

static void
scan_segment(struct scan *scan, size_t index, bool deep)
{
	struct segment *s = scan->j->segments[index];
	uint64_t offset = 0;

	while (offset < s->file_bytes) {
		struct batch_head head;
		struct slice bytes;
		enum verdict verdict =
		    look(scan, s, offset, deep, &head, &bytes, NULL);

		if (verdict == VERDICT_END)
			return;
		if (verdict == VERDICT_BAD) {
			bad_begin(scan, index, offset);
			if (!resync(scan, s, &offset))
				return;
			scan->chained = false;
			continue;
		}
		if (verdict == VERDICT_DAMAGED)
			accept_damaged(scan, index, offset, &head, bytes);
		else
			accept(scan, index, offset, &head);
		offset += BATCH_HEADER_BYTES + head.body_bytes;
	}
}

void
scan_all(struct scan *scan)
{
	struct journal *j = scan->j;

	for (size_t i = 0; i < j->segment_count; i++) {
		struct segment *s = j->segments[i];
		bool last = i + 1 == j->segment_count;
		uint64_t end =
		    last ? UINT64_MAX : j->segments[i + 1]->first_seq - 1;

		/* a name is a claim, too: what is below was given away */
		if (scan->highest_seq < s->first_seq - 1)
			scan->highest_seq = s->first_seq - 1;
		scan_segment(scan, i, end > j->manifest.verified_seq);
	}
	journal_window_drop(j);
}
