/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the log after whatever happened.  What a bad place is can be decided
 * only when all was seen, because every batch says how far the log was synced
 * when it was written: a place beyond the highest such claim is a torn tail
 * (nothing there was promised to survive power loss) and is cut; one before it
 * is damage, and is never repaired by cutting.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "proto/envelope.h"
#include "workers/bus/journal_scan.h"
#include "workers/bus/quarantine.h"

#define FRAME_MAGIC     0x3145534du /* 'MSE1' */
#define FRAME_BYTES_MAX (ENVELOPE_HEADER_BYTES_MAX + ENVELOPE_PAYLOAD_CEILING)

static uint64_t
highest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
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
	     offset += RECORD_ALIGN) {
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
		    get_u32(bytes.ptr + 12) + RECORD_ALIGN;
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
