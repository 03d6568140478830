/* SPDX-License-Identifier: Apache-2.0 */
/* What one pass over all segments finds: batches, taken into the segments'
 * indexes, and the places where a good one should have been. */
#ifndef WORKERS_BUS_JOURNAL_SCAN_H
#define WORKERS_BUS_JOURNAL_SCAN_H

#include "workers/bus/journal_priv.h"

#define BAD_MAX      1024u
#define TO_THE_END   UINT64_MAX
#define RECORD_ALIGN 8u

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

void scan_all(struct scan *scan);

#endif
