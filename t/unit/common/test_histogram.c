/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/backoff.h"
#include "common/histogram.h"
#include "t/lib/unit.h"

#define MAX_VALUE ((1ull << HISTOGRAM_VALUE_BITS) - 1)

static const unsigned widths[] = { HISTOGRAM_BITS, HISTOGRAM_BITS_PRECISE };

struct fixture {
	uint64_t buckets[HISTOGRAM_BUCKETS_MAX];
	struct histogram h;
};

static void
begin(struct fixture *f, unsigned bits)
{
	memset(f, 0, sizeof(*f));
	f->h = (struct histogram){ .bits = bits, .buckets = f->buckets };
}

static void
record(struct fixture *f, uint64_t value)
{
	f->h.buckets[histogram_index(f->h.bits, value)]++;
	f->h.count++;
	f->h.sum += value;
}

START_TEST(buckets_follow_each_other_without_gap_or_overlap)
{
	for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
		unsigned bits = widths[w];
		uint32_t n = HISTOGRAM_BUCKETS(bits);

		ck_assert_uint_eq(histogram_lower(bits, 0), 0);
		for (uint32_t i = 0; i + 1 < n; i++) {
			uint64_t lower = histogram_lower(bits, i);
			uint64_t upper = histogram_upper(bits, i);

			ck_assert_uint_lt(lower, upper);
			ck_assert_uint_eq(histogram_lower(bits, i + 1), upper);
			ck_assert_uint_eq(histogram_index(bits, lower), i);
			ck_assert_uint_eq(histogram_index(bits, upper - 1), i);
		}
		ck_assert_uint_eq(histogram_upper(bits, n - 1), UINT64_MAX);
		ck_assert_uint_eq(histogram_index(bits, MAX_VALUE), n - 1);
	}
}
END_TEST

START_TEST(every_value_has_a_bucket_that_holds_it)
{
	uint64_t state = 11;

	for (int i = 0; i < 200000; i++) {
		unsigned bits = widths[i & 1];
		uint64_t value =
		    (uint64_t)dice_next(&state) << 32 | dice_next(&state);
		uint32_t index;

		value >>= dice_next(&state) % 64;
		index = histogram_index(bits, value);
		ck_assert_uint_lt(index, HISTOGRAM_BUCKETS(bits));
		ck_assert_uint_ge(value, histogram_lower(bits, index));
		ck_assert(value < histogram_upper(bits, index) ||
		    value == UINT64_MAX);
	}
}
END_TEST

START_TEST(a_quantile_is_off_by_a_sixtyfourth_or_a_hundred_and_twentyeighth)
{
	for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
		double limit = 1. / (double)(2u << widths[w]);

		for (uint64_t v = 1; v < MAX_VALUE; v += v / 7 + 1) {
			struct fixture f;
			double off;

			begin(&f, widths[w]);
			record(&f, v);
			off = (double)histogram_quantile(&f.h, 0.5) - (double)v;
			off = off < 0 ? -off : off;
			ck_assert_double_le(off / (double)v, limit);
		}
	}
}
END_TEST

START_TEST(small_values_are_exact)
{
	for (uint64_t v = 0; v < 1u << HISTOGRAM_BITS; v++) {
		struct fixture f;

		begin(&f, HISTOGRAM_BITS);
		record(&f, v);
		ck_assert_uint_eq(histogram_quantile(&f.h, 0.99), v);
	}
}
END_TEST

START_TEST(the_width_nobody_declared_stays_in_its_scratch)
{
	/* a zeroed handle records with 0 bits at the head of a shard */
	for (unsigned shift = 0; shift < 64; shift++)
		ck_assert_uint_lt(histogram_index(0, UINT64_MAX >> shift),
		    HISTOGRAM_BUCKETS(0));
	ck_assert_uint_eq(HISTOGRAM_BUCKETS(0), 37);
}
END_TEST

START_TEST(quantiles_are_of_the_rank_they_name)
{
	struct fixture f;

	begin(&f, HISTOGRAM_BITS);
	ck_assert_uint_eq(histogram_quantile(&f.h, 0.5), 0);
	for (uint64_t v = 1; v <= 20; v++)
		record(&f, v);
	ck_assert_uint_eq(histogram_quantile(&f.h, 0.), 1);
	ck_assert_uint_eq(histogram_quantile(&f.h, 0.5), 10);
	ck_assert_uint_eq(histogram_quantile(&f.h, 0.95), 19);
	ck_assert_uint_eq(histogram_quantile(&f.h, 0.96), 20);
	ck_assert_uint_eq(histogram_quantile(&f.h, 1.), 20);
	ck_assert_uint_eq(histogram_quantile(&f.h, 7.), 20);
}
END_TEST

START_TEST(what_is_too_large_counts_in_the_last_bucket)
{
	struct fixture f;

	begin(&f, HISTOGRAM_BITS);
	record(&f, UINT64_MAX);
	record(&f, MAX_VALUE + 1);
	ck_assert_uint_eq(f.buckets[HISTOGRAM_BUCKETS(HISTOGRAM_BITS) - 1], 2);
	ck_assert_uint_eq(histogram_quantile(&f.h, 1.),
	    histogram_lower(HISTOGRAM_BITS,
		HISTOGRAM_BUCKETS(HISTOGRAM_BITS) - 1));
}
END_TEST

START_TEST(merged_histograms_say_what_one_of_all_values_would)
{
	struct fixture a, b, both;
	uint64_t state = 3;

	begin(&a, HISTOGRAM_BITS_PRECISE);
	begin(&b, HISTOGRAM_BITS_PRECISE);
	begin(&both, HISTOGRAM_BITS_PRECISE);
	for (int i = 0; i < 1000; i++) {
		uint64_t value = dice_next(&state);

		record(i % 3 ? &a : &b, value);
		record(&both, value);
	}
	ck_assert(histogram_add(&a.h, &b.h));
	ck_assert_mem_eq(a.buckets, both.buckets, sizeof(a.buckets));
	ck_assert_uint_eq(a.h.count, 1000);
	ck_assert_uint_eq(a.h.sum, both.h.sum);
	ck_assert(histogram_subtract(&a.h, &b.h));
	ck_assert_uint_eq(a.h.count, both.h.count - b.h.count);
}
END_TEST

START_TEST(other_widths_and_later_states_are_refused_unchanged)
{
	struct fixture a, b, later;

	begin(&a, HISTOGRAM_BITS);
	begin(&b, HISTOGRAM_BITS_PRECISE);
	begin(&later, HISTOGRAM_BITS);
	record(&a, 5);
	record(&later, 5);
	record(&later, 6);
	ck_assert(!histogram_add(&a.h, &b.h));
	ck_assert(!histogram_subtract(&a.h, &b.h));
	ck_assert(!histogram_subtract(&a.h, &later.h));
	ck_assert_uint_eq(a.h.count, 1);
	ck_assert_uint_eq(a.buckets[5], 1);
}
END_TEST

UNIT(histogram, buckets_follow_each_other_without_gap_or_overlap,
    every_value_has_a_bucket_that_holds_it,
    a_quantile_is_off_by_a_sixtyfourth_or_a_hundred_and_twentyeighth,
    small_values_are_exact, the_width_nobody_declared_stays_in_its_scratch,
    quantiles_are_of_the_rank_they_name,
    what_is_too_large_counts_in_the_last_bucket,
    merged_histograms_say_what_one_of_all_values_would,
    other_widths_and_later_states_are_refused_unchanged)
