/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/sla_watch.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/json.h"
#include "common/log.h"
#include "proto/traceparent.h"
#include "workers/metrics/sla.h"

static const struct promise {
	const char *name, *metric;
} promises[SLA_PROMISES] = {
	[SLA_ROUTING] = { "routing", "ms_bus_route_seconds" },
	[SLA_PERSISTENCE] = { "persistence", "ms_persist_commit_seconds" },
	[SLA_ACQUISITION] = { "acquisition", "ms_pool_acquire_seconds" },
	[SLA_PROCESSING] = { "processing", "ms_bus_event_seconds" },
};

/* clang-format off */
static const struct metric_row breached_row = {
	.name = "ms_sla_breached", .kind = METRIC_GAUGE,
	.labels = { "sla" }, .max_series = SLA_PROMISES,
	.help = "1 while the 99th percentile of the last minute is above its threshold.",
};
static const struct metric_row p99_row = {
	.name = "ms_sla_p99_seconds", .kind = METRIC_GAUGE,
	.unit = METRIC_UNIT_SECONDS,
	.labels = { "sla" }, .max_series = SLA_PROMISES,
	.help = "The 99th percentile of the last minute; 0: nothing measured.",
};
static const struct metric_row threshold_row = {
	.name = "ms_sla_threshold_seconds", .kind = METRIC_GAUGE,
	.unit = METRIC_UNIT_SECONDS,
	.labels = { "sla" }, .max_series = SLA_PROMISES,
	.help = "What is promised; 0: nothing.",
};
static const struct metric_row breaches_row = {
	.name = "ms_sla_breaches_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.labels = { "sla" }, .max_series = SLA_PROMISES,
	.help = "How often a promise was broken.",
};
/* clang-format on */

struct watched {
	struct sla sla;
	struct metric breached, p99, threshold, breaches;
};

struct sla_watch {
	struct metricsd *d;
	struct watched watched[SLA_PROMISES];
	uint64_t buckets[HISTOGRAM_BUCKETS_MAX]; /* of one look */
};

/* ---- looking -------------------------------------------------------------------- */

/* All series of that name: of every pool, of every worker that has one. */
static struct histogram
gather(struct sla_watch *s, const struct sample *sample, const char *metric,
    struct metrics_exemplar *worst_r)
{
	struct histogram sum = { .bits = 0 };

	*worst_r = (struct metrics_exemplar){ .value = 0 };
	memset(s->buckets, 0, sizeof(s->buckets));
	for (size_t i = 0; i < sample->numbers.count; i++) {
		const struct metrics_snapshot *snapshot =
		    &sample->numbers.sources[i].snapshot;

		for (size_t k = 0; k < snapshot->count; k++) {
			const struct metrics_series *series =
			    &snapshot->series[k];

			if (series->kind != METRIC_HISTOGRAM ||
			    strcmp(series->name, metric) != 0)
				continue;
			if (!sum.buckets)
				sum = (struct histogram){
					.bits = series->histogram.bits,
					.buckets = s->buckets
				};
			(void)histogram_add(&sum, &series->histogram);
			sla_worst(worst_r, &series->exemplar, sample->wall_ns);
		}
	}
	return sum;
}

/* ---- telling --------------------------------------------------------------------- */

static void
put_worst(struct json *data, const struct metrics_exemplar *worst,
    char traceparent_r[static TRACEPARENT_BYTES])
{
	struct traceparent tp = { .flags = TRACEPARENT_SAMPLED };
	char trace_id[TRACE_ID_TEXT_BYTES];

	traceparent_r[0] = '\0';
	if (!worst->wall_ns)
		return;
	memcpy(tp.trace_id, worst->trace.trace_id, sizeof(tp.trace_id));
	memcpy(tp.span_id, worst->trace.span_id, sizeof(tp.span_id));
	traceparent_print(&tp, traceparent_r);
	json_put_str(data, "trace_id", trace_id_print(&tp, trace_id));
	json_put_num(data, "worst_seconds", (double)worst->value / 1e9);
}

