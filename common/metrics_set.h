/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of all processes: every segment of one directory, read one after
 * the other, so that a loop may breathe between two.  A segment that cannot be
 * read does not hide the others.
 */
#ifndef COMMON_METRICS_SET_H
#define COMMON_METRICS_SET_H

#include "common/metrics_read.h"

#define METRICS_SET_MAX 8192u /* segments; further ones are counted only */

struct metrics_source {
	char *name; /* of the file: the worker's */
	struct metrics_snapshot snapshot;
	int64_t created_ns; /* wall time of the segment's birth, 0: unknown */
	enum ms_err err;    /* not MS_OK: snapshot is empty */
	struct why why;
};

struct metrics_set {
	char *dir;
	struct metrics_source *sources; /* by name */
	size_t count;
	size_t read;    /* how many have been */
	size_t ignored; /* beyond METRICS_SET_MAX */
};

/* The names that are there; nothing is read yet.  A directory that is not there
 * has none (MS_ENOTFOUND). */
enum ms_err metrics_set_open(struct metrics_set *set_r, const char *dir,
    struct why *why);
/* Reads the next; false when there was none left.  *source_r (may be NULL): the
 * one that was read. */
bool metrics_set_next(struct metrics_set *set,
    const struct metrics_source **source_r);
/* open and all of next. */
enum ms_err metrics_set_read(struct metrics_set *set_r, const char *dir,
    struct why *why);
void metrics_set_fini(struct metrics_set *set);
const struct metrics_source *metrics_set_find(const struct metrics_set *set,
    const char *name);

#endif
