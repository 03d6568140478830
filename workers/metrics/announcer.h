/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the bus what has changed.  Nothing here waits: while the bus is away a
 * bounded number of events is kept, and the oldest go first.  The connection is
 * made with the first event, so a quiet system has none.
 */
#ifndef WORKERS_METRICS_ANNOUNCER_H
#define WORKERS_METRICS_ANNOUNCER_H

#include "common/metrics.h"
#include "workers/worker.h"

#define ANNOUNCER_KEPT_MAX 64u

struct announcer;

struct announcement {            /* all borrowed */
	const char *subject;     /* "sla.breached" */
	const char *key;         /* what it is about; the partition key */
	const char *json;        /* the data */
	const char *traceparent; /* NULL: none */
};

/* sent, lost: counters */
struct announcer *announcer_new(struct worker *w, struct metric sent,
    struct metric lost);
/* What is on its way is given a moment. */
void announcer_free(struct announcer **announcer);
void announcer_say(struct announcer *announcer,
    const struct announcement *announcement);

#endif
