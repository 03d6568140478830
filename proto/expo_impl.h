/* SPDX-License-Identifier: Apache-2.0 */
/* What the expo_*.c share: names, escapes, bounds.  For these files only. */
#ifndef PROTO_EXPO_IMPL_H
#define PROTO_EXPO_IMPL_H

#include "proto/expo.h"

/* ---- expo_name.c: nothing invalid leaves ------------------------------------ */

/* "_seconds", "_bytes", "_ratio" or "" */
const char *expo_unit_suffix(enum metric_unit unit);
bool expo_ends_in(const char *text, const char *suffix);
/* The family's name of a series: letters, digits, _ and : only, its unit at the
 * end, no _total. */
void expo_base_name(const struct metrics_series *series,
    char name_r[static EXPO_NAME_BYTES]);
/* Quotes and newlines of a label's value (or of HELP, where quotes stay in
 * EXPO_TEXT); bytes that are no UTF-8 become \xNN. */
void expo_escape(struct buf *out, const char *text, bool quotes);

/* ---- expo_number.c -------------------------------------------------------------- */

/* value / 10^decimals, without zeros at the end. */
void expo_decimal(struct buf *out, bool negative, uint64_t value,
    unsigned decimals);

/* ---- expo_json.c ---------------------------------------------------------------- */

/* Without the braces. */
void expo_json_members(const struct expo_family *family,
    const struct expo_point *point, struct buf *out);

/* ---- expo_bounds.c: the buckets that are shown ------------------------------- */

#define EXPO_BOUNDS_MAX 24u
struct expo_bound {
	uint64_t limit; /* in cells */
	const char *text;
	bool whole; /* OpenMetrics wants ".0" behind it */
};
struct expo_bounds {
	const struct expo_bound *bound;
	size_t count;
};
struct expo_bounds expo_bounds_of(enum metric_unit unit);
/* How many values are not above each bound; never falling, at most count. */
void expo_cumulate(const struct histogram *h, struct expo_bounds bounds,
    uint64_t counts_r[static EXPO_BOUNDS_MAX]);

#endif
