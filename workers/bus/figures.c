/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows.  Histograms count events, not requests: a batch of 200 that took
 * 1 ms to route is 200 events that took 1 ms.
 */
#include "workers/bus/figures.h"

#define CONSUMERS_SHOWN 256u /* max_consumers when not given */

/* clang-format off */
static const struct metric_row rows[] = {
	[FIGURE_EVENTS] = { .name = "ms_bus_events_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Events stored, duplicates not among them." },
	[FIGURE_DUPLICATES] = { .name = "ms_bus_duplicates_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Events recognised by their id and not stored again." },
	[FIGURE_RECEIVED_BYTES] = { .name = "ms_bus_received_bytes_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT, .unit = METRIC_UNIT_BYTES,
	    .help = "Bytes of the batches that were taken." },
	[FIGURE_DELIVERED] = { .name = "ms_bus_delivered_events_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Events handed to durable consumers and readers." },
	[FIGURE_DELIVERED_BYTES] = { .name = "ms_bus_delivered_bytes_total",
	    .kind = METRIC_COUNTER, .unit = METRIC_UNIT_BYTES,
	    .help = "Bytes handed to durable consumers and readers." },
	[FIGURE_LIVE_MESSAGES] = { .name = "ms_bus_live_messages_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Messages sent to live subscribers." },
	[FIGURE_LIVE_BYTES] = { .name = "ms_bus_live_bytes_total",
	    .kind = METRIC_COUNTER, .unit = METRIC_UNIT_BYTES,
	    .help = "Bytes sent to live subscribers." },
	[FIGURE_LIVE_DROPPED] = { .name = "ms_bus_live_dropped_total",
	    .kind = METRIC_COUNTER, .flags = METRIC_EXACT,
	    .help = "Live messages that could not be sent; subscribers see a gap." },
	[FIGURE_ROUTE] = { .name = "ms_bus_route_seconds",
	    .kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	    .flags = METRIC_EXEMPLAR,
	    .help = "From the receipt of an event until it is in the log and on its way to subscribers." },
	[FIGURE_EVENT] = { .name = "ms_bus_event_seconds",
	    .kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	    .flags = METRIC_EXEMPLAR,
	    .help = "The broker's own time for one event, from receipt to routed." },
	[FIGURE_FLOW] = { .name = "ms_bus_flow_check_seconds_total",
	    .kind = METRIC_COUNTER, .unit = METRIC_UNIT_SECONDS,
	    .flags = METRIC_EXACT,
	    .help = "Time spent on flow validation, measured in one batch of 16." },
	[FIGURE_APPEND] = { .name = "ms_bus_append_seconds",
	    .kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	    .help = "One write to the log: all that was published in a turn." },
	[FIGURE_APPEND_EVENTS] = { .name = "ms_bus_append_events",
	    .kind = METRIC_HISTOGRAM,
	    .help = "Events in one write to the log." },
	[FIGURE_APPEND_BYTES] = { .name = "ms_bus_append_bytes_total",
	    .kind = METRIC_COUNTER, .unit = METRIC_UNIT_BYTES,
	    .help = "Bytes written to the log." },
	[FIGURE_SYNC] = { .name = "ms_bus_sync_seconds",
	    .kind = METRIC_HISTOGRAM, .unit = METRIC_UNIT_SECONDS,
	    .help = "One fdatasync of the log, beside the loop." },
	[FIGURE_LOG_BYTES] = { .name = "ms_bus_log_bytes",
	    .kind = METRIC_GAUGE, .unit = METRIC_UNIT_BYTES,
	    .help = "Size of the log." },
	[FIGURE_LOG_SEGMENTS] = { .name = "ms_bus_log_segments",
	    .kind = METRIC_GAUGE,
	    .help = "Files of the log." },
	[FIGURE_LAST_SEQ] = { .name = "ms_bus_last_sequence",
	    .kind = METRIC_GAUGE,
	    .help = "Sequence of the newest event written." },
	[FIGURE_SYNCED_SEQ] = { .name = "ms_bus_synced_sequence",
	    .kind = METRIC_GAUGE,
	    .help = "Everything up to this sequence survives power loss." },
	[FIGURE_DEDUP_ENTRIES] = { .name = "ms_bus_dedup_entries",
	    .kind = METRIC_GAUGE,
	    .help = "Identities remembered to recognise duplicates." },
	[FIGURE_DEDUP_WINDOW] = { .name = "ms_bus_dedup_window_seconds",
	    .kind = METRIC_GAUGE, .unit = METRIC_UNIT_SECONDS,
	    .help = "How long identities are remembered in effect." },
	[FIGURE_CONSUMERS] = { .name = "ms_bus_consumers",
	    .kind = METRIC_GAUGE,
	    .help = "Durable consumers." },
	[FIGURE_WAITING_FETCHES] = { .name = "ms_bus_waiting_fetches",
	    .kind = METRIC_GAUGE,
	    .help = "Fetches and reads that wait for events." },
	[FIGURE_WAITING_PUBLISHES] = { .name = "ms_bus_waiting_publishes",
	    .kind = METRIC_GAUGE,
	    .help = "Batches that wait for their sync." },
};
static const struct metric_row refused_row = {
	.name = "ms_bus_refused_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT, .labels = { "reason" },
	.max_series = MS_ERR_COUNT,
	.help = "Batches refused, by the error they were answered with.",
};
static const struct metric_row flow_row = {
	.name = "ms_bus_flow_violations_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT, .labels = { "reason" },
	.max_series = FLOW_FAULTS,
	.help = "Events that do not fit the cause they name.",
};
static const struct metric_row delivered_row = {
	.name = "ms_bus_consumer_delivered_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT, .labels = { "consumer" }, .max_series = CONSUMERS_SHOWN,
	.help = "Events handed to a durable consumer, redeliveries included.",
};
static const struct metric_row redeliveries_row = {
	.name = "ms_bus_redeliveries_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT, .labels = { "consumer" }, .max_series = CONSUMERS_SHOWN,
	.help = "Events handed to a durable consumer once more.",
};
static const struct metric_row lag_row = {
	.name = "ms_bus_consumer_lag_events", .kind = METRIC_GAUGE,
	.flags = METRIC_EXACT, .labels = { "consumer" }, .max_series = CONSUMERS_SHOWN,
	.help = "Events of the log that a durable consumer has not settled.",
};
static const struct metric_row in_flight_row = {
	.name = "ms_bus_consumer_in_flight_events", .kind = METRIC_GAUGE,
	.flags = METRIC_EXACT, .labels = { "consumer" }, .max_series = CONSUMERS_SHOWN,
	.help = "Events handed to a durable consumer and not settled.",
};
/* clang-format on */
_Static_assert(ARRAY_LEN(rows) == FIGURE_COUNT, "every figure has a row");

