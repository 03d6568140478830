/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/figures.h"
#include "t/lib/unit.h"

static const struct look plain = { .utf8 = true };
static uint64_t buckets[HISTOGRAM_BUCKETS(HISTOGRAM_BITS)];

/* 100 values: 90 of 1 ms, 10 of 20 ms. */
static struct histogram
times(void)
{
	memset(buckets, 0, sizeof(buckets));
	buckets[histogram_index(HISTOGRAM_BITS, 1000000)] = 90;
	buckets[histogram_index(HISTOGRAM_BITS, 20000000)] = 10;
	return (struct histogram){ .bits = HISTOGRAM_BITS,
		.buckets = buckets,
		.count = 100,
		.sum = 90 * UINT64_C(1000000) + 10 * UINT64_C(20000000) };
}

static struct metrics_series
series(const char *name, const char *label, const char *value, int64_t n)
{
	return (struct metrics_series){ .name = name,
		.kind = METRIC_COUNTER,
		.label_count = 1,
		.label_names = { label },
		.label_values = { value },
		.value = n };
}

static struct metrics_series
timed(const char *name, const char *label, const char *value)
{
	struct metrics_series s = series(name, label, value, 0);

	s.kind = METRIC_HISTOGRAM;
	s.unit = METRIC_UNIT_SECONDS;
	s.histogram = times();
	return s;
}

static void
is_text(struct buf *out, const char *text)
{
	buf_add_u8(out, '\0');
	ck_assert_str_eq((char *)out->ptr, text);
	buf_fini(out);
}

START_TEST(acquisition_times_are_told_per_pool)
{
	struct metrics_series list[] = {
		timed("ms_pool_acquire_seconds", "pool", "main"),
		series("ms_pool_clients_waiting", "pool", "main", 3),
		{ .name = "ms_pool_errors_total",
		    .kind = METRIC_COUNTER,
		    .label_count = 2,
		    .label_names = { "pool", "kind" },
		    .label_values = { "main", "timeout" },
		    .value = 7 },
		series("ms_other_total", "pool", "main", 9),
	};
	struct metrics_source source = { .name = (char[]){ "pool" },
		.snapshot = { .count = ARRAY_LEN(list), .series = list } };
	struct metrics_set set = { .sources = &source, .count = 1, .read = 1 };
	struct json *pools = pool_figures_json(&set);
	struct buf out = { 0 };

	ck_assert_uint_eq(json_count(pools), 1);
	ck_assert(json_get_num(json_first(pools), "errors_timeout", 0) == 7);
	pool_figures_render(pools, &plain, &out);
	is_text(&out,
	    "POOL  TAKEN     P50      P95      P99      MAX  CONNECT  "
	    "WAITING  TIMEOUT\n"
	    "main    100  1.0 ms  20.2 ms  20.2 ms  20.2 ms        -  "
	    "      3        7\n");
	json_free(&pools);
}
END_TEST

START_TEST(work_queues_are_told_per_worker_and_pool)
{
	struct metrics_series list[] = {
		series("ms_workq_depth", "pool", "io", 4),
		series("ms_workq_threads", "pool", "io", 2),
		timed("ms_workq_run_seconds", "pool", "io"),
		timed("ms_workq_wait_seconds", "pool", "io"),
	};
	struct metrics_source source = { .name = (char[]){ "bus" },
		.snapshot = { .count = ARRAY_LEN(list), .series = list } };
	struct metrics_set set = { .sources = &source, .count = 1, .read = 1 };
	struct json *queues = queue_figures_json(&set);
	struct buf out = { 0 };

	queue_figures_render(queues, &plain, &out);
	is_text(&out,
	    "WORKER  QUEUE  THREADS  DEPTH  RUN  WAIT P50      P99  RUN P50  "
	    "    P99\n"
	    "bus     io           2      4  100    1.0 ms  20.2 ms   1.0 ms  "
	    "20.2 ms\n");
	json_free(&queues);
}
END_TEST

START_TEST(all_figures_have_the_names_of_the_exporter)
{
	struct metrics_series list[] = {
		series("ms_x_total", "kind", "a\"b", 5),
	};
	struct metrics_source sources[] = {
		{ .name = (char[]){ "bus" },
		    .snapshot = { .count = 1, .series = list } },
		{ .name = (char[]){ "bad" },
		    .err = MS_ECORRUPT,
		    .why = { "no magic" } },
	};
	struct metrics_set set = { .sources = sources, .count = 2, .read = 2 };
	struct json *root = figures_json(&set);
	struct buf out = { 0 };

	json_print(root, &out);
	is_text(&out,
	    "{\"bus\":{\"ms_x_total{kind=\\\"a\\\\\\\"b\\\"}\":5},"
	    "\"bad\":{\"error\":\"no magic\"}}");
	json_free(&root);
}
END_TEST

START_TEST(times_are_short)
{
	char text[LOOK_TEXT_BYTES];

	ck_assert_str_eq(print_us(0.5, text), "0.5 us");
	ck_assert_str_eq(print_us(850, text), "850 us");
	ck_assert_str_eq(print_us(1200, text), "1.2 ms");
	ck_assert_str_eq(print_us(3.4e6, text), "3.4 s");
}
END_TEST

UNIT(figures, acquisition_times_are_told_per_pool,
    work_queues_are_told_per_worker_and_pool,
    all_figures_have_the_names_of_the_exporter, times_are_short)
