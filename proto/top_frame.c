/* SPDX-License-Identifier: Apache-2.0 */
/* Picks the few numbers that are looked at first out of all that there are. */
#include "proto/top_frame.h"

#include <stdio.h>
#include <string.h>

#include "proto/contract.h"
#include "proto/msg/bus.h"

#define FRAME_ARENA_BYTES (64u << 20)

typedef const struct metrics_series series;

/* ---- series ------------------------------------------------------------------- */

static const char *
label_of(series *s, const char *name)
{
	for (size_t i = 0; i < s->label_count; i++)
		if (strcmp(s->label_names[i], name) == 0)
			return s->label_values[i];
	return "";
}

static uint64_t
value_of(series *s)
{
	if (s->kind == METRIC_HISTOGRAM)
		return s->histogram.count;
	return s->value > 0 ? (uint64_t)s->value : 0;
}

struct pile {
	uint64_t buckets[HISTOGRAM_BUCKETS_MAX];
	struct histogram h;
};

/* A consumer's fetch is answered when there is an event: its time tells how
 * quiet the bus is, not how slow. */
static bool
waits_for_events(series *s)
{
	return strcmp(label_of(s, "route"), msg_bus_fetch.verb) == 0;
}

/* All series of that name (and, when label is given, of that value). */
static void
pile_up(struct pile *pile, const struct metrics_source *source,
    const char *metric, const char *label, const char *value)
{
	pile->h = (struct histogram){ .bits = 0 };
	if (!source)
		return;
	for (size_t i = 0; i < source->snapshot.count; i++) {
		series *s = &source->snapshot.series[i];

		if (s->kind != METRIC_HISTOGRAM ||
		    strcmp(s->name, metric) != 0 || waits_for_events(s) ||
		    (label && strcmp(label_of(s, label), value) != 0))
			continue;
		if (!pile->h.buckets) {
			memset(pile->buckets, 0, sizeof(pile->buckets));
			pile->h = (struct histogram){ .bits = s->histogram.bits,
				.buckets = pile->buckets };
		}
		(void)histogram_add(&pile->h, &s->histogram);
	}
}

/* Of what came between the two; of everything when there is no before. */
static uint64_t
p99_between(const struct metrics_source *now,
    const struct metrics_source *before, const char *metric, const char *label,
    const char *value)
{
	struct pile later, earlier;

	pile_up(&later, now, metric, label, value);
	if (!later.h.buckets)
		return 0;
	pile_up(&earlier, before, metric, label, value);
	if (earlier.h.buckets)
		(void)histogram_subtract(&later.h, &earlier.h);
	return histogram_quantile(&later.h, 0.99);
}

/* ---- figures by name ------------------------------------------------------------ */

enum take {
	TAKE_SUM,
	TAKE_MAX
};

struct figure {
	const char *metric;
	const char *label, *value; /* only of this one; NULL: all */
	size_t off;                /* of a uint64_t */
	enum take take;
};

static void
take_figures(const struct figure *figures, size_t count, series *s, void *base)
{
	for (size_t i = 0; i < count; i++) {
		const struct figure *f = &figures[i];
		uint64_t *at = (uint64_t *)(void *)((char *)base + f->off);
		uint64_t value = value_of(s);

		if (strcmp(f->metric, s->name) != 0 ||
		    (f->label && strcmp(label_of(s, f->label), f->value) != 0))
			continue;
		if (f->take == TAKE_SUM)
			*at += value;
		else if (value > *at)
			*at = value;
	}
}

#define BUS(member) .off = offsetof(struct top_bus, member)
static const struct figure bus_figures[] = {
	{ "ms_bus_events_total", BUS(events) },
	{ "ms_bus_received_bytes_total", BUS(received_bytes) },
	{ "ms_bus_delivered_events_total", BUS(delivered) },
	{ "ms_bus_live_messages_total", BUS(live) },
	{ "ms_bus_refused_total", BUS(refused) },
	{ "ms_bus_log_bytes", BUS(log_bytes) },
	{ "ms_bus_last_sequence", BUS(last_seq) },
	{ "ms_bus_waiting_publishes", BUS(waiting_publishes) },
	{ "ms_bus_consumer_lag_events", BUS(lag), .take = TAKE_MAX },
};

#define CONSUMER(member) .off = offsetof(struct top_consumer, member)
static const struct figure consumer_figures[] = {
	{ "ms_bus_consumer_lag_events", CONSUMER(lag) },
	{ "ms_bus_consumer_in_flight_events", CONSUMER(in_flight) },
	{ "ms_bus_consumer_delivered_total", CONSUMER(delivered) },
	{ "ms_bus_redeliveries_total", CONSUMER(redelivered) },
};

