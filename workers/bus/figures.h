/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the broker counts and measures of itself (common/metrics.h).  The rows
 * are in figures.c.  All of it is recorded on the loop thread; a zeroed struct
 * figures counts nothing.
 */
#ifndef WORKERS_BUS_FIGURES_H
#define WORKERS_BUS_FIGURES_H

#include "common/err.h"
#include "common/metrics.h"
#include "workers/bus/flow.h"

enum figure {
	FIGURE_EVENTS,
	FIGURE_DUPLICATES,
	FIGURE_RECEIVED_BYTES,
	FIGURE_DELIVERED,
	FIGURE_DELIVERED_BYTES,
	FIGURE_LIVE_MESSAGES,
	FIGURE_LIVE_BYTES,
	FIGURE_LIVE_DROPPED,
	FIGURE_ROUTE,
	FIGURE_EVENT,
	FIGURE_FLOW,
	FIGURE_APPEND,
	FIGURE_APPEND_EVENTS,
	FIGURE_APPEND_BYTES,
	FIGURE_SYNC,
	FIGURE_LOG_BYTES,
	FIGURE_LOG_SEGMENTS,
	FIGURE_LAST_SEQ,
	FIGURE_SYNCED_SEQ,
	FIGURE_DEDUP_ENTRIES,
	FIGURE_DEDUP_WINDOW,
	FIGURE_CONSUMERS,
	FIGURE_WAITING_FETCHES,
	FIGURE_WAITING_PUBLISHES,
	FIGURE_COUNT
};

struct figures {
	struct metric of[FIGURE_COUNT];
	struct metric refused[MS_ERR_COUNT]; /* those that happened */
	struct metric flow[FLOW_FAULTS];
};

/* Of one durable consumer, what is shown of it included. */
struct consumer_figures {
	struct metric delivered, redeliveries, lag, in_flight;
	uint64_t delivered_told, redeliveries_told;
	uint64_t lag_told, in_flight_told;
};

void figures_init(struct figures *figures);
void consumer_figures_init(struct consumer_figures *figures,
    const char *consumer);
void figures_refused(struct figures *figures, enum ms_err reason);
uint64_t figures_refused_all(const struct figures *figures);
uint64_t figures_violations(const struct figures *figures);
/* bytes: of the batch, which is empty when count is 0. */
void figures_delivered(const struct figures *figures, uint64_t count,
    size_t bytes);
/* Totals of a consumer's life in this process, and how it stands now. */
void consumer_figures_show(struct consumer_figures *figures, uint64_t delivered,
    uint64_t redeliveries, uint64_t lag, uint64_t in_flight);

#endif
