/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the journal from a sequence on, batch by batch.  At most one batch
 * (and what else fits into the 256 KiB read) is in memory.
 */
#ifndef WORKERS_BUS_JOURNAL_READ_H
#define WORKERS_BUS_JOURNAL_READ_H

#include "proto/batch.h"
#include "proto/envelope.h"
#include "workers/bus/journal.h"

/* For what is stored already, whatever max_payload is now. */
extern const struct envelope_limits envelope_limits_ceiling;

struct journal_batch {
	struct batch_head head;
	struct slice body;
	bool damaged; /* records may fail their CRC: step over those */
};

/*
 * The batch that holds seq, or the first one behind it.  Borrowed until the
 * next call that reads or appends.  MS_ENOTFOUND: nothing there yet.
 * MS_ECORRUPT: damage (isolate off).  MS_EIO.
 */
enum ms_err journal_read(struct journal *journal, uint64_t seq,
    struct journal_batch *batch_r, struct why *why);

/* Frames of sequences from `seq` on, across batches. */
struct journal_walk {
	struct journal *journal;
	uint64_t next_seq; /* everything before was given or does not exist */
	uint64_t bytes;    /* of batches read so far */
	struct batch_reader reader;
	uint64_t batch_last; /* 0 = no batch is open */
};
struct journal_walk journal_walk_from(struct journal *journal, uint64_t seq);
/* The next frame with its sequence; MS_ENOTFOUND at the end of the log. */
enum ms_err journal_walk_next(struct journal_walk *walk, struct slice *frame_r,
    uint64_t *seq_r, struct why *why);
/* The first sequence of the first batch whose last event came at or after
 * ts_ns; last + 1 when none. */
uint64_t journal_seq_since(struct journal *journal, int64_t ts_ns);

#endif