#define POOL(member) .off = offsetof(struct top_pool, member)
static const struct figure pool_figures[] = {
	{ "ms_pool_connections", "state", "leased", POOL(used) },
	{ "ms_pool_connections", "state", "idle", POOL(idle) },
	{ "ms_pool_connections", "state", "opening", POOL(other) },
	{ "ms_pool_connections", "state", "resetting", POOL(other) },
	{ "ms_pool_connections", "state", "closing", POOL(other) },
	{ "ms_pool_clients_waiting", POOL(waiting) },
	{ "ms_pool_clients", POOL(clients) },
	{ "ms_pool_acquire_seconds", POOL(acquired) },
	{ "ms_pool_transactions_total", POOL(transactions) },
	{ "ms_pool_errors_total", POOL(errors) },
};

#define WORKER(member) .off = offsetof(struct top_worker, member)
static const struct figure worker_figures[] = {
	{ "ms_worker_requests_total", WORKER(requests) },
};

#define PROMISE(member) .off = offsetof(struct top_promise, member)
static const struct figure promise_figures[] = {
	{ "ms_sla_p99_seconds", PROMISE(p99_ns) },
	{ "ms_sla_threshold_seconds", PROMISE(threshold_ns) },
};

/* ---- things that a label names ------------------------------------------------- */

static struct top_pool *
pool_of(struct top_frame *f, const char *name)
{
	for (size_t i = 0; i < f->pool_count; i++)
		if (strcmp(f->pools[i].name, name) == 0)
			return &f->pools[i];
	if (f->pool_count == TOP_POOLS_MAX)
		return NULL;
	f->pools[f->pool_count].name = name;
	return &f->pools[f->pool_count++];
}

static struct top_consumer *
consumer_of(struct top_frame *f, const char *name)
{
	for (size_t i = 0; i < f->consumer_count; i++)
		if (strcmp(f->consumers[i].name, name) == 0)
			return &f->consumers[i];
	if (f->consumer_count == TOP_CONSUMERS_MAX)
		return NULL;
	f->consumers[f->consumer_count].name = name;
	return &f->consumers[f->consumer_count++];
}

static struct top_promise *
promise_of(struct top_frame *f, const char *name)
{
	for (size_t i = 0; i < f->promise_count; i++)
		if (strcmp(f->promises[i].name, name) == 0)
			return &f->promises[i];
	if (f->promise_count == TOP_PROMISES_MAX)
		return NULL;
	f->promises[f->promise_count].name = name;
	return &f->promises[f->promise_count++];
}

static void
take_pool(struct top_frame *f, series *s)
{
	struct top_pool *pool =
	    *label_of(s, "pool") ? pool_of(f, label_of(s, "pool")) : NULL;

	if (pool)
		take_figures(pool_figures, ARRAY_LEN(pool_figures), s, pool);
}

static void
take_bus(struct top_frame *f, series *s)
{
	const char *name = label_of(s, "consumer");
	struct top_consumer *consumer = *name ? consumer_of(f, name) : NULL;

	f->bus.is_there = true;
	take_figures(bus_figures, ARRAY_LEN(bus_figures), s, &f->bus);
	if (consumer)
		take_figures(consumer_figures, ARRAY_LEN(consumer_figures), s,
		    consumer);
}

static void
take_promise(struct top_frame *f, series *s)
{
	const char *name = label_of(s, "sla");
	struct top_promise *promise = *name ? promise_of(f, name) : NULL;

	if (!promise)
		return;
	take_figures(promise_figures, ARRAY_LEN(promise_figures), s, promise);
	if (strcmp(s->name, "ms_sla_breached") == 0)
		promise->breached = s->value > 0;
}

/* Percentiles of pools and of the bus are of the segment they are in. */
/* Who watched the promises and is gone has left its last word of them. */
static bool
is_gone(const struct tree_facts *tree, const char *name)
{
	for (size_t i = 0; tree && i < tree->count; i++)
		if (strcmp(tree->workers[i].name, name) == 0)
			return tree->workers[i].pid == 0;
	return false;
}

static void
take_source(struct top_frame *f, const struct metrics_source *now,
    const struct metrics_source *before, const struct tree_facts *tree)
{
	size_t pools = f->pool_count;
	bool had_bus = f->bus.is_there;

	for (size_t i = 0; i < now->snapshot.count; i++) {
		series *s = &now->snapshot.series[i];

		if (strncmp(s->name, "ms_bus_", 7) == 0)
			take_bus(f, s);
		else if (strncmp(s->name, "ms_pool_", 8) == 0)
			take_pool(f, s);
		else if (strncmp(s->name, "ms_sla_", 7) == 0 &&
		    !is_gone(tree, now->name))
			take_promise(f, s);
	}
	if (f->bus.is_there && !had_bus)
		f->bus.route_p99_ns = p99_between(now, before,
		    "ms_bus_route_seconds", NULL, NULL);
	for (; pools < f->pool_count; pools++)
		f->pools[pools].acquire_p99_ns = p99_between(now, before,
		    "ms_pool_acquire_seconds", "pool", f->pools[pools].name);
}

