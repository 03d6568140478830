/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/figures.h"

#include <stdio.h>
#include <string.h>

#include "supervisor/msctl/table.h"

#define NS_PER_US 1000.0

const char *
print_us(double us, char out[static LOOK_TEXT_BYTES])
{
	if (us < 1000)
		snprintf(out, LOOK_TEXT_BYTES, us < 10 ? "%.1f us" : "%.0f us",
		    us);
	else if (us < 1e6)
		snprintf(out, LOOK_TEXT_BYTES, "%.1f ms", us / 1e3);
	else
		snprintf(out, LOOK_TEXT_BYTES, "%.1f s", us / 1e6);
	return out;
}

/* ---- one object per pool or queue --------------------------------------------------- */

static const char *
label_of(const struct metrics_series *series, const char *name)
{
	for (size_t i = 0; i < series->label_count; i++)
		if (strcmp(series->label_names[i], name) == 0)
			return series->label_values[i];
	return NULL;
}

/* The object of this worker and label value; made when there is none. */
static struct json *
object_of(struct json *list, const char *worker, const char *key,
    const char *value)
{
	struct json *o;

	for (o = json_first(list); o; o = json_next(o))
		if (strcmp(json_get_str(o, "worker", ""), worker) == 0 &&
		    strcmp(json_get_str(o, key, ""), value) == 0)
			return o;
	o = json_put_object(list, NULL);
	json_put_str(o, "worker", worker);
	json_put_str(o, key, value);
	return o;
}

static void
put_quantile(struct json *o, const char *prefix, const char *name,
    const struct histogram *h, double q)
{
	char key[64];

	snprintf(key, sizeof(key), "%s%s_us", prefix, name);
	json_put_num(o, key, (double)histogram_quantile(h, q) / NS_PER_US);
}

static void
put_times(struct json *o, const char *prefix, const struct histogram *h)
{
	char key[64];

	if (h->count == 0)
		return;
	snprintf(key, sizeof(key), "%smean_us", prefix);
	json_put_num(o, key, (double)h->sum / (double)h->count / NS_PER_US);
	put_quantile(o, prefix, "p50", h, .5);
	put_quantile(o, prefix, "p95", h, .95);
	put_quantile(o, prefix, "p99", h, .99);
	put_quantile(o, prefix, "max", h, 1);
}

/* How a series becomes a member. */
struct member {
	const char *series;
	const char *key;   /* of a number; of a histogram: of its count */
	const char *times; /* histogram: what goes before mean, p50, ... */
	const char *extra; /* a label whose value is appended to key */
};

static void
put_member(struct json *o, const struct member *m,
    const struct metrics_series *series)
{
	const char *extra = m->extra ? label_of(series, m->extra) : NULL;
	char key[128];

	snprintf(key, sizeof(key), "%s%s", m->key, extra ? extra : "");
	if (series->kind == METRIC_HISTOGRAM) {
		json_put_num(o, key, (double)series->histogram.count);
		put_times(o, m->times, &series->histogram);
	} else {
		json_put_num(o, key, (double)series->value);
	}
}

static const struct member *
member_find(const struct member *members, size_t n, const char *series)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(members[i].series, series) == 0)
			return &members[i];
	return NULL;
}

static struct json *
collect(const struct metrics_set *set, const char *label, const char *key,
    const struct member *members, size_t n)
{
	struct json *list = json_array();

	for (size_t i = 0; i < set->read; i++) {
		const struct metrics_source *source = &set->sources[i];

		for (size_t k = 0; k < source->snapshot.count; k++) {
			const struct metrics_series *series =
			    &source->snapshot.series[k];
			const struct member *m =
			    member_find(members, n, series->name);
			const char *value = label_of(series, label);

			if (m && value)
				put_member(object_of(list, source->name, key,
					       value),
				    m, series);
		}
	}
	return list;
}

static void
add_us(struct table *t, const struct json *o, const char *key)
{
	char text[LOOK_TEXT_BYTES];
	double us = json_get_num(o, key, -1);

	table_add(t, HUE_NONE, us < 0 ? "-" : print_us(us, text));
}

static void
add_num(struct table *t, const struct json *o, const char *key)
{
	table_addf(t, HUE_NONE, "%.0f", json_get_num(o, key, 0));
}

/* ---- pools --------------------------------------------------------------------------- */

struct json *
pool_figures_json(const struct metrics_set *set)
{
	static const struct member members[] = {
		{ "ms_pool_acquire_seconds", "acquired", "", NULL },
		{ "ms_pool_connect_seconds", "connects", "connect_", NULL },
		{ "ms_pool_transactions_total", "transactions", NULL, NULL },
		{ "ms_pool_queries_total", "queries", NULL, NULL },
		{ "ms_pool_clients", "clients", NULL, NULL },
		{ "ms_pool_clients_waiting", "waiting", NULL, NULL },
		{ "ms_pool_connections", "connections_", NULL, "state" },
		{ "ms_pool_errors_total", "errors_", NULL, "kind" },
	};

	return collect(set, "pool", "pool", members, ARRAY_LEN(members));
}

