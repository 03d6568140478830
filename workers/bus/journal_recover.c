/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the log after whatever happened.  One pass over all segments takes
 * every batch that is whole, chained to the one before and higher than it; at
 * a bad place it looks for the next good one, and goes on.  Only then is it
 * decided what the bad places are, because every batch says how far the log
 * was synced when it was written: a place beyond the highest such claim is a
 * torn tail (nothing there was promised to survive power loss) and is cut; one
 * before it is damage, and is never repaired by cutting.
 *
 * Closed segments that were verified before are walked by their headers only;
 * their bodies are checked when they are read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/envelope.h"
#include "workers/bus/journal_priv.h"
#include "workers/bus/quarantine.h"

#define BAD_MAX    1024u
#define COPY_BYTES 65536u
#define ALIGN      8u
#define TO_THE_END UINT64_MAX

#define FRAME_MAGIC     0x3145534du /* 'MSE1' */
#define FRAME_BYTES_MAX (ENVELOPE_HEADER_BYTES_MAX + ENVELOPE_PAYLOAD_CEILING)

/* A place where a good batch should have been. */
struct bad {
	size_t segment; /* index */
	uint64_t offset;
	uint64_t start;       /* all before it is good */
	uint64_t first, last; /* sequences missing, perhaps TO_THE_END */
	/* state in front of it, to cut here */
	uint64_t before_seq;
	uint64_t before_segment_seq;
	int64_t before_ts_ns;
	uint32_t before_crc;
};

struct scan {
	struct journal *j;
	struct journal_recovery *report;
	struct bad *bad;
	size_t bad_count;
	bool bad_open;       /* the last bad place has not ended */
	size_t hole_segment; /* where it began */
	uint64_t hole_from;
	bool chained; /* prev_crc is known */
	uint32_t prev_crc;
	uint32_t epoch;
	uint64_t last_seq;
	uint64_t synced; /* the highest claim */
	uint64_t highest_seq;
};

enum verdict {
	VERDICT_GOOD,
	VERDICT_DAMAGED, /* header good and chained, body not */
	VERDICT_BAD,
	VERDICT_END /* nothing but zeros, or the end of the file */
};