/* ---- workers ------------------------------------------------------------------- */

static void
take_numbers(struct top_worker *w, const struct metrics_source *now,
    const struct metrics_source *before)
{
	if (!now)
		return;
	for (size_t i = 0; i < now->snapshot.count; i++)
		take_figures(worker_figures, ARRAY_LEN(worker_figures),
		    &now->snapshot.series[i], w);
	if (w->requests)
		w->request_p99_ns = p99_between(now, before,
		    "ms_worker_request_seconds", NULL, NULL);
}

static void
take_told(struct top_worker *w, const struct tree_worker *t)
{
	*w = (struct top_worker){ .name = t->name,
		.wanted = t->wanted,
		.ready = t->ready,
		.pid = t->pid,
		.has_proc = t->has_proc,
		.cpu_ns = t->has_proc ? t->proc.cpu_ns : 0,
		.rss_bytes = t->has_proc ? t->proc.rss_bytes : 0,
		.restarts = t->restarts,
		.uptime_ms = t->uptime_ms };
	snprintf(w->state, sizeof(w->state), "%.11s", t->state);
}

/* msd is silent: what the last life of the worker has left. */
static void
take_left(struct top_worker *w, const struct metrics_source *source)
{
	*w = (struct top_worker){ .name = source->name,
		.wanted = true,
		.pid = source->snapshot.life.pid };
}

static enum ms_err
take_workers(struct top_frame *f, const struct metrics_set *now,
    const struct metrics_set *before, const struct tree_facts *tree)
{
	size_t room = tree ? tree->count : now->count;

	f->workers = arena_alloc(&f->arena, (room + 1) * sizeof(*f->workers));
	if (!f->workers)
		return MS_ENOMEM;
	for (size_t i = 0; i < room; i++) {
		struct top_worker *w = &f->workers[f->worker_count];

		if (!tree && strcmp(now->sources[i].name, METRICS_MSD) == 0)
			continue;
		if (tree)
			take_told(w, &tree->workers[i]);
		else
			take_left(w, &now->sources[i]);
		w->name = arena_strdup(&f->arena, w->name);
		if (!w->name)
			return MS_ENOMEM;
		take_numbers(w, metrics_set_find(now, w->name),
		    before ? metrics_set_find(before, w->name) : NULL);
		f->worker_count++;
	}
	return MS_OK;
}

/* ---- public ------------------------------------------------------------------- */

/* Names come from the numbers, which end before the frame does. */
static enum ms_err
own_names(struct top_frame *f)
{
	bool good = true;

	for (size_t i = 0; i < f->pool_count; i++)
		good &= (f->pools[i].name = arena_strdup(&f->arena,
			     f->pools[i].name)) != NULL;
	for (size_t i = 0; i < f->consumer_count; i++)
		good &= (f->consumers[i].name = arena_strdup(&f->arena,
			     f->consumers[i].name)) != NULL;
	for (size_t i = 0; i < f->promise_count; i++)
		good &= (f->promises[i].name = arena_strdup(&f->arena,
			     f->promises[i].name)) != NULL;
	return good ? MS_OK : MS_ENOMEM;
}

enum ms_err
top_frame_take(const struct metrics_set *now, const struct metrics_set *before,
    const struct tree_facts *tree, struct top_frame *f)
{
	enum ms_err err;

	*f = (struct top_frame){ .has_tree = tree != NULL };
	arena_init(&f->arena, FRAME_ARENA_BYTES);
	f->pools = arena_alloc(&f->arena, TOP_POOLS_MAX * sizeof(*f->pools));
	f->consumers =
	    arena_alloc(&f->arena, TOP_CONSUMERS_MAX * sizeof(*f->consumers));
	if (!f->pools || !f->consumers)
		return MS_ENOMEM;
	for (size_t i = 0; i < now->count; i++)
		take_source(f, &now->sources[i],
		    before ? metrics_set_find(before, now->sources[i].name)
			   : NULL,
		    tree);
	err = take_workers(f, now, before, tree);
	return err ? err : own_names(f);
}

void
top_frame_fini(struct top_frame *f)
{
	arena_fini(&f->arena);
	*f = (struct top_frame){ .wall_ns = 0 };
}

bool
top_worker_is_missing(const struct top_worker *w)
{
	return w->wanted && !w->ready && strcmp(w->state, "exited") != 0 &&
	    strcmp(w->state, "ignored") != 0;
}

const struct top_worker *
top_frame_worker(const struct top_frame *f, const char *name)
{
	for (size_t i = 0; i < f->worker_count; i++)
		if (strcmp(f->workers[i].name, name) == 0)
			return &f->workers[i];
	return NULL;
}