static void
announce(const struct sla_watch *s, size_t i, enum sla_change change,
    const struct metrics_exemplar *worst, struct mono now)
{
	const struct sla *sla = &s->watched[i].sla;
	struct json *data = json_object();
	struct buf text = { 0 };
	char traceparent[TRACEPARENT_BYTES];

	json_put_str(data, "sla", promises[i].name);
	json_put_str(data, "metric", promises[i].metric);
	json_put_num(data, "p99_seconds", (double)sla->p99_ns / 1e9);
	json_put_num(data, "threshold_seconds",
	    (double)sla->threshold_ns / 1e9);
	json_put_num(data, "window_seconds", SLA_WINDOW_MS / 1000);
	json_put_num(data, "count", (double)sla->count);
	if (change == SLA_RESTORED)
		json_put_num(data, "lasted_seconds",
		    (double)mono_ms_between(sla->since, now) / 1e3);
	put_worst(data, worst, traceparent);
	json_print(data, &text);
	buf_add_u8(&text, '\0');
	announcer_say(s->d->announcer,
	    &(struct announcement){ .subject = change == SLA_BREACHED
		    ? "sla.breached"
		    : "sla.restored",
		.key = promises[i].name,
		.json = (const char *)text.ptr,
		.traceparent = traceparent[0] ? traceparent : NULL });
	buf_fini(&text);
	json_free(&data);
}

static void
tell(const struct sla_watch *s, size_t i, enum sla_change change,
    const struct metrics_exemplar *worst, struct mono now)
{
	const struct sla *sla = &s->watched[i].sla;

	if (change == SLA_BREACHED)
		log_warn("a promise is broken",
		    "sla=%s p99_us=%llu threshold_us=%llu count=%llu",
		    promises[i].name, (unsigned long long)sla->p99_ns / 1000,
		    (unsigned long long)sla->threshold_ns / 1000,
		    (unsigned long long)sla->count);
	else
		log_info("a promise is kept again",
		    "sla=%s p99_us=%llu after_ms=%llu", promises[i].name,
		    (unsigned long long)sla->p99_ns / 1000,
		    (unsigned long long)mono_ms_between(sla->since, now));
	announce(s, i, change, worst, now);
}

static void
show(struct watched *w)
{
	metric_set(w->breached, w->sla.breached);
	metric_set(w->p99, (int64_t)w->sla.p99_ns);
	metric_set(w->threshold, (int64_t)w->sla.threshold_ns);
}

/* ---- the module -------------------------------------------------------------------- */

static void
on_sample(void *self, struct sample *sample)
{
	struct sla_watch *s = self;
	bool changed = false;

	for (size_t i = 0; i < SLA_PROMISES; i++) {
		struct watched *w = &s->watched[i];
		struct metrics_exemplar worst;
		struct histogram h =
		    gather(s, sample, promises[i].metric, &worst);
		enum sla_change change = sla_look(&w->sla, &h, sample->at);

		if (change == SLA_BREACHED)
			metric_add(w->breaches, 1);
		if (change != SLA_SAME)
			tell(s, i, change, &worst, sample->at);
		show(w);
		changed |= change != SLA_SAME;
	}
	if (changed)
		metricsd_show_status(s->d);
}

static enum ms_err
start(struct metricsd *d, void **self_r, struct why *why)
{
	struct sla_watch *s = xcalloc(1, sizeof(*s));

	(void)why;
	s->d = d;
	for (size_t i = 0; i < SLA_PROMISES; i++) {
		struct watched *w = &s->watched[i];
		const char *const values[] = { promises[i].name };

		sla_init(&w->sla, d->conf.sla_ns[i]);
		w->breached = metrics_series(&breached_row, values);
		w->p99 = metrics_series(&p99_row, values);
		w->threshold = metrics_series(&threshold_row, values);
		w->breaches = metrics_series(&breaches_row, values);
		show(w);
	}
	*self_r = s;
	return MS_OK;
}

static void
reload(void *self)
{
	struct sla_watch *s = self;

	for (size_t i = 0; i < SLA_PROMISES; i++)
		sla_set_threshold(&s->watched[i].sla, s->d->conf.sla_ns[i]);
}

static void
status(void *self, struct buf *out)
{
	const struct sla_watch *s = self;
	const char *before = "slower than promised: ";

	for (size_t i = 0; i < SLA_PROMISES; i++) {
		if (!s->watched[i].sla.breached)
			continue;
		buf_printf(out, "%s%s", before, promises[i].name);
		before = " ";
	}
}

static void
stop(void *self)
{
	struct sla_watch *s = self;

	for (size_t i = 0; i < SLA_PROMISES; i++)
		sla_fini(&s->watched[i].sla);
	free(s);
}

const struct module sla_watch_module = {
	.name = "sla",
	.start = start,
	.sample = on_sample,
	.reload = reload,
	.status = status,
	.stop = stop,
};
