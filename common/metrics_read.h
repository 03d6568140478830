/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the numbers of another process (common/metrics.h), running, stopped
 * or dead.  The segment is copied by pread(), never mapped: its writer may cut
 * the file at any time.  The copy is checked before anything of it is believed.
 * Each number is whole; numbers of one snapshot are not of one instant.
 */
#ifndef COMMON_METRICS_READ_H
#define COMMON_METRICS_READ_H

#include "common/metrics.h"

struct metrics_life {
	uint32_t pid; /* 0: nobody has written yet */
	enum life_phase phase;
	uint64_t generation;
	uint64_t started_ns;    /* CLOCK_MONOTONIC */
	uint64_t started_ticks; /* of /proc/PID/stat: tells pids apart */
	uint64_t busy_since_ns; /* 0: idle */
};

/* Only the header; nothing is allocated.  MS_ENOTFOUND: no file.  MS_OK with
 * pid 0: a file nobody has written yet.  MS_ECORRUPT: no segment of ours. */
enum ms_err metrics_life_read(const char *path, struct metrics_life *life_r,
    struct why *why);

/* The same of a file that is open for reading. */
enum ms_err metrics_life_read_fd(int fd, struct metrics_life *life_r,
    struct why *why);

struct metrics_exemplar {
	uint64_t value;
	uint64_t wall_ns; /* 0: there is none */
	struct metric_trace trace;
};

/* One series, borrowed from its snapshot. */
struct metrics_series {
	const char *name;
	const char *help;
	enum metric_kind kind;
	enum metric_unit unit;
	unsigned flags;
	size_t label_count;
	const char *label_names[METRIC_LABELS_MAX];
	const char *label_values[METRIC_LABELS_MAX];
	int64_t value; /* counter (never negative), gauge */
	struct histogram histogram;
	struct metrics_exemplar exemplar;
};

struct metrics_snapshot {
	struct metrics_life life;
	size_t count;
	struct metrics_series *series; /* sorted by name, then labels */
	/* private */
	unsigned char *memory;
};

/* MS_ENOTFOUND, MS_ECORRUPT with the reason, MS_ENOMEM.  A file nobody has
 * written yet is a snapshot of no series. */
enum ms_err metrics_snapshot_read(const char *path,
    struct metrics_snapshot *snapshot_r, struct why *why);
void metrics_snapshot_fini(struct metrics_snapshot *snapshot);
/* NULL: not there. */
const struct metrics_series *
metrics_snapshot_find(const struct metrics_snapshot *snapshot, const char *name,
    const char *const *values);

#endif
