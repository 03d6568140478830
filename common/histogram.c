/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds, merging and quantiles of log-linear histograms.  Bucket i of octave
 * o >= 1 begins at (i - (o << bits)) << o: histogram_index() backwards.
 */
#include "common/histogram.h"

#include <math.h>

static uint32_t
last_bucket(unsigned bits)
{
	return HISTOGRAM_BUCKETS(bits) - 1;
}

uint64_t
histogram_lower(unsigned bits, uint32_t index)
{
	uint32_t octave;

	if (index > last_bucket(bits))
		return UINT64_MAX;
	if (index < 2u << bits)
		return index;
	octave = (index >> bits) - 1;
	return (uint64_t)(index - (octave << bits)) << octave;
}

uint64_t
histogram_upper(unsigned bits, uint32_t index)
{
	if (index >= last_bucket(bits))
		return UINT64_MAX;
	return histogram_lower(bits, index + 1);
}

bool
histogram_add(struct histogram *into, const struct histogram *from)
{
	uint32_t n = HISTOGRAM_BUCKETS(into->bits);

	if (into->bits != from->bits)
		return false;
	for (uint32_t i = 0; i < n; i++)
		into->buckets[i] += from->buckets[i];
	into->count += from->count;
	into->sum += from->sum;
	return true;
}

static bool
is_earlier(const struct histogram *a, const struct histogram *b)
{
	uint32_t n = HISTOGRAM_BUCKETS(b->bits);

	if (a->bits != b->bits || a->sum > b->sum)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (a->buckets[i] > b->buckets[i])
			return false;
	}
	return true;
}

bool
histogram_subtract(struct histogram *into, const struct histogram *earlier)
{
	uint32_t n = HISTOGRAM_BUCKETS(into->bits);

	if (!is_earlier(earlier, into))
		return false;
	for (uint32_t i = 0; i < n; i++)
		into->buckets[i] -= earlier->buckets[i];
	into->count -= earlier->count;
	into->sum -= earlier->sum;
	return true;
}

/* The last bucket has no middle: it says "at least this". */
static uint64_t
middle_of(unsigned bits, uint32_t index)
{
	uint64_t lower = histogram_lower(bits, index);
	uint64_t upper = histogram_upper(bits, index);

	return upper == UINT64_MAX ? lower : lower + (upper - lower) / 2;
}

/* The how-many-th value is meant; at least the first, at most the last. */
static uint64_t
rank_of(uint64_t count, double q)
{
	double rank = ceil(q * (double)count);

	if (!(rank > 1.))
		return 1;
	return rank < (double)count ? (uint64_t)rank : count;
}

uint64_t
histogram_quantile(const struct histogram *h, double q)
{
	uint32_t last = last_bucket(h->bits);
	uint64_t rank, seen = 0;

	if (h->count == 0)
		return 0;
	rank = rank_of(h->count, q);
	for (uint32_t i = 0; i <= last; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			return middle_of(h->bits, i);
	}
	return middle_of(h->bits, last);
}