static uint64_t
highest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

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
	char chunk[COPY_BYTES];
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
	if (total % ALIGN != 0 || offset + total > s->file_bytes ||
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
	     *offset += ALIGN) {
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

static void
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

/* ---- deciding ------------------------------------------------------------ */

static enum ms_err
cut_file(struct journal *j, const struct segment *s, uint64_t offset,
    struct why *why)
{
	char name[SEGMENT_NAME_BYTES];
	int fd = openat(j->dir, segment_name(s->first_seq, name),
	    O_RDWR | O_CLOEXEC);
	enum ms_err err = MS_OK;

	if (fd < 0 || ftruncate(fd, (off_t)offset) < 0 || fsync(fd) < 0)
		err = why_set(why, MS_EIO, "cannot cut %s: %s", name,
		    strerror(errno));
	fd_close(&fd);
	return err;
}

/* Everything from the bad place on leaves the log, and is kept aside. */
static enum ms_err
cut_at(struct scan *scan, const struct bad *bad, struct why *why)
{
	struct journal *j = scan->j;
	struct segment *s = j->segments[bad->segment];
	uint32_t epoch = j->manifest.log_epoch;
	char name[SEGMENT_NAME_BYTES];
	enum ms_err err;

	while (j->segment_count > bad->segment + 1) {
		struct segment *after = j->segments[j->segment_count - 1];

		err = quarantine_copy(j->dir, after, 0, epoch, "torn", why);
		if (err)
			return err;
		scan->report->cut_bytes += after->bytes;
		if (unlinkat(j->dir, segment_name(after->first_seq, name), 0) <
		    0)
			return why_set(why, MS_EIO, "cannot remove %s: %s",
			    name, strerror(errno));
		segment_free(&j->segments[--j->segment_count]);
	}
	err = quarantine_copy(j->dir, s, bad->offset, epoch, "torn", why);
	if (!err)
		err = cut_file(j, s, bad->offset, why);
	if (err)
		return err;
	scan->report->cut_bytes += s->file_bytes - bad->offset;
	segment_cut(s, bad->offset, bad->before_segment_seq, bad->before_ts_ns);
	scan->last_seq = bad->before_seq;
	scan->prev_crc = bad->before_crc;
	scan->chained = bad->before_seq > 0;
	return MS_OK;
}

/* The highest sequence of a frame in what is cut: no batch vouches for it, but
 * it was given away. */
static void
note_frames(struct scan *scan, const struct segment *s, uint64_t offset)
{
	for (; offset + ENVELOPE_FIXED_BYTES <= s->file_bytes;
	     offset += ALIGN) {
		struct envelope event;
		struct slice bytes;
		uint64_t want;
		size_t len;

		if (journal_window(scan->j, s, offset, ENVELOPE_FIXED_BYTES,
			&bytes, NULL) ||
		    bytes.len < ENVELOPE_FIXED_BYTES)
			return;
		if (get_u32(bytes.ptr) != FRAME_MAGIC)
			continue;
		want = (uint64_t)get_u32(bytes.ptr + 8) +
		    get_u32(bytes.ptr + 12) + ALIGN;
		if (want > FRAME_BYTES_MAX ||
		    journal_window(scan->j, s, offset, (size_t)want, &bytes,
			NULL) ||
		    frame_length(bytes, &envelope_limits_ceiling, &len, NULL))
			continue;
		bytes.len = len;
		if (envelope_peek(bytes, &envelope_limits_ceiling, &event,
			NULL) == MS_OK)
			scan->highest_seq = highest(scan->highest_seq,
			    event.seq <= SEQUENCE_MAX ? event.seq : 0);
	}
}

static enum ms_err
cut_torn(struct scan *scan, const struct bad *bad, struct why *why)
{
	struct journal_recovery *report = scan->report;
	struct journal *j = scan->j;

	note_frames(scan, j->segments[bad->segment], bad->offset);
	for (size_t i = bad->segment + 1; i < j->segment_count; i++)
		note_frames(scan, j->segments[i], 0);
	journal_window_drop(j);
	report->cut_first = bad->start;
	report->cut_last =
	    scan->highest_seq >= bad->start ? scan->highest_seq : bad->start;
	return cut_at(scan, bad, why);
}

static void
report_add(struct journal_recovery *report, uint64_t first, uint64_t last)
{
	if (report->lost_count == MANIFEST_LOST_MAX)
		report->lost[MANIFEST_LOST_MAX - 1].last = last;
	else
		report->lost[report->lost_count++] =
		    (struct lost_range){ first, last };
}

/* Damage that is not written off yet: kept aside and reported; then it is
 * written off (isolate), or we do not go on. */
static enum ms_err
judge_damage(struct scan *scan, size_t count, struct why *why)
{
	struct journal *j = scan->j;
	struct journal_recovery *report = scan->report;
	enum ms_err err;

	for (size_t i = 0; i < count; i++) {
		struct bad *bad = &scan->bad[i];

		if (bad->last == TO_THE_END)
			bad->last = scan->synced;
		if (bad->first > bad->last ||
		    manifest_is_lost(&j->manifest, bad->first, bad->last))
			continue;
		report_add(report, bad->first, bad->last);
		err = quarantine_copy(j->dir, j->segments[bad->segment], 0,
		    j->manifest.log_epoch, "damaged", why);
		if (err)
			return err;
		if (j->isolate)
			manifest_lost_add(&j->manifest, bad->first, bad->last);
	}
	if (report->lost_count == 0)
		return MS_OK;
	quarantine_report(j->path, report);
	if (j->isolate)
		return MS_OK;
	return why_set(why, MS_ECORRUPT,
	    "the log is damaged: sequences %" PRIu64 "..%" PRIu64
	    "%s are not what was written (copy in %s/" QUARANTINE_DIR
	    "); restore them, or go on without with [bus] on_corruption = "
	    "isolate",
	    report->lost[0].first, report->lost[0].last,
	    report->lost_count > 1 ? " and others" : "", j->path);
}

static enum ms_err
judge(struct scan *scan, struct why *why)
{
	bool open_end = scan->bad_open;
	size_t damaged = 0;
	enum ms_err err;

	while (damaged < scan->bad_count &&
	    scan->bad[damaged].start <= scan->synced)
		damaged++;
	err = judge_damage(scan, damaged, why);
	if (err)
		return err;
	if (damaged < scan->bad_count)
		return cut_torn(scan, &scan->bad[damaged], why);
	/* damage at the very end, written off: its bytes make room */
	if (open_end && damaged > 0)
		return cut_at(scan, &scan->bad[damaged - 1], why);
	return MS_OK;
}

/* ---- the whole ----------------------------------------------------------- */

static int
by_first_seq(const void *a, const void *b)
{
	const struct segment *const *x = a, *const *y = b;

	return (*x)->first_seq < (*y)->first_seq ? -1
	    : (*x)->first_seq > (*y)->first_seq  ? 1
						 : 0;
}

static enum ms_err
list_segments(struct journal *j, struct why *why)
{
	int fd = openat(j->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	uint64_t first_seq;
	struct stat st;

	if (!dir) {
		fd_close(&fd);
		return why_set(why, MS_EIO, "cannot list %s: %s", j->path,
		    strerror(errno));
	}
	while ((entry = readdir(dir))) {
		struct segment *s;

		if (!segment_name_parse(entry->d_name, &first_seq) ||
		    fstatat(j->dir, entry->d_name, &st, 0) < 0)
			continue;
		s = segment_new(first_seq);
		s->file_bytes = (uint64_t)st.st_size;
		journal_segment_push(j, s);
	}
	closedir(dir);
	if (j->segment_count > 0)
		qsort(j->segments, j->segment_count, sizeof(j->segments[0]),
		    by_first_seq);
	return MS_OK;
}

static enum ms_err
read_manifest(struct journal *j, struct journal_recovery *report,
    struct why *why)
{
	struct buf text = { 0 };
	struct why what;
	enum ms_err err =
	    file_read(j->manifest_path, MANIFEST_BYTES_MAX, &text, &what);

	if (!err)
		err = manifest_parse(buf_slice(&text), &j->manifest, &what);
	buf_fini(&text);
	if (err == MS_OK || err == MS_ENOTFOUND)
		return MS_OK;
	if (err != MS_ECORRUPT && err != MS_ETOOBIG)
		return why_set(why, err, "%s", what.text);
	/* Its claims are in the batches as well: look at every byte. */
	memset(&j->manifest, 0, sizeof(j->manifest));
	report->manifest_bad = true;
	return MS_OK;
}

enum ms_err
journal_recover(struct journal *j, struct journal_recovery *report,
    struct why *why)
{
	struct scan scan = { .j = j, .report = report };
	enum ms_err err = list_segments(j, why);

	if (!err)
		err = read_manifest(j, report, why);
	if (err)
		return err;
	scan.synced = j->manifest.synced_seq;
	scan.highest_seq = j->manifest.last_seq;
	scan.bad = xcalloc(BAD_MAX, sizeof(*scan.bad));
	scan_all(&scan);
	report->segments = j->segment_count;
	err = judge(&scan, why);
	free(scan.bad);
	if (err)
		return err;
	for (size_t i = 0; i < j->segment_count; i++)
		j->bytes += j->segments[i]->bytes;
	j->last_seq = scan.last_seq;
	j->synced_seq =
	    scan.synced < scan.last_seq ? scan.synced : scan.last_seq;
	j->prev_crc = scan.prev_crc;
	j->raised_seq = highest(scan.highest_seq, scan.synced);
	j->next_seq = j->raised_seq + 1;
	j->epoch = highest(scan.epoch, j->manifest.log_epoch) < UINT32_MAX
	    ? (uint32_t)highest(scan.epoch, j->manifest.log_epoch) + 1
	    : 1;
	return MS_OK;
}
