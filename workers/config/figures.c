/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/config/figures.h"

/* clang-format off */
static const struct metric_row generation_row = {
	.name = "ms_config_generation", .kind = METRIC_GAUGE,
	.help = "Generation of the configuration in force.",
};
static const struct metric_row keys_row = {
	.name = "ms_config_keys", .kind = METRIC_GAUGE,
	.help = "Keys of the configuration in force.",
};
static const struct metric_row errors_row = {
	.name = "ms_config_errors", .kind = METRIC_GAUGE,
	.help = "Errors of the file that was refused last; 0 when the file is in force.",
};
static const struct metric_row seconds_row = {
	.name = "ms_config_reload_seconds",
	.kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	.help = "Reading, judging and taking over a configuration.",
};
static const struct metric_row reloads_row = {
	.name = "ms_config_reloads_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "result" }, .max_series = RELOAD_RESULTS,
	.help = "Reloads, by what came of them.",
};
static const char *const results[RELOAD_RESULTS] = {
	[RELOAD_CHANGED] = "changed",
	[RELOAD_UNCHANGED] = "unchanged",
	[RELOAD_REFUSED] = "refused",
};
/* clang-format on */

void
config_figures_init(struct config_figures *f)
{
	f->generation = metrics_declare(&generation_row);
	f->keys = metrics_declare(&keys_row);
	f->errors = metrics_declare(&errors_row);
	f->reload_seconds = metrics_declare(&seconds_row);
	for (int i = 0; i < RELOAD_RESULTS; i++)
		f->reloads[i] = metrics_series(&reloads_row, &results[i]);
}
