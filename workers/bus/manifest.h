/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the log knows about itself beside its segments, in a small text file
 * that is replaced whole: how far it was synced, how far it was verified,
 * which ranges were lost and written off.  Pure: text to struct and back.
 */
#ifndef WORKERS_BUS_MANIFEST_H
#define WORKERS_BUS_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

#define MANIFEST_LOST_MAX  256u
#define MANIFEST_BYTES_MAX (64u << 10)

struct lost_range {
	uint64_t first, last;
};

struct manifest {
	uint32_t log_epoch; /* of the last start */
	uint64_t last_seq;  /* sequences up to here were given away */
	uint64_t synced_seq;
	uint64_t verified_seq; /* closed segments up to here have good bodies */
	uint32_t consumers;    /* a missing CURSORS.log is an error when > 0 */
	struct lost_range lost[MANIFEST_LOST_MAX]; /* rising */
	size_t lost_count;
};

void manifest_print(const struct manifest *manifest, struct buf *out);
/* MS_ECORRUPT with the reason. */
enum ms_err manifest_parse(struct slice text, struct manifest *manifest_r,
    struct why *why);

/* Joins neighbours; when the table is full the last range grows to cover. */
void manifest_lost_add(struct manifest *manifest, uint64_t first,
    uint64_t last);
bool manifest_is_lost(const struct manifest *manifest, uint64_t first,
    uint64_t last);

#endif
