/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed slices of bytes, and text to numbers with units. */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/defs.h"

/* Borrowed bytes; ptr may be NULL when len is 0.  Never NUL-terminated. */
struct slice {
	const char *ptr;
	size_t len;
};

#define SLICE_LIT(s) ((struct slice){ "" s, sizeof(s) - 1 })

static inline struct slice
slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

bool slice_eq(struct slice a, struct slice b);
bool slice_is(struct slice s, const char *text);
struct slice slice_trim(struct slice s); /* blanks, tabs, CR at both ends */
/* What comes behind prefix; false, and *rest_r as it was, without it. */
bool slice_skip(struct slice s, const char *prefix, struct slice *rest_r);
/* Cuts the part before the first sep off *rest; false when rest is empty.
 * Without sep the whole rest is taken. */
bool slice_cut(struct slice *rest, char sep, struct slice *part_r);

/* Whole text must match; false leaves *_r alone. */
bool parse_u64(struct slice text, uint64_t *value_r);
bool parse_i64(struct slice text, int64_t *value_r);
/* yes no true false on off */
bool parse_bool(struct slice text, bool *value_r);
/* "250ms 5s 10m 2h 1d 0 infinity" to ms; a bare number other than 0 is wrong */
bool parse_duration(struct slice text, uint64_t *ms_r);
/* "64K 512M 2G 100" to bytes, powers of 1024 */
bool parse_size(struct slice text, uint64_t *bytes_r);
/* "TERM", "SIGTERM" or "15" to a number; 0 when unknown */
int parse_signal(struct slice text);
const char *signal_name(int signo); /* "TERM", "RTMIN+1"; never NULL */

/* Shortest exact forms: "1500ms", "10s", "64K".  Return out. */
#define UNIT_TEXT_BYTES 32
char *print_duration(uint64_t ms, char out[static UNIT_TEXT_BYTES]);
char *print_size(uint64_t bytes, char out[static UNIT_TEXT_BYTES]);

/* True when every byte belongs to well-formed UTF-8 (RFC 3629). */
bool utf8_is_valid(struct slice s);

/*
 * The candidate nearest to word by edit distance, or NULL when none is near
 * enough to be a typing error.
 */
const char *suggest(struct slice word, const char *const *candidates, size_t n);

#endif