void
pool_figures_render(const struct json *pools, const struct look *look,
    struct buf *out)
{
	static const struct column columns[] = {
		{ "POOL", COLUMN_FLEXIBLE },
		{ "TAKEN", COLUMN_RIGHT },
		{ "P50", COLUMN_RIGHT },
		{ "P95", COLUMN_RIGHT },
		{ "P99", COLUMN_RIGHT },
		{ "MAX", COLUMN_RIGHT },
		{ "CONNECT", COLUMN_RIGHT },
		{ "WAITING", COLUMN_RIGHT },
		{ "TIMEOUT", COLUMN_RIGHT },
	};
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const struct json *p = json_first(pools); p; p = json_next(p)) {
		table_add(&t, HUE_NONE, json_get_str(p, "pool", "?"));
		add_num(&t, p, "acquired");
		add_us(&t, p, "p50_us");
		add_us(&t, p, "p95_us");
		add_us(&t, p, "p99_us");
		add_us(&t, p, "max_us");
		add_us(&t, p, "connect_p99_us");
		add_num(&t, p, "waiting");
		add_num(&t, p, "errors_timeout");
	}
	if (t.cell_count)
		table_print(&t, look, out);
	table_fini(&t);
}

/* ---- work queues ---------------------------------------------------------------------- */

struct json *
queue_figures_json(const struct metrics_set *set)
{
	static const struct member members[] = {
		{ "ms_workq_threads", "threads", NULL, NULL },
		{ "ms_workq_depth", "depth", NULL, NULL },
		{ "ms_workq_submitted_total", "submitted", NULL, NULL },
		{ "ms_workq_refused_total", "refused", NULL, NULL },
		{ "ms_workq_cancelled_total", "cancelled", NULL, NULL },
		{ "ms_workq_stolen_total", "stolen", NULL, NULL },
		{ "ms_workq_wait_seconds", "waited", "wait_", NULL },
		{ "ms_workq_run_seconds", "ran", "run_", NULL },
	};

	return collect(set, "pool", "queue", members, ARRAY_LEN(members));
}

void
queue_figures_render(const struct json *queues, const struct look *look,
    struct buf *out)
{
	static const struct column columns[] = {
		{ "WORKER", COLUMN_FLEXIBLE },
		{ "QUEUE", 0 },
		{ "THREADS", COLUMN_RIGHT },
		{ "DEPTH", COLUMN_RIGHT },
		{ "RUN", COLUMN_RIGHT },
		{ "REFUSED", COLUMN_RIGHT },
		{ "WAIT P50", COLUMN_RIGHT },
		{ "P99", COLUMN_RIGHT },
		{ "RUN P50", COLUMN_RIGHT },
		{ "P99", COLUMN_RIGHT },
	};
	struct table t;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (const struct json *q = json_first(queues); q; q = json_next(q)) {
		table_add(&t, HUE_NONE, json_get_str(q, "worker", "?"));
		table_add(&t, HUE_NONE, json_get_str(q, "queue", "?"));
		add_num(&t, q, "threads");
		add_num(&t, q, "depth");
		add_num(&t, q, "ran");
		if (json_get_num(q, "refused", 0) > 0)
			table_addf(&t, HUE_BAD, "%.0f",
			    json_get_num(q, "refused", 0));
		else /* the column comes with the first refusal */
			table_add(&t, HUE_NONE, "");
		add_us(&t, q, "wait_p50_us");
		add_us(&t, q, "wait_p99_us");
		add_us(&t, q, "run_p50_us");
		add_us(&t, q, "run_p99_us");
	}
	if (t.cell_count)
		table_print(&t, look, out);
	table_fini(&t);
}

/* ---- all of them ------------------------------------------------------------------------ */

static void
series_name(const struct metrics_series *series, struct buf *name)
{
	buf_reset(name);
	buf_add_str(name, series->name);
	for (size_t i = 0; i < series->label_count; i++) {
		buf_printf(name, "%s%s=", i ? "," : "{",
		    series->label_names[i]);
		json_quote(name, slice_of(series->label_values[i]));
	}
	buf_add_str(name, series->label_count ? "}" : "");
	buf_add_u8(name, '\0');
}

struct json *
figures_json(const struct metrics_set *set)
{
	struct json *root = json_object();
	struct buf name = { 0 };

	for (size_t i = 0; i < set->read; i++) {
		const struct metrics_source *source = &set->sources[i];
		struct json *of = json_put_object(root, source->name);

		if (source->err != MS_OK)
			json_put_str(of, "error", source->why.text);
		for (size_t k = 0; k < source->snapshot.count; k++) {
			const struct metrics_series *series =
			    &source->snapshot.series[k];
			struct json *h;

			series_name(series, &name);
			if (name.failed)
				continue;
			if (series->kind != METRIC_HISTOGRAM) {
				json_put_num(of, (const char *)name.ptr,
				    (double)series->value);
				continue;
			}
			h = json_put_object(of, (const char *)name.ptr);
			json_put_num(h, "count",
			    (double)series->histogram.count);
			put_times(h, "", &series->histogram);
		}
	}
	buf_fini(&name);
	return root;
}
