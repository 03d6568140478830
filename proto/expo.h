/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exposition: numbers as text for other programs.  A view arranges the series
 * of many processes as families, one group each, under names that every format
 * takes; the formats print a view piece by piece.  Pure: numbers in, bytes out.
 *
 * What cannot be said without breaking the format (a name used for two kinds,
 * the same series twice) is left out and counted.
 */
#ifndef PROTO_EXPO_H
#define PROTO_EXPO_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/metrics_set.h"
#include "proto/tree_facts.h"

struct expo_cursor { /* zeroed: at the beginning */
	size_t family, point;
	bool ended;
};

/* ---- the view -------------------------------------------------------------- */

/* Series of one process, sorted by name, then labels. */
struct expo_source {
	const char
	    *worker; /* of the label; NULL: the series say it themselves */
	const struct metrics_series *series;
	size_t count;
	int64_t created_ns; /* wall time, 0: unknown */
};

struct expo_point {
	const struct metrics_series *series;
	const struct expo_source *source;
};

struct expo_family {
	const char *name; /* with its unit, a counter's without "_total" */
	const char *help;
	enum metric_kind kind;
	enum metric_unit unit;
	bool shared; /* another family has this name, ours ends in _total */
	size_t first, count; /* of points */
};

struct expo_view {
	struct arena arena; /* owns all but the series */
	struct arena extra; /* series that expo_view_all() has made */
	struct expo_source *sources;
	size_t source_count;
	struct expo_point *points;
	size_t point_count;
	struct expo_family *families; /* by name */
	size_t family_count;
	size_t left_out; /* series */
};

/* sources: copied; their series are borrowed.  MS_ENOMEM. */
enum ms_err expo_view_make(struct expo_view *view_r,
    const struct expo_source *sources, size_t count);
/* All that is known: set, the tree (NULL: msd did not answer) and what /proc
 * says of its processes.  Both are borrowed. */
enum ms_err expo_view_all(struct expo_view *view_r,
    const struct metrics_set *set, const struct tree_facts *tree);
/* Keeps the families whose name (as in EXPO_TEXT) keep() likes. */
void expo_view_filter(struct expo_view *view,
    bool (*keep)(const char *name, void *arg), void *arg);
/* Keeps what is of this worker. */
void expo_view_only(struct expo_view *view, const char *worker);
void expo_view_fini(struct expo_view *view);

/* The name as in EXPO_TEXT: a counter's ends in _total. */
#define EXPO_NAME_BYTES 192
const char *expo_family_name(const struct expo_family *family,
    char name_r[static EXPO_NAME_BYTES]);
/* Names of labels as they are printed; remembered from point to point.  Zeroed
 * at first. */
#define EXPO_LABEL_BYTES (METRIC_LABEL_BYTES_MAX + 16u)
struct expo_label_names {
	bool known, of_worker;
	enum metric_kind of_kind;
	size_t of_count;
	const char *of[METRIC_LABELS_MAX];
	size_t count;
	char name[METRIC_LABELS_MAX][EXPO_LABEL_BYTES];
};
/* The i-th label of a point, the worker's first; false: there are no more.
 * label_r is borrowed from names and point. */
struct expo_label {
	const char *name;
	const char *value;
};
bool expo_label(struct expo_label_names *names, const struct expo_point *point,
    size_t i, struct expo_label *label_r);
/* Same family name, worker and labels: -1, 0, 1 as strcmp(). */
int expo_point_compare(const struct expo_point *a, const struct expo_point *b);

/* For who walks a view in order, all of one family after the other: the same
 * point in an earlier view of the same things; NULL when it was not there. */
const struct expo_point *expo_view_follow(const struct expo_view *before,
    const struct expo_family *family, const struct expo_point *point,
    struct expo_cursor *at);

/* ---- the formats ------------------------------------------------------------ */

enum expo_format {
	EXPO_TEXT,        /* Prometheus text 0.0.4 */
	EXPO_OPENMETRICS, /* 1.0.0 */
	EXPO_JSON         /* one object a line */
};

/* The Content-Type. */
const char *expo_content_type(enum expo_format format);
/* What an Accept header asks for; NULL or nothing we know: EXPO_TEXT. */
enum expo_format expo_negotiate(const char *accept);

/* Prints up to max series more; false when all has been printed, the end mark
 * included.  wall_ns: the time that JSON lines say. */
bool expo_print(const struct expo_view *view, enum expo_format format,
    int64_t wall_ns, size_t max, struct expo_cursor *at, struct buf *out);
/* One object, as in EXPO_JSON, without newline. */
void expo_json_point(const struct expo_family *family,
    const struct expo_point *point, struct buf *out);

/* A cell in base units, exact: 1500000 of seconds is 0.0015. */
void expo_number(struct buf *out, enum metric_unit unit, int64_t value);
void expo_unsigned(struct buf *out, enum metric_unit unit, uint64_t value);

#endif
