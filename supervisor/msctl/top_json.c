/* SPDX-License-Identifier: Apache-2.0 */
/* A frame for programs: what is not known is null. */
#include "common/mono.h"
#include "supervisor/msctl/top_rates.h"
#include "supervisor/msctl/top_view.h"

static void
put_known(struct json *object, const char *key, double value)
{
	if (value >= 0)
		json_put_num(object, key, value);
	else
		json_put_null(object, key);
}

static void
put_seconds(struct json *object, const char *key, uint64_t ns)
{
	if (ns)
		json_put_num(object, key, (double)ns / 1e9);
	else
		json_put_null(object, key);
}

static void
put_worker(struct json *list, const struct top_frame *now,
    const struct top_frame *before, const struct top_worker *w)
{
	struct worker_rates r = worker_rates(now, before, w);
	struct json *o = json_put_object(list, NULL);

	json_put_str(o, "name", w->name);
	json_put_str(o, "state", w->state);
	put_known(o, "pid", w->pid ? (double)w->pid : -1);
	put_known(o, "cpu_pct", r.cpu_pct);
	put_known(o, "memory_bytes", w->has_proc ? (double)w->rss_bytes : -1);
	json_put_num(o, "restarts", (double)w->restarts);
	json_put_num(o, "requests", (double)w->requests);
	put_known(o, "requests_per_s", r.requests);
	put_seconds(o, "request_p99_seconds", w->request_p99_ns);
	put_known(o, "uptime_ms", w->pid ? (double)w->uptime_ms : -1);
}

static void
put_bus(struct json *root, const struct top_frame *now,
    const struct top_frame *before)
{
	const struct top_bus *b = &now->bus;
	struct bus_rates r = bus_rates(now, before);
	struct json *o, *list;

	if (!b->is_there) {
		json_put_null(root, "bus");
		return;
	}
	o = json_put_object(root, "bus");
	put_known(o, "in_per_s", r.events);
	put_known(o, "in_bytes_per_s", r.bytes);
	put_known(o, "out_per_s", r.delivered);
	put_known(o, "live_per_s", r.live);
	json_put_num(o, "behind", (double)b->lag);
	json_put_num(o, "log_bytes", (double)b->log_bytes);
	json_put_num(o, "refused", (double)b->refused);
	put_seconds(o, "route_p99_seconds", b->route_p99_ns);
	list = json_put_array(o, "consumers");
	for (size_t i = 0; i < now->consumer_count; i++) {
		const struct top_consumer *c = &now->consumers[i];
		struct json *entry = json_put_object(list, NULL);

		json_put_str(entry, "name", c->name);
		json_put_num(entry, "behind", (double)c->lag);
		json_put_num(entry, "in_flight", (double)c->in_flight);
		put_known(entry, "out_per_s",
		    consumer_rates(now, before, c).delivered);
	}
}

static void
put_pool(struct json *list, const struct top_frame *now,
    const struct top_frame *before, const struct top_pool *p)
{
	struct pool_rates r = pool_rates(now, before, p);
	struct json *o = json_put_object(list, NULL);

	json_put_str(o, "name", p->name);
	json_put_num(o, "busy", (double)p->used);
	json_put_num(o, "idle", (double)p->idle);
	json_put_num(o, "other", (double)p->other);
	json_put_num(o, "clients", (double)p->clients);
	json_put_num(o, "waiting", (double)p->waiting);
	put_known(o, "acquired_per_s", r.acquired);
	put_known(o, "transactions_per_s", r.transactions);
	put_seconds(o, "acquire_p99_seconds", p->acquire_p99_ns);
	json_put_num(o, "errors", (double)p->errors);
}

static void
put_promise(struct json *list, const struct top_promise *p)
{
	struct json *o = json_put_object(list, NULL);

	json_put_str(o, "name", p->name);
	json_put_bool(o, "breached", p->breached);
	put_seconds(o, "p99_seconds", p->p99_ns);
	put_seconds(o, "threshold_seconds", p->threshold_ns);
}

struct json *
top_json(const struct top_frame *now, const struct top_frame *before)
{
	struct json *root = json_object(), *list;
	char at[RFC3339_BYTES];

	rfc3339_print(now->wall_ns, at);
	json_put_num(root, "v", 1);
	json_put_str(root, "at", at);
	json_put_bool(root, "msd", now->has_tree);
	list = json_put_array(root, "workers");
	for (size_t i = 0; i < now->worker_count; i++)
		put_worker(list, now, before, &now->workers[i]);
	put_bus(root, now, before);
	list = json_put_array(root, "pools");
	for (size_t i = 0; i < now->pool_count; i++)
		put_pool(list, now, before, &now->pools[i]);
	list = json_put_array(root, "sla");
	for (size_t i = 0; i < now->promise_count; i++)
		put_promise(list, &now->promises[i]);
	return root;
}
