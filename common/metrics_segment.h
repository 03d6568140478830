/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A metrics segment as bytes: what writer (metrics.c) and reader
 * (metrics_read.c) agree on, and nobody else needs.
 *
 *   page 0      header: what this is, life of the process, how much is used
 *   families    one per name; appended
 *   series      one per name and labels; appended
 *   strings     NUL-terminated; appended
 *   shards      METRICS_SHARDS areas of values, each of the same layout
 *
 * An entry is written first and counted afterwards (release), so a process
 * killed in between has begun nothing.  The magic is written last of all: a
 * file of zeros, or of no length, is one that nobody has written yet.
 * Numbers are of this machine's byte order: a segment never leaves it.
 */
#ifndef COMMON_METRICS_SEGMENT_H
#define COMMON_METRICS_SEGMENT_H

#include "common/metrics.h"

#define SEGMENT_MAGIC      0x315254454d534d00ull /* "\0MSMETR1" */
#define SEGMENT_VERSION    1u
#define SEGMENT_FAMILY_MAX 1024u

struct segment_life {
	uint32_t pid;
	uint32_t phase;
	uint64_t generation;
	uint64_t started_ns;
	uint64_t started_ticks;
	uint64_t busy_since_ns;
};

struct segment_head {
	/* what this is: the same in every segment of this version */
	uint64_t magic;
	uint32_t version;
	uint32_t head_bytes;
	uint32_t shard_count;
	uint32_t shard_bytes;
	uint32_t family_max;
	uint32_t series_max;
	uint32_t family_bytes;
	uint32_t series_bytes;
	uint32_t bits; /* of histograms: plain, precise, values */
	uint32_t crc;  /* CRC-32C of the bytes before */
	unsigned char space[80];
	/* a cache line of its own: written at every turn of the loop */
	struct segment_life life;
	unsigned char more_space[24];
	/* how much is used */
	uint32_t family_count;
	uint32_t series_count;
	uint32_t strings_used;
	uint32_t values_used;
	uint32_t shards_used; /* a bit each */
	uint32_t epoch;       /* counts processes */
};

enum segment_family_state {
	FAMILY_CURRENT = 1,
	FAMILY_RETIRED /* a later process gives the name another meaning */
};

struct segment_family {
	uint32_t name_at; /* in strings */
	uint32_t help_at;
	uint32_t label_at[METRIC_LABELS_MAX];
	uint32_t label_count;
	uint32_t max_series;
	uint16_t kind;
	uint16_t unit;
	uint32_t flags;
	uint32_t state;
	uint32_t epoch; /* of the last process that declared it */
	uint32_t space[5];
};

struct segment_series {
	uint32_t family;
	uint32_t offset; /* of its cells, in every shard */
	uint32_t value_at[METRIC_LABELS_MAX];
	uint32_t epoch;
	uint32_t space[2];
};

#define SEGMENT_PAGE          4096u
#define SEGMENT_FAMILIES_AT   SEGMENT_PAGE
#define SEGMENT_SERIES_AT     (SEGMENT_FAMILIES_AT + SEGMENT_FAMILY_MAX * 64u)
#define SEGMENT_STRINGS_AT    (SEGMENT_SERIES_AT + METRIC_SERIES_MAX * 32u)
#define SEGMENT_STRINGS_BYTES (METRICS_HEAD_BYTES - SEGMENT_STRINGS_AT)

/* The head of a shard belongs to nobody: a zeroed struct metric counts there.
 * Its first series is ms_metrics_updates_total, which every update counts. */
#define SEGMENT_VALUES_AT (8u * METRICS_UPDATES_CELL)
/* The last shard is for all threads that found no other. */
#define SEGMENT_SHARED_SHARD (METRICS_SHARDS - 1u)

/* Behind the buckets of a histogram with METRIC_EXEMPLAR, in shard 0.  An odd
 * turn: it is being written. */
struct segment_exemplar {
	uint64_t turn;
	uint64_t value;
	uint64_t wall_ns;
	uint64_t trace[3]; /* 16 bytes of trace, 8 of span */
};
#define SEGMENT_EXEMPLAR_CELLS 6u

_Static_assert(offsetof(struct segment_head, crc) == 44, "head");
_Static_assert(offsetof(struct segment_head, life) == 128, "head");
_Static_assert(sizeof(struct segment_life) == 40, "life");
_Static_assert(offsetof(struct segment_head, family_count) == 192, "head");
_Static_assert(sizeof(struct segment_head) == 216, "head");
_Static_assert(sizeof(struct segment_family) == 64, "family");
_Static_assert(sizeof(struct segment_series) == 32, "series");
_Static_assert(sizeof(struct segment_exemplar) == 8 * SEGMENT_EXEMPLAR_CELLS,
    "exemplar");
_Static_assert(METRICS_HEAD_BYTES % SEGMENT_PAGE == 0, "shards are of pages");
_Static_assert(METRICS_SHARD_BYTES % SEGMENT_PAGE == 0, "shards are of pages");
_Static_assert(SEGMENT_STRINGS_AT < METRICS_HEAD_BYTES, "room for strings");
_Static_assert(METRICS_SHARDS <= 32, "a bit each");
_Static_assert(1 + HISTOGRAM_BUCKETS(0) <= METRICS_UPDATES_CELL,
    "what a zeroed handle counts disturbs nobody");

/* A head without life or series. */
void segment_head_init(struct segment_head *head);

/* Is it ours, of this version, with counts within bounds?  MS_ECORRUPT. */
enum ms_err segment_head_check(const struct segment_head *head,
    struct why *why);
bool segment_head_is_blank(const struct segment_head *head);

/* The directory of a checked head; tables hold as many as it counts. */
struct segment_tables {
	const struct segment_head *head;
	const struct segment_family *families;
	const struct segment_series *series;
	const char *strings; /* head->strings_used bytes */
};
/* Every offset, length, name and label.  MS_ECORRUPT says which. */
enum ms_err segment_tables_check(const struct segment_tables *tables,
    struct why *why);

/* Of one series, in a shard. */
uint32_t segment_cells(const struct segment_family *family);
unsigned segment_histogram_bits(const struct segment_family *family);

/* Of rows and of directories: may it be a name? */
bool metric_name_is_valid(const char *name);

#endif
