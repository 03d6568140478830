/* SPDX-License-Identifier: Apache-2.0 */
/* The label is `source`: `worker` is whose numbers they are, ms-log's. */
#include "workers/log/figures.h"

/* clang-format off */
static const struct metric_row files_row = {
	.name = "ms_log_files", .kind = METRIC_GAUGE,
	.flags = METRIC_EXACT,
	.help = "Workers whose output is collected.",
};
static const struct metric_row rotations_row = {
	.name = "ms_log_rotations_total", .kind = METRIC_COUNTER,
	.help = "Log files that were rotated.",
};
static const struct metric_row failures_row = {
	.name = "ms_log_write_failures_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.help = "Writes to log files that failed or were cut short.",
};
static const struct metric_row lines_row = {
	.name = "ms_log_lines_total", .kind = METRIC_COUNTER,
	.labels = { "source" },
	.help = "Lines written to log files.",
};
static const struct metric_row bytes_row = {
	.name = "ms_log_bytes_total",
	.kind = METRIC_COUNTER, .unit = METRIC_UNIT_BYTES,
	.labels = { "source" },
	.help = "Bytes written to log files, stamps included.",
};
static const struct metric_row dropped_row = {
	.name = "ms_log_dropped_lines_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "source" },
	.help = "Lines dropped: more than log_rate, or the file could not be written.",
};
/* clang-format on */

void
log_figures_init(struct log_figures *f)
{
	f->files = metrics_declare(&files_row);
	f->rotations = metrics_declare(&rotations_row);
	f->failures = metrics_declare(&failures_row);
}

void
source_figures_init(struct source_figures *f, const char *source)
{
	f->lines = metrics_series(&lines_row, &source);
	f->bytes = metrics_series(&bytes_row, &source);
	f->dropped = metrics_series(&dropped_row, &source);
}
