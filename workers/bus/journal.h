/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The durable log of events: segments of batches, one write per loop turn, one
 * fdatasync at a time beside the loop.  (It is called journal because log_*
 * is what a process says on stderr.)
 *
 * Files in its directory: segments, MANIFEST, LOCK, RESERVE (space that is
 * given up so that cursors can still be written on a full disk), quarantine/.
 *
 * A failed write or sync ends the journal: nothing is tried again on that
 * descriptor, `failed` is called once, and every call after it is MS_ESTORAGE.
 * Loop thread only.
 */
#ifndef WORKERS_BUS_JOURNAL_H
#define WORKERS_BUS_JOURNAL_H

#include <stdint.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/str.h"
#include "workers/bus/figures.h"
#include "workers/bus/manifest.h"
#include "workers/bus/syncer.h"

#define JOURNAL_BATCH_BYTES (1u << 20) /* a batch of the log is closed here */
#define JOURNAL_HOT_BYTES   (4u << 20)

struct journal;

struct journal_limits { /* may change while it runs */
	uint64_t segment_bytes;
	uint64_t sync_interval_ms;
	uint64_t retention_bytes;
	uint64_t retention_age_ms;
	uint64_t retention_count; /* events; 0: any number */
};

struct journal_options {
	const char *dir;
	struct workq *workq; /* outlives the journal */
	struct journal_limits limits;
	bool isolate;  /* go on behind damage, its range written off */
	sync_fn *sync; /* NULL: fdatasync */
	const struct figures *figures; /* NULL: nothing is counted */
	size_t
	    hot_bytes; /* of the newest kept in memory; 0: JOURNAL_HOT_BYTES */
	/* each may be NULL */
	void (*synced)(void *arg, uint64_t synced_seq);
	void (*failed)(void *arg, const struct why *why);
	/* segments that hold a sequence above the result stay */
	uint64_t (*settled)(void *arg);
	void *arg;
};

struct journal_recovery { /* what opening found */
	uint64_t segments, batches, events;
	uint64_t bytes;               /* looked at */
	uint64_t cut_bytes;           /* torn tail, saved in quarantine/ */
	uint64_t cut_first, cut_last; /* sequences in it, 0 = none known */
	struct lost_range lost[MANIFEST_LOST_MAX];
	size_t lost_count; /* damage found this time */
	bool manifest_bad;
};

/*
 * Recovers, then is ready to append.  MS_ECORRUPT: damage where data was
 * promised to be safe and isolate is off; recovery_r then has the ranges.
 * MS_ECONFLICT: another process has the directory.
 */
enum ms_err journal_open(struct loop *loop,
    const struct journal_options *options, struct journal **journal_r,
    struct journal_recovery *recovery_r, struct why *why);
/* Syncs what is written, unless it has failed. */
void journal_close(struct journal **journal);
void journal_set_limits(struct journal *journal,
    const struct journal_limits *limits);

/* ---- appending: reserve, add every frame, ..., commit */
/* Room in the active segment for a unit of `bytes` and `count` events that
 * will be one batch or part of one.  May commit what was added before and
 * begin a segment.  MS_ESTORAGE: the disk is full (try later) or failed. */
enum ms_err journal_reserve(struct journal *journal, size_t bytes,
    uint32_t count, struct why *why);
/* Copies, stamps and takes the frame; returns its sequence. */
uint64_t journal_add(struct journal *journal, struct slice frame);
bool journal_has_pending(const struct journal *journal);
/* One pwritev of all that was added. */
enum ms_err journal_commit(struct journal *journal, struct why *why);
/* Called for each committed batch, in order, before journal_commit() (or a
 * journal_reserve() that commits) returns. */
void journal_on_batch(struct journal *journal,
    void (*fn)(void *arg, struct slice batch));

/* ---- syncing */
void journal_sync_soon(struct journal *journal); /* now, if not in work */
/* Also sync this fd with the next job (cursors). */
void journal_sync_also(struct journal *journal, int fd);
/* The next MANIFEST says how many consumers there are. */
void journal_set_consumers(struct journal *journal, uint32_t count);
/* Writes the MANIFEST with the next job. */
void journal_note_manifest(struct journal *journal);
/* Frees the reserve on a full disk; true when there was one. */
bool journal_give_reserve(struct journal *journal);

/* ---- facts */
uint64_t journal_first_seq(const struct journal *journal); /* stored; 0: none */
uint64_t journal_last_seq(const struct journal *journal);  /* committed */
/* The last one that can be read. */
uint64_t journal_visible_seq(const struct journal *journal);
/* The last one given away, what is not committed yet included. */
uint64_t journal_given_seq(const struct journal *journal);
uint64_t journal_synced_seq(const struct journal *journal);
struct journal_safety {
	uint64_t unsynced_ms;   /* the oldest that is not synced; 0: all is */
	bool was_synced;        /* since it was opened */
	uint64_t since_sync_ms; /* then: the last one ended so long ago */
};
struct journal_safety journal_safety(const struct journal *journal);
uint32_t journal_epoch(const struct journal *journal);
uint32_t journal_consumers(const struct journal *journal); /* as found */
uint64_t journal_bytes(const struct journal *journal);
size_t journal_segments(const struct journal *journal);
bool journal_has_failed(const struct journal *journal);
int journal_dir(const struct journal *journal);
/* Sequences up to here are taken: what follows is higher (before any add). */
void journal_raise(struct journal *journal, uint64_t seq);
/* Ends it as a failed write does: for damage and for failed cursors. */
void journal_abandon(struct journal *journal, const struct why *why);
/* Damage found while reading: the next start looks at every byte. */
void journal_distrust(struct journal *journal);
/* From now on what is not synced cannot be read. */
void journal_hide_unsynced(struct journal *journal);
/* Removes old segments now; called by itself when a segment is begun. */
void journal_retain(struct journal *journal, int64_t wall_now_ns);

#endif
