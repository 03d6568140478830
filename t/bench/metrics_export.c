/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exposition of 10,000 series costs, from the segments of ten workers
 * to the last byte: 970 counters and gauges with labels and 30 histograms each.
 * Median of many rounds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/mono.h"
#include "proto/expo.h"

#define WORKERS    10
#define SERIES     1000
#define HISTOGRAMS 30
#define ROUNDS     51

static const struct metric_row histogram_row = {
	.name = "ms_bench_route_seconds",
	.help = "A time.",
	.kind = METRIC_HISTOGRAM,
	.unit = METRIC_UNIT_SECONDS,
	.labels = { "route" },
	.max_series = HISTOGRAMS,
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
count_histograms(void)
{
	char route[32];
	const char *values[] = { route };

	for (int i = 0; i < HISTOGRAMS; i++) {
		struct metric m;

		snprintf(route, sizeof(route), "route.%d", i);
		m = metrics_series(&histogram_row, values);
		for (uint64_t ns = 1000; ns < 1000000000; ns += ns / 3)
			metric_record(m, ns);
	}
}

/* 970 of about a hundred families, with two labels. */
static void
count_others(void)
{
	char names[100][64], subject[32];

	for (int i = 0; i < SERIES - HISTOGRAMS; i++) {
		struct metric_row row = { .name = names[i % 100],
			.help = "Something that is counted here, by subject.",
			.kind = i % 100 < 70 ? METRIC_COUNTER : METRIC_GAUGE,
			.labels = { "subject", "result" },
			.max_series = 64 };
		const char *values[] = { subject, i & 1 ? "ok" : "refused" };

		snprintf(names[i % 100], sizeof(names[0]),
		    "ms_bench_thing_%02d_%s", i % 100,
		    i % 100 < 70 ? "total" : "bytes");
		if (i % 100 >= 70)
			row.unit = METRIC_UNIT_BYTES;
		snprintf(subject, sizeof(subject), "agent.started.%d", i / 100);
		metric_add(metrics_series(&row, values),
		    (uint64_t)i * 7919 + 1);
	}
}

static void
make_segment(const char *dir, int worker)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/worker-%02d", dir, worker);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, METRICS_SEGMENT_BYTES) != 0)
		die(path);
	close(fd);
	if (metrics_attach(path, NULL) != MS_OK)
		die("metrics_attach");
	count_histograms();
	count_others();
	metrics_detach();
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

static double
ms_since(struct mono start)
{
	return (double)(mono_now().ns - start.ns) / 1e6;
}

/* Returns the series. */
static size_t
round_of(const char *dir, enum expo_format format, struct buf *out,
    double *read_ms, double *all_ms)
{
	struct expo_cursor at = { 0 };
	struct mono start = mono_now();
	struct expo_view view;
	struct metrics_set set;
	size_t points;

	buf_reset(out);
	if (metrics_set_read(&set, dir, NULL) != MS_OK)
		die(dir);
	*read_ms = ms_since(start);
	if (expo_view_all(&view, &set, NULL) != MS_OK)
		die("expo_view_all");
	while (expo_print(&view, format, 0, 1000, &at, out))
		;
	*all_ms = ms_since(start);
	points = view.point_count;
	if (view.left_out)
		die("left out");
	expo_view_fini(&view);
	metrics_set_fini(&set);
	return points;
}

static void
measure(const char *dir, enum expo_format format, const char *name)
{
	double read_ms[ROUNDS], all_ms[ROUNDS];
	struct buf out = { 0 };
	size_t points = 0;

	for (int i = 0; i < ROUNDS; i++)
		points = round_of(dir, format, &out, &read_ms[i], &all_ms[i]);
	printf("%s %.2f ms\n", name, median(all_ms));
	if (format == EXPO_TEXT) {
		printf("%s.read %.2f ms\n", name, median(read_ms));
		printf("%s.bytes %zu bytes\n", name, out.len);
	}
	if (points < WORKERS * SERIES)
		die("fewer series than wanted");
	buf_fini(&out);
}

int
main(void)
{
	char dir[] = "/tmp/ms-bench-export.XXXXXX", path[128];

	if (!mkdtemp(dir))
		die(dir);
	for (int w = 0; w < WORKERS; w++)
		make_segment(dir, w);
	measure(dir, EXPO_TEXT, "metrics.export.10000");
	measure(dir, EXPO_OPENMETRICS, "metrics.export.10000.openmetrics");
	for (int w = 0; w < WORKERS; w++) {
		snprintf(path, sizeof(path), "%s/worker-%02d", dir, w);
		unlink(path);
	}
	rmdir(dir);
	return 0;
}
