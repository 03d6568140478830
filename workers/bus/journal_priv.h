/* SPDX-License-Identifier: Apache-2.0 */
/* What the sources of the journal share: journal.c appends, journal_sync.c makes
 * it safe, journal_read.c reads, journal_scan.c and journal_recover.c look at
 * what is there, journal_open.c begins and ends. */
#ifndef WORKERS_BUS_JOURNAL_PRIV_H
#define WORKERS_BUS_JOURNAL_PRIV_H

#include <limits.h>

#include "common/buf.h"
#include "proto/batch.h"
#include "workers/bus/hot.h"
#include "workers/bus/journal.h"
#include "workers/bus/journal_read.h"
#include "workers/bus/segment.h"

#define BATCH_BYTES_MAX (BATCH_HEADER_BYTES + BATCH_BODY_MAX)

/* A part of one segment in memory. */
struct window {
	uint64_t segment; /* first_seq; 0 = empty */
	uint64_t offset;
	struct buf bytes;
};

struct journal {
	struct loop *loop;
	struct journal_limits limits;
	const struct figures *figures;
	bool isolate;
	bool synced_only;
	bool failed;
	char path[PATH_MAX]; /* of the directory */
	char manifest_path[PATH_MAX];
	int dir;
	int lock;
	struct manifest manifest;

	struct segment **segments; /* rising; the last one is active */
	size_t segment_count, segment_cap;
	uint64_t bytes; /* of all segments */

	/* appending */
	struct buf pending; /* whole batches, then the open one */
	struct batch_writer writer;
	bool batch_is_open;
	size_t unit_bytes; /* reserved for the unit being added */
	uint64_t open_first_seq;
	uint64_t next_seq;
	uint64_t last_seq;   /* committed */
	uint64_t raised_seq; /* given away before, though not in the log */
	uint32_t prev_crc;   /* header_crc of the last closed batch */
	uint32_t epoch;
	uint64_t full_until_ns; /* no room: not asked again before */
	void (*on_batch)(void *arg, struct slice batch);

	/* syncing */
	struct workq *workq;
	struct syncer *syncer;
	sync_fn *sync;
	struct sync_job job;
	ev_timer sync_timer;
	uint64_t synced_seq;
	uint64_t job_seq;        /* synced when the job is done */
	struct mono dirty_since; /* .ns 0: all is synced */
	struct mono job_begun, synced_at;
	int rolled[SYNC_FDS_MAX - 2]; /* written, closed after their sync */
	size_t rolled_count;
	size_t job_rolled; /* of them in the job */
	int also;          /* fd or -1 */
	bool dir_dirty, manifest_dirty, wants_sync;
	bool distrusted; /* verified_seq stays 0 */

	ev_timer retain_timer;

	/* reading */
	struct hot *hot;
	struct window window;
	int read_fd; /* of read_segment */
	uint64_t read_segment;
	uint64_t after_seq; /* a sequential reader's next seq lies ... */
	uint64_t after_segment, after_offset; /* ... here */

	void (*synced_fn)(void *arg, uint64_t synced_seq);
	void (*failed_fn)(void *arg, const struct why *why);
	uint64_t (*settled_fn)(void *arg);
	void *arg;
};

struct segment *journal_active(const struct journal *j);
void journal_segment_push(struct journal *j, struct segment *segment);
/* Bytes of the segment at offset, at least `want` unless the file ends; from
 * the window where it holds them.  *bytes_r is what is there. */
enum ms_err journal_window(struct journal *j, const struct segment *segment,
    uint64_t offset, size_t want, struct slice *bytes_r, struct why *why);
void journal_window_drop(struct journal *j);
/* A new active segment with room for `bytes`; the old one is closed. */
enum ms_err journal_segment_begin(struct journal *j, size_t bytes,
    struct why *why);
void journal_on_retain(struct ev_loop *ev, ev_timer *timer, int events);
void journal_sync_init(struct journal *j);
/* Whatever is not on the disk will be: at once if somebody waits. */
void journal_sync_schedule(struct journal *j);
/* Everything, now, on this thread; the helper has ended. */
void journal_sync_last(struct journal *j);
/* Ends the journal (once) and returns MS_ESTORAGE. */
enum ms_err journal_fail(struct journal *j, const struct why *why);
/* Fills segments, sequences and the manifest of a fresh journal. */
enum ms_err journal_recover(struct journal *j,
    struct journal_recovery *recovery, struct why *why);

#endif
