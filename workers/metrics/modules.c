/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of modules: whoever wants to see every sample is named here, and is
 * started in this order.  And metricsd_*, which walks it.
 */
#include <stdlib.h>

#include "common/alloc.h"
#include "workers/metrics/health_monitor.h"
#include "workers/metrics/history.h"
#include "workers/metrics/http.h"
#include "workers/metrics/json_file.h"
#include "workers/metrics/module.h"
#include "workers/metrics/sla_watch.h"
#include "workers/metrics/statsd.h"

const struct module *const metrics_modules[] = {
	&http_module,
	&statsd_module,
	&json_file_module,
	&sla_watch_module,
	&health_module,
	&history_module,
	NULL,
};

static void
on_sample(void *arg, struct sample *sample)
{
	struct metricsd *d = arg;

	for (size_t i = 0; i < d->module_count; i++)
		if (metrics_modules[i]->sample)
			metrics_modules[i]->sample(d->states[i].self, sample);
}

static enum ms_err
start_modules(struct metricsd *d, struct why *why)
{
	enum ms_err err = MS_OK;

	for (size_t i = 0; !err && i < d->module_count; i++) {
		if (metrics_modules[i]->start)
			err = metrics_modules[i]->start(d, &d->states[i].self,
			    why);
		d->states[i].started = !err;
	}
	return err;
}

enum ms_err
metricsd_start(struct metricsd *d, struct why *why)
{
	enum ms_err err;

	while (metrics_modules[d->module_count])
		d->module_count++;
	d->states = xcalloc(d->module_count + 1, sizeof(*d->states));
	d->sampler = sampler_new(worker_loop(d->w), worker_run_dir(d->w),
	    &d->conf, d->own, on_sample, d);
	d->announcer = announcer_new(d->w, d->own[OWN_ANNOUNCED],
	    d->own[OWN_ANNOUNCED_LOST]);
	err = start_modules(d, why);
	if (!err) {
		sampler_start(d->sampler);
		metricsd_show_status(d);
	}
	return err;
}

void
metricsd_reload(struct metricsd *d, const struct metrics_conf *conf)
{
	d->conf = *conf;
	for (size_t i = 0; i < d->module_count; i++)
		if (metrics_modules[i]->reload)
			metrics_modules[i]->reload(d->states[i].self);
	metricsd_show_status(d);
}

void
metricsd_stop(struct metricsd *d)
{
	for (size_t i = d->module_count; i-- > 0;)
		if (d->states[i].started && metrics_modules[i]->stop)
			metrics_modules[i]->stop(d->states[i].self);
	announcer_free(&d->announcer);
	sampler_free(&d->sampler);
	free(d->states);
	d->states = NULL;
	d->module_count = 0;
}

bool
metricsd_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

void
metricsd_show_status(struct metricsd *d)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < d->module_count; i++) {
		size_t before = text.len;

		if (!metrics_modules[i]->status || !d->states[i].started)
			continue;
		if (before)
			buf_add_str(&text, ", ");
		metrics_modules[i]->status(d->states[i].self, &text);
		if (before && text.len == before + 2)
			text.len = before; /* it says nothing */
	}
	worker_status(d->w, "%.*s", (int)text.len,
	    text.ptr ? (const char *)text.ptr : "");
	buf_fini(&text);
}
