/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/persist/figures.h"

/* clang-format off */
static const struct metric_row rows[] = {
	[PERSIST_COMMIT] = { .name = "ms_persist_commit_seconds",
	    .kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	    .flags = METRIC_EXEMPLAR,
	    .help = "From an event's arrival at ms-persist until it is committed." },
	[PERSIST_BATCH_EVENTS] = { .name = "ms_persist_batch_events",
	    .kind = METRIC_HISTOGRAM,
	    .help = "Events in one batch." },
	[PERSIST_EVENTS] = { .name = "ms_persist_events_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Events stored: rows written to the event store." },
	[PERSIST_DUPLICATES] = { .name = "ms_persist_duplicates_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Events recognised by their id and not stored again." },
	[PERSIST_RAW] = { .name = "ms_persist_raw_events_total",
	    .kind = METRIC_COUNTER,
	    .help = "Events that PostgreSQL took only as bytes." },
	[PERSIST_BATCHES] = { .name = "ms_persist_batches_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Batches stored." },
	[PERSIST_RETRIES] = { .name = "ms_persist_retries_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Batches tried once more." },
	[PERSIST_CURSOR] = { .name = "ms_persist_cursor_sequence",
	    .kind = METRIC_GAUGE,
	    .help = "Everything up to this sequence of the bus is stored; 0 until something was." },
	[PERSIST_LAG] = { .name = "ms_persist_lag_seconds",
	    .kind = METRIC_GAUGE, .unit = METRIC_UNIT_SECONDS,
	    .help = "Age of the event stored last when it was committed." },
	[PERSIST_DATABASE_UP] = { .name = "ms_persist_database_up",
	    .kind = METRIC_GAUGE,
	    .help = "1 when the database has answered last, else 0." },
};
static const struct metric_row errors_row = {
	.name = "ms_persist_errors_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "reason" }, .max_series = MS_ERR_COUNT,
	.help = "Batches that could not be stored, by reason.",
};
/* clang-format on */
_Static_assert(ARRAY_LEN(rows) == PERSIST_FIGURES, "every figure has a row");

void
persist_figures_init(struct persist_figures *f)
{
	metrics_declare_all(rows, ARRAY_LEN(rows), f->of);
}

void
persist_figures_error(struct persist_figures *f, enum ms_err err)
{
	const char *name = ms_err_name(err);

	if (f->errors[err].offset == 0)
		f->errors[err] = metrics_series(&errors_row, &name);
	metric_add(f->errors[err], 1);
}

uint64_t
persist_figures_errors(const struct persist_figures *f)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(f->errors); i++)
		sum += metric_own(f->errors[i]);
	return sum;
}
