/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers every worker has: requests by route, turns of the loop, and the
 * life block from which others see, without asking, whether it is well.  All
 * of it is done when the loop turns anyway: an idle worker is not woken.
 */
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/metrics_clock.h"
#include "proto/conf/metrics.h"
#include "proto/msg/worker.h"
#include "workers/exemplar.h"
#include "workers/worker_impl.h"

#define RESULTS_MAX 400u

static const struct metric_row requests = {
	.name = "ms_worker_requests_total",
	.help = "Requests answered, by route and result.",
	.kind = METRIC_COUNTER,
	.labels = { "route", "result" },
	.max_series = RESULTS_MAX,
};
static const struct metric_row request_seconds = {
	.name = "ms_worker_request_seconds",
	.help = "Time from taking a request up to its answer.",
	.kind = METRIC_HISTOGRAM,
	.unit = METRIC_UNIT_SECONDS,
	.flags = METRIC_EXEMPLAR,
	.labels = { "route" },
};
/* Faster ones are nobody's trouble: their trace is not looked at. */
#define TRACED_NS 100000u

enum own_metric {
	IN_SERVICE,
	TURN_SECONDS,
	BUSY_SECONDS,
	OVERHEAD_RATIO,
	SAMPLED_ONE_IN,
	UPDATE_PRICE,
	OWN_METRICS
};
static const struct metric_row own_rows[OWN_METRICS] = {
	[IN_SERVICE] = { .name = "ms_worker_requests_in_service",
	    .help = "Requests taken up and not yet answered.",
	    .kind = METRIC_GAUGE },
	[TURN_SECONDS] = { .name = "ms_worker_loop_turn_seconds",
	    .help = "Time from waking up to sleeping again.",
	    .kind = METRIC_HISTOGRAM,
	    .unit = METRIC_UNIT_SECONDS },
	[BUSY_SECONDS] = { .name = "ms_worker_loop_busy_seconds_total",
	    .help = "Time the loop did not sleep.",
	    .kind = METRIC_COUNTER,
	    .unit = METRIC_UNIT_SECONDS },
	[OVERHEAD_RATIO] = { .name = "ms_metrics_overhead_ratio",
	    .help = "Share of one processor spent on counting, of late.",
	    .kind = METRIC_GAUGE,
	    .unit = METRIC_UNIT_RATIO },
	[SAMPLED_ONE_IN] = { .name = "ms_metrics_sampled_one_in",
	    .help = "One update in so many is made, and counts for all.",
	    .kind = METRIC_GAUGE },
	[UPDATE_PRICE] = { .name = "ms_metrics_update_cost",
	    .help =
		"Picoseconds an update of a counter takes, measured at start.",
	    .kind = METRIC_GAUGE },
};

/* The route of what is no request at all, or unknown. */
#define NO_ROUTE "none"

struct route_metrics {
	const struct msg_desc *desc;
	const char *verb;
	struct metric ok;
	struct metric seconds;
};

struct worker_metrics {
	struct worker *worker;
	ev_check turn_begin;
	ev_prepare turn_end;
	struct metric own[OWN_METRICS];
	struct route_metrics *routes; /* the last one: NO_ROUTE */
	size_t route_count;
	struct overhead overhead;
};

/* ---- turns -------------------------------------------------------------------- */

static void
publish_overhead(struct worker_metrics *m)
{
	metric_set(m->own[OVERHEAD_RATIO], m->overhead.share_ppm);
	metric_set(m->own[SAMPLED_ONE_IN], m->overhead.every);
	metric_set(m->own[UPDATE_PRICE], (int64_t)m->overhead.update_ps);
}

static void
judge_overhead(struct worker_metrics *m, uint64_t now_ns)
{
	uint32_t before = m->overhead.every;

	overhead_judge(&m->overhead, metrics_updates(), now_ns);
	publish_overhead(m);
	if (m->overhead.every == before)
		return;
	metrics_sample(m->overhead.every);
	log_info("numbers are sampled", "one_in=%u share_ppm=%u",
	    m->overhead.every, m->overhead.share_ppm);
}

/* Of the highest priority: before all that is ready. */
static void
on_turn_begin(struct ev_loop *ev, ev_check *check, int events MS_UNUSED)
{
	struct worker_metrics *m =
	    container_of(check, struct worker_metrics, turn_begin);
	uint64_t now_ns = mono_now().ns;

	(void)ev;
	metrics_turn_began = now_ns;
	metrics_life_busy(now_ns);
	if (overhead_is_due(&m->overhead, now_ns))
		judge_overhead(m, now_ns);
}

/* Of the lowest priority: the loop is about to sleep, or to look. */
static void
on_turn_end(struct ev_loop *ev, ev_prepare *prepare, int events MS_UNUSED)
{
	struct worker_metrics *m =
	    container_of(prepare, struct worker_metrics, turn_end);
	uint64_t took_ns;

	(void)ev;
	metrics_life_busy(0);
	if (metrics_turn_began == 0) /* the start was no turn */
		return;
	took_ns = mono_now().ns - metrics_turn_began;
	metric_record(m->own[TURN_SECONDS], took_ns);
	metric_add(m->own[BUSY_SECONDS], took_ns);
}

static void
watch_turns(struct worker_metrics *m)
{
	struct ev_loop *ev = loop_ev(m->worker->loop);

	ev_check_init(&m->turn_begin, on_turn_begin);
	ev_set_priority(&m->turn_begin, EV_MAXPRI);
	ev_check_start(ev, &m->turn_begin);
	ev_prepare_init(&m->turn_end, on_turn_end);
	ev_set_priority(&m->turn_end, EV_MINPRI);
	ev_prepare_start(ev, &m->turn_end);
}

/* ---- beginning ------------------------------------------------------------------ */

