/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an update costs: a counter and a histogram of this process's segment,
 * and a bare counter and a bare clock beside them in the same run.  Medians of
 * rounds, so that what else runs here does not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/metrics_clock.h"
#include "common/metrics_read.h"

#define ROUNDS  31
#define UPDATES 1000000u

static const struct metric_row rows[] = {
	{ .name = "ms_bench_things_total",
	    .help = "Things.",
	    .kind = METRIC_COUNTER },
	{ .name = "ms_bench_seconds",
	    .help = "Time.",
	    .kind = METRIC_HISTOGRAM,
	    .unit = METRIC_UNIT_SECONDS },
};
static struct metric handles[ARRAY_LEN(rows)];
static volatile uint64_t bare;
static volatile uint64_t sink;
static struct metric_sampler sampler = { .every = 16 };

/* ---- what is measured: n times ---------------------------------------------------- */

static void
bare_counter(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bare = bare + 1;
}

static void
counter(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		metric_add(handles[0], 1);
}

/* Values of three octaves, as times of one thing are. */
static void
histogram(uint32_t n)
{
	uint32_t dice = 1;

	for (uint32_t i = 0; i < n; i++) {
		dice = dice * 1664525u + 1013904223u;
		metric_record(handles[1], 1000 + (dice >> 19));
	}
}

static void
bare_clock(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sink = mono_now().ns;
}

static void
cheap_clock(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sink = metrics_clock_ns();
}

static void
timer(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t began = metrics_clock_ns();

		metric_record(handles[1], metrics_elapsed_ns(began));
	}
}

static void
sampled_timer(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		metric_timer_stop(handles[1], metric_timer_start(&sampler));
}

/* ---- how -------------------------------------------------------------------------- */

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
ns_each(void (*run)(uint32_t n), uint32_t n)
{
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t began = mono_now().ns;

		run(n);
		took[i] = (double)(mono_now().ns - began) / n;
	}
	qsort(took, ROUNDS, sizeof(*took), ascending);
	return took[ROUNDS / 2];
}

static const char *segment;

static void
life_read(uint32_t n)
{
	struct metrics_life life;

	while (n-- > 0)
		(void)metrics_life_read(segment, &life, NULL);
}

static void
snapshot(uint32_t n)
{
	struct metrics_snapshot snapshot;

	while (n-- > 0) {
		(void)metrics_snapshot_read(segment, &snapshot, NULL);
		metrics_snapshot_fini(&snapshot);
	}
}

/* As many series as a busy worker has. */
static void
fill(void)
{
	struct metric_row counters = { .name = "ms_bench_routes_total",
		.help = "By route.",
		.kind = METRIC_COUNTER,
		.labels = { "route" },
		.max_series = 100 };
	struct metric_row times = { .name = "ms_bench_route_seconds",
		.help = "By route.",
		.kind = METRIC_HISTOGRAM,
		.labels = { "route" } };

	for (int i = 0; i < 75; i++) {
		char route[16];

		snprintf(route, sizeof(route), "route.%d", i);
		metric_add(metrics_series(&counters, (const char *[]){ route }),
		    1);
		if (i < 20)
			metric_record(metrics_series(&times,
					  (const char *[]){ route }),
			    1000000);
	}
}

static void
attach(char *path)
{
	struct why why = { "" };
	int fd = mkstemp(path);

	if (fd < 0 || ftruncate(fd, METRICS_SEGMENT_BYTES) != 0 ||
	    metrics_attach(path, &why))
		log_fatal(1, "no segment", "reason=%s", LOGQ(why.text));
	close(fd);
	metrics_declare_all(rows, ARRAY_LEN(rows), handles);
}

int
main(void)
{
	char path[] = "/tmp/ms-bench-metrics.XXXXXX";
	double counter_ns, histogram_ns, bare_ns, clock_ns;

	log_init("bench", false, LOG_INFO);
	attach(path);
	segment = path;
	bare_ns = ns_each(bare_counter, UPDATES);
	counter_ns = ns_each(counter, UPDATES);
	histogram_ns = ns_each(histogram, UPDATES);
	clock_ns = ns_each(bare_clock, UPDATES);
	printf("metrics.counter %.2f ns\n", counter_ns);
	printf("metrics.counter.bare %.2f ns\n", bare_ns);
	printf("metrics.counter.ratio %.2f x\n", counter_ns / bare_ns);
	printf("metrics.histogram %.2f ns\n", histogram_ns);
	printf("metrics.clock.bare %.2f ns\n", clock_ns);
	printf("metrics.clock %.2f ns\n", ns_each(cheap_clock, UPDATES));
	printf("metrics.timer %.2f ns\n", ns_each(timer, UPDATES));
	printf("metrics.timer.sampled16 %.2f ns\n",
	    ns_each(sampled_timer, UPDATES));
	/* a million a second: half counters, half histograms */
	printf("metrics.update_share %.3f pct\n",
	    (counter_ns + histogram_ns) / 2 * 1e6 / 1e9 * 100);
	printf("metrics.life_read %.2f us\n", ns_each(life_read, 100) / 1e3);
	fill();
	printf("metrics.snapshot.100 %.1f us\n", ns_each(snapshot, 20) / 1e3);
	unlink(path);
	return 0;
}
