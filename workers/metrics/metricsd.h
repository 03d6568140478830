/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ms-metrics: looks at the numbers of all workers and hands them on.  The
 * sampler looks, the modules (modules.c) make something of it.
 */
#ifndef WORKERS_METRICS_METRICSD_H
#define WORKERS_METRICS_METRICSD_H

#include "proto/conf/metrics.h"
#include "workers/metrics/announcer.h"
#include "workers/metrics/own.h"
#include "workers/metrics/sampler.h"
#include "workers/worker.h"

struct health_monitor;

struct module_state {
	void *self;
	bool started;
};

struct metricsd {
	struct worker *w;
	struct metrics_conf conf;
	struct metric own[OWN_METRICS];
	struct sampler *sampler;
	struct announcer *announcer;   /* events of the modules */
	struct health_monitor *health; /* NULL: not there yet */
	struct module_state *states;   /* as modules[] */
	size_t module_count;
};

/* The modules in their order, the sampler last; stop in reverse. */
enum ms_err metricsd_start(struct metricsd *d, struct why *why);
void metricsd_reload(struct metricsd *d, const struct metrics_conf *conf);
void metricsd_stop(struct metricsd *d);
/* The status line is made anew, by what the modules say. */
void metricsd_show_status(struct metricsd *d);

/* Samples, and what the modules check. */
void metricsd_health(struct worker *w, const struct metricsd *d);

/* For reload: both NULL, or the same. */
bool metricsd_same_text(const char *a, const char *b);

#endif
