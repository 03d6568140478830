/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log-linear histograms of unsigned values (durations in nanoseconds, sizes).
 * An octave is cut into 2^bits buckets of equal width, so the middle of a
 * bucket is off by at most 1/2^(bits+1) of the value: 1.6 % with 5 bits, 0.8 %
 * with 6.  Values below 2^bits have a bucket each; values from 2^36 on (69 s
 * in nanoseconds) share the last one.  Pure arithmetic; no histogram of two
 * widths may be merged.
 */
#ifndef COMMON_HISTOGRAM_H
#define COMMON_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/defs.h"

#define HISTOGRAM_BITS          5u
#define HISTOGRAM_BITS_PRECISE  6u
#define HISTOGRAM_VALUE_BITS    36u
#define HISTOGRAM_BUCKETS(bits) ((HISTOGRAM_VALUE_BITS - (bits) + 1u) << (bits))
#define HISTOGRAM_BUCKETS_MAX   HISTOGRAM_BUCKETS(HISTOGRAM_BITS_PRECISE)

static inline uint32_t
histogram_index(unsigned bits, uint64_t value)
{
	unsigned octave;

	if (value >> HISTOGRAM_VALUE_BITS)
		return HISTOGRAM_BUCKETS(bits) - 1;
	/* below 2^bits the octave is 0 and the value is its own bucket */
	octave = 63u - (unsigned)__builtin_clzll(value | (1ull << bits)) - bits;
	return (octave << bits) + (uint32_t)(value >> octave);
}

/* The values of a bucket: lower <= value < upper.  UINT64_MAX: no end. */
uint64_t histogram_lower(unsigned bits, uint32_t index);
uint64_t histogram_upper(unsigned bits, uint32_t index);

/* Counts somebody owns; nothing here allocates. */
struct histogram {
	unsigned bits;
	uint64_t *buckets; /* HISTOGRAM_BUCKETS(bits) */
	uint64_t count;    /* always the sum of the buckets */
	uint64_t sum;      /* of the values */
};

/* into += from; into -= earlier.  False: other widths, or `earlier` is not an
 * earlier state of it; nothing has changed. */
bool histogram_add(struct histogram *into, const struct histogram *from);
bool histogram_subtract(struct histogram *into,
    const struct histogram *earlier);
/* The value that q (0..1) of all are not above, by the middle of its bucket;
 * 0 when there is none. */
uint64_t histogram_quantile(const struct histogram *h, double q);

#endif