void
figures_init(struct figures *f)
{
	metrics_declare_all(rows, ARRAY_LEN(rows), f->of);
	for (int i = FLOW_SOUND + 1; i < FLOW_FAULTS; i++) {
		const char *reason = flow_fault_name((enum flow_fault)i);

		f->flow[i] = metrics_series(&flow_row, &reason);
	}
}

uint64_t
figures_violations(const struct figures *f)
{
	uint64_t sum = 0;

	for (int i = FLOW_SOUND + 1; i < FLOW_FAULTS; i++)
		sum += metric_own(f->flow[i]);
	return sum;
}

void
consumer_figures_init(struct consumer_figures *f, const char *consumer)
{
	*f = (struct consumer_figures){
		.delivered = metrics_series(&delivered_row, &consumer),
		.redeliveries = metrics_series(&redeliveries_row, &consumer),
		.lag = metrics_series(&lag_row, &consumer),
		.in_flight = metrics_series(&in_flight_row, &consumer),
	};
}

void
figures_refused(struct figures *f, enum ms_err reason)
{
	const char *name = ms_err_name(reason);

	if (f->refused[reason].offset == 0)
		f->refused[reason] = metrics_series(&refused_row, &name);
	metric_add(f->refused[reason], 1);
}

uint64_t
figures_refused_all(const struct figures *f)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(f->refused); i++)
		sum += metric_own(f->refused[i]);
	return sum;
}

void
figures_delivered(const struct figures *f, uint64_t count, size_t bytes)
{
	if (count == 0)
		return;
	metric_add(f->of[FIGURE_DELIVERED], count);
	metric_add(f->of[FIGURE_DELIVERED_BYTES], bytes);
}

/* Several consumers may share the series "other", so gauges move. */
static void
move(struct metric gauge, uint64_t *told, uint64_t value)
{
	metric_add(gauge, value - *told);
	*told = value;
}

void
consumer_figures_show(struct consumer_figures *f, uint64_t delivered,
    uint64_t redeliveries, uint64_t lag, uint64_t in_flight)
{
	move(f->delivered, &f->delivered_told, delivered);
	move(f->redeliveries, &f->redeliveries_told, redeliveries);
	move(f->lag, &f->lag_told, lag);
	move(f->in_flight, &f->in_flight_told, in_flight);
}
