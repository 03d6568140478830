/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of the journal: NNNNNNNNNNNNNNNNNNNN.log, named by the first
 * sequence it may hold.  Batches one after the other from offset 0, then zeros
 * (space allocated ahead) or the end of the file.  The sparse index lives in
 * memory only; it is rebuilt by whoever scans the file.
 */
#ifndef WORKERS_BUS_SEGMENT_H
#define WORKERS_BUS_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "proto/batch.h"

#define SEQUENCE_MAX        (UINT64_C(1) << 62) /* higher is nonsense */
#define SEGMENT_NAME_BYTES  32
#define SEGMENT_INDEX_BYTES (64u << 10) /* an entry at least this far apart */

struct index_entry {
	uint64_t offset;
	uint64_t seq; /* base of the batch there */
};

struct hole {
	uint64_t from, to;
};

struct segment {
	uint64_t first_seq;
	uint64_t last_seq; /* first_seq - 1: empty */
	uint64_t bytes;    /* end of the last batch */
	uint64_t file_bytes;
	int64_t last_ts_ns;
	int fd; /* of the active segment, else -1 */
	struct index_entry *index;
	size_t index_len, index_cap;
	struct hole *holes; /* few: there is one per damaged place */
	size_t hole_count;
};

char *segment_name(uint64_t first_seq, char out[static SEGMENT_NAME_BYTES]);
bool segment_name_parse(const char *name, uint64_t *first_seq_r);

struct segment *segment_new(uint64_t first_seq);
void segment_free(struct segment **segment); /* closes, keeps the file */
/* Creates the file with room for `bytes`.  MS_ESTORAGE when the disk (or the
 * quota) is full: nothing is left behind then. */
enum ms_err segment_create(int dir, uint64_t first_seq, uint64_t bytes,
    struct segment **segment_r, struct why *why);
/* Asks the filesystem for room up to `bytes`; where it cannot, we go on
 * without.  errno is ENOSPC, EDQUOT or EFBIG when false. */
bool segment_allocate(int fd, uint64_t bytes);
bool segment_is_empty(const struct segment *segment);

/* Takes note of a batch at offset; forced: an index entry whatever the
 * distance (a place behind damage). */
void segment_note(struct segment *segment, uint64_t offset,
    const struct batch_head *head, bool forced);
/* Where to start walking for the batch that holds seq. */
uint64_t segment_seek(const struct segment *segment, uint64_t seq);
/* Bytes from..to are no batches: damage that was written off. */
void segment_hole_add(struct segment *segment, uint64_t from, uint64_t to);
/* Where to go on when offset begins a hole; offset itself when not. */
uint64_t segment_hole_end(const struct segment *segment, uint64_t offset);
/* Forgets batches from offset on; the last before them ends with last_seq. */
void segment_cut(struct segment *segment, uint64_t offset, uint64_t last_seq,
    int64_t last_ts_ns);

#endif
