/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of a pool.  Declared with its first task, so a process that has
 * no work beside its loop has no series of it.
 */
#ifndef COMMON_WORKQ_METRICS_H
#define COMMON_WORKQ_METRICS_H

#include "common/metrics.h"
#include "common/workq_limits.h"

enum workq_metric {
	WORKQ_THREADS,
	WORKQ_DEPTH,
	WORKQ_SUBMITTED,
	WORKQ_REFUSED,
	WORKQ_CANCELLED,
	WORKQ_STOLEN,
	WORKQ_WAIT,
	WORKQ_RUN,
	WORKQ_METRICS
};

struct workq_metrics {
	struct metric of[WORKQ_METRICS];
};

void workq_metrics_declare(struct workq_metrics *m, enum workq_kind kind);

#endif