/* A worker lives without numbers rather than not at all. */
static void
attach(void)
{
	const char *path = getenv(ENV_METRICS);
	struct why why = { "" };
	enum ms_err err;

	err = metrics_attach(path && *path ? path : NULL, &why);
	if (err)
		log_warn("nobody will see my numbers", "reason=%s",
		    LOGQ(*why.text ? why.text : ms_strerr(err)));
	else if (*why.text)
		log_warn("numbers of earlier lives are lost", "reason=%s",
		    LOGQ(why.text));
}

static void
begin_life(const struct worker *w)
{
	const char *text = getenv(ENV_GENERATION);
	uint64_t generation;

	if (!text || !parse_u64(slice_of(text), &generation))
		generation = 0;
	metrics_life_begin(generation, w->started.ns);
}

static void
declare_route(struct route_metrics *route, const struct msg_desc *desc,
    const char *verb)
{
	route->desc = desc;
	route->verb = verb;
	route->ok = metrics_series(&requests,
	    (const char *[]){ verb, ms_err_name(MS_OK) });
	route->seconds =
	    metrics_series(&request_seconds, (const char *[]){ verb });
}

static void
declare_routes(struct worker_metrics *m, const struct route *routes)
{
	size_t n = 0;

	while (routes && routes[n].desc)
		n++;
	m->route_count = n + 2;
	m->routes = xcalloc(m->route_count, sizeof(*m->routes));
	for (size_t i = 0; i < n; i++)
		declare_route(&m->routes[i], routes[i].desc,
		    routes[i].desc->verb);
	declare_route(&m->routes[n], &msg_worker_health,
	    msg_worker_health.verb);
	declare_route(&m->routes[n + 1], NULL, NO_ROUTE);
}

/* [metrics] is checked by who it belongs to. */
static struct overhead_limits
configured_limits(const struct conf *all)
{
	struct overhead_limits limits = OVERHEAD_DEFAULTS;
	struct conf_errors ignored;
	struct metrics_conf conf;
	struct arena arena;

	arena_init(&arena, 0);
	conf_errors_init(&ignored);
	conf_apply(conf_find(all, "metrics", ""), metrics_rows, &conf,
	    sizeof(conf), &arena, &ignored);
	conf_errors_fini(&ignored);
	arena_fini(&arena);
	limits.max_collection_ns = conf.max_collection_time_ms * 1000000;
	limits.batch = conf.batch_size;
	limits.sampling_ppm = conf.sampling_ppm;
	return limits;
}

static void
watch_overhead(struct worker_metrics *m, uint64_t update_ps)
{
	overhead_init(&m->overhead, configured_limits(m->worker->settings.conf),
	    update_ps, metrics_updates(), mono_now().ns);
	metrics_sample(m->overhead.every);
	publish_overhead(m);
}

void
worker_metrics_reload(struct worker *w)
{
	struct worker_metrics *m = w->metrics;

	overhead_limit(&m->overhead, configured_limits(w->settings.conf));
	metrics_sample(m->overhead.every);
	publish_overhead(m);
}

void
worker_collected(struct worker *w, size_t series, uint64_t took_ns)
{
	overhead_collected(&w->metrics->overhead, (uint32_t)series, took_ns);
}

uint32_t
worker_batch(struct worker *w)
{
	return w->metrics->overhead.batch;
}

void
worker_metrics_open(struct worker *w)
{
	const struct worker_desc *desc = w->desc;
	struct worker_metrics *m = xcalloc(1, sizeof(*m));
	uint64_t update_ps;

	w->metrics = m;
	m->worker = w;
	metrics_clock_init();
	update_ps = overhead_measure();
	attach();
	begin_life(w);
	metrics_declare_all(own_rows, OWN_METRICS, m->own);
	if (desc->routes)
		declare_routes(m, desc->routes);
	metrics_declare_all(desc->metrics, desc->metric_count,
	    desc->metric_handles);
	watch_overhead(m, update_ps);
	watch_turns(m);
}

void
worker_metrics_close(struct worker *w)
{
	struct worker_metrics *m = w->metrics;

	ev_check_stop(loop_ev(w->loop), &m->turn_begin);
	ev_prepare_stop(loop_ev(w->loop), &m->turn_end);
	free(m->routes);
	free(m);
	w->metrics = NULL;
}

/* ---- requests -------------------------------------------------------------------- */

void
worker_metrics_began(struct call *call)
{
	struct worker_metrics *m = call->worker->metrics;

	call->route = m->route_count - 1;
	call->began_ns = metrics_clock_ns();
	metric_add(m->own[IN_SERVICE], 1);
}

void
worker_metrics_routed(struct call *call, const struct msg_desc *desc)
{
	const struct worker_metrics *m = call->worker->metrics;
	size_t i = 0;

	while (i < m->route_count - 1 && m->routes[i].desc != desc)
		i++;
	call->route = i;
}

static void
record_time(const struct call *call, struct metric seconds)
{
	uint64_t took_ns = metrics_elapsed_ns(call->began_ns);
	struct traceparent trace;

	metric_record(seconds, took_ns);
	if (took_ns >= TRACED_NS && call_trace(call, &trace))
		exemplar_note(seconds, took_ns, &trace);
}

void
worker_metrics_ended(struct call *call, enum ms_err result)
{
	struct worker_metrics *m = call->worker->metrics;
	const struct route_metrics *route = &m->routes[call->route];

	metric_sub(m->own[IN_SERVICE], 1);
	record_time(call, route->seconds);
	if (result == MS_OK)
		metric_add(route->ok, 1);
	else
		metric_add(metrics_series(&requests,
			       (const char *[]){ route->verb,
				   ms_err_name(result) }),
		    1);
}
