/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gauges go up in one thread and down in another: their value is the sum over
 * all shards, and none of it may be sampled.
 */
#include "common/workq_metrics.h"

#define OF_POOL .labels = { "pool" }, .max_series = WORKQ_KINDS

static const struct metric_row rows[WORKQ_METRICS] = {
	[WORKQ_THREADS] = { .name = "ms_workq_threads",
	    .help = "Threads of the pool, idle or not.",
	    .kind = METRIC_GAUGE,
	    .flags = METRIC_EXACT,
	    OF_POOL },
	[WORKQ_DEPTH] = { .name = "ms_workq_depth",
	    .help = "Tasks that wait for a thread.",
	    .kind = METRIC_GAUGE,
	    .flags = METRIC_EXACT,
	    OF_POOL },
	[WORKQ_SUBMITTED] = { .name = "ms_workq_submitted_total",
	    .help = "Tasks taken into the queue.",
	    .kind = METRIC_COUNTER,
	    OF_POOL },
	[WORKQ_REFUSED] = { .name = "ms_workq_refused_total",
	    .help = "Tasks refused: the queue was full, or no thread to be "
		    "had.",
	    .kind = METRIC_COUNTER,
	    .flags = METRIC_EXACT,
	    OF_POOL },
	[WORKQ_CANCELLED] = { .name = "ms_workq_cancelled_total",
	    .help = "Tasks that were taken and never ran.",
	    .kind = METRIC_COUNTER,
	    .flags = METRIC_EXACT,
	    OF_POOL },
	[WORKQ_STOLEN] = { .name = "ms_workq_stolen_total",
	    .help = "Tasks an idle thread took over from a busy one.",
	    .kind = METRIC_COUNTER,
	    OF_POOL },
	[WORKQ_WAIT] = { .name = "ms_workq_wait_seconds",
	    .help = "Time from being submitted to being run.",
	    .kind = METRIC_HISTOGRAM,
	    .unit = METRIC_UNIT_SECONDS,
	    OF_POOL },
	[WORKQ_RUN] = { .name = "ms_workq_run_seconds",
	    .help = "Time a task ran on its thread.",
	    .kind = METRIC_HISTOGRAM,
	    .unit = METRIC_UNIT_SECONDS,
	    OF_POOL },
};

void
workq_metrics_declare(struct workq_metrics *m, enum workq_kind kind)
{
	const char *const values[] = { workq_kind_name(kind) };

	for (size_t i = 0; i < WORKQ_METRICS; i++)
		m->of[i] = metrics_series(&rows[i], values);
}
