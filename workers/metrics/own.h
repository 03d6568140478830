/* SPDX-License-Identifier: Apache-2.0 */
/* What ms-metrics counts of itself. */
#ifndef WORKERS_METRICS_OWN_H
#define WORKERS_METRICS_OWN_H

#include "common/metrics.h"

enum own_metric {
	OWN_SAMPLE_SECONDS,
	OWN_SAMPLE_PIECES,
	OWN_SERIES,
	OWN_LEFT_OUT,
	OWN_SCRAPES,
	OWN_SCRAPES_REFUSED,
	OWN_SCRAPE_SECONDS,
	OWN_CONNECTIONS,
	OWN_CONNECTIONS_CUT,
	OWN_STATSD_PACKETS,
	OWN_STATSD_LOST,
	OWN_JSON_LINES,
	OWN_JSON_LOST,
	OWN_ANNOUNCED,
	OWN_ANNOUNCED_LOST,
	OWN_METRICS
};
extern const struct metric_row own_rows[OWN_METRICS];

#endif
