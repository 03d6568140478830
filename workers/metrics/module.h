/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module makes something of the numbers: it exports them, remembers them,
 * watches them.  It adds itself to the list in modules.c.
 */
#ifndef WORKERS_METRICS_MODULE_H
#define WORKERS_METRICS_MODULE_H

#include "common/buf.h"
#include "workers/metrics/metricsd.h"

/* All but name may be NULL.  self is what start() has given. */
struct module {
	const char *name;
	/* An error ends the worker: only for what an operator must mend.  What
	 * may come later (a port in use, a server away) is retried inside. */
	enum ms_err (
	    *start)(struct metricsd *d, void **self_r, struct why *why);
	/* At every tick of the sampler (sample_interval).  The sample is
	 * borrowed; sample_hold() keeps it. */
	void (*sample)(void *self, struct sample *sample);
	/* d->conf is the new one */
	void (*reload)(void *self);
	/* a few words for `msctl status`: "http 127.0.0.1:9464"; "" = none */
	void (*status)(void *self, struct buf *out);
	/* begins a check for each place that it hands numbers to */
	void (*health)(void *self, struct worker *w);
	void (*stop)(void *self);
};

extern const struct module *const metrics_modules[]; /* NULL at the end */

#endif
