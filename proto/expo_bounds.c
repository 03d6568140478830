/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The buckets of a segment are too many to show.  What is shown are round
 * bounds, the same for all histograms of a unit and for ever, so that they can
 * be added up over workers and time.  A narrow bucket that a bound cuts counts
 * where its middle is.
 */
#include "proto/expo_impl.h"

#define US  UINT64_C(1000)
#define MS  (1000 * US)
#define SEC (1000 * MS)

/* clang-format off */
static const struct expo_bound seconds[] = {
	{   1 * US, "1e-06", false }, {   2 * US, "2e-06", false },
	{   5 * US, "5e-06", false }, {  10 * US, "1e-05", false },
	{  20 * US, "2e-05", false }, {  50 * US, "5e-05", false },
	{ 100 * US, "0.0001", false }, { 200 * US, "0.0002", false },
	{ 500 * US, "0.0005", false }, {   1 * MS, "0.001", false },
	{   2 * MS, "0.002", false }, {   5 * MS, "0.005", false },
	{  10 * MS, "0.01", false }, {  20 * MS, "0.02", false },
	{  50 * MS, "0.05", false }, { 100 * MS, "0.1", false },
	{ 200 * MS, "0.2", false }, { 500 * MS, "0.5", false },
	{   1 * SEC, "1", true }, {   2 * SEC, "2", true },
	{   5 * SEC, "5", true }, {  10 * SEC, "10", true },
	{  60 * SEC, "60", true },
};
static const struct expo_bound bytes[] = {
	{ UINT64_C(1) << 6, "64", true },
	{ UINT64_C(1) << 8, "256", true },
	{ UINT64_C(1) << 10, "1024", true },
	{ UINT64_C(1) << 12, "4096", true },
	{ UINT64_C(1) << 14, "16384", true },
	{ UINT64_C(1) << 16, "65536", true },
	{ UINT64_C(1) << 18, "262144", true },
	{ UINT64_C(1) << 20, "1.048576e+06", false },
	{ UINT64_C(1) << 22, "4.194304e+06", false },
	{ UINT64_C(1) << 24, "1.6777216e+07", false },
	{ UINT64_C(1) << 26, "6.7108864e+07", false },
	{ UINT64_C(1) << 28, "2.68435456e+08", false },
	{ UINT64_C(1) << 30, "1.073741824e+09", false },
	{ UINT64_C(1) << 32, "4.294967296e+09", false },
	{ UINT64_C(1) << 34, "1.7179869184e+10", false },
};
static const struct expo_bound numbers[] = {
	{ 1, "1", true }, { 2, "2", true }, { 5, "5", true },
	{ 10, "10", true }, { 20, "20", true }, { 50, "50", true },
	{ 100, "100", true }, { 200, "200", true }, { 500, "500", true },
	{ 1000, "1000", true }, { 2000, "2000", true },
	{ 5000, "5000", true }, { 10000, "10000", true },
	{ 20000, "20000", true }, { 50000, "50000", true },
	{ 100000, "100000", true }, { 200000, "200000", true },
	{ 500000, "500000", true }, { 1000000, "1e+06", false },
};
static const struct expo_bound ratios[] = { /* in millionths */
	{ 1000, "0.001", false }, { 10000, "0.01", false },
	{ 20000, "0.02", false }, { 50000, "0.05", false },
	{ 100000, "0.1", false }, { 200000, "0.2", false },
	{ 300000, "0.3", false }, { 400000, "0.4", false },
	{ 500000, "0.5", false }, { 600000, "0.6", false },
	{ 700000, "0.7", false }, { 800000, "0.8", false },
	{ 900000, "0.9", false }, { 950000, "0.95", false },
	{ 990000, "0.99", false }, { 1000000, "1", true },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(seconds) <= EXPO_BOUNDS_MAX, "more bounds than room");

struct expo_bounds
expo_bounds_of(enum metric_unit unit)
{
	switch (unit) {
	case METRIC_UNIT_SECONDS:
		return (struct expo_bounds){ seconds, ARRAY_LEN(seconds) };
	case METRIC_UNIT_BYTES:
		return (struct expo_bounds){ bytes, ARRAY_LEN(bytes) };
	case METRIC_UNIT_RATIO:
		return (struct expo_bounds){ ratios, ARRAY_LEN(ratios) };
	case METRIC_UNIT_NONE:
		break;
	}
	return (struct expo_bounds){ numbers, ARRAY_LEN(numbers) };
}

/* The first bucket that is above limit, by its middle. */
static uint32_t
first_above(unsigned bits, uint64_t limit)
{
	uint32_t i = histogram_index(bits, limit);
	uint64_t lower = histogram_lower(bits, i);
	uint64_t last = histogram_upper(bits, i) - 1;

	return lower + (last - lower) / 2 <= limit ? i + 1 : i;
}

void
expo_cumulate(const struct histogram *h, struct expo_bounds bounds,
    uint64_t counts_r[static EXPO_BOUNDS_MAX])
{
	uint64_t count = 0;
	uint32_t i = 0;

	for (size_t b = 0; b < bounds.count; b++) {
		uint32_t end = h->buckets
		    ? first_above(h->bits, bounds.bound[b].limit)
		    : 0;

		while (i < end)
			count += h->buckets[i++];
		counts_r[b] = count < h->count ? count : h->count;
	}
}
