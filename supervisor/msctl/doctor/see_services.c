/* SPDX-License-Identifier: Apache-2.0 */
/* What the services say of themselves; each has a second to do so. */
#include <string.h>

#include "proto/msg/bus.h"
#include "proto/msg/config.h"
#include "proto/msg/persist.h"
#include "proto/msg/pool.h"
#include "proto/msg/worker.h"
#include "supervisor/msctl/bus_look.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/msctl/service.h"

#define ANSWER_MS     1000u
#define SECTION_BYTES (1u << 20)

static bool
is_ready(const struct sight *s, const char *name)
{
	for (size_t i = 0; i < s->facts.worker_count; i++)
		if (strcmp(s->facts.workers[i].name, name) == 0)
			return s->facts.workers[i].is_ready;
	return false;
}

static struct process_facts *
process_find(struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->process_count; i++)
		if (strcmp(f->processes[i].name, name) == 0)
			return &f->processes[i];
	return NULL;
}

/* Only of a worker that is ready, and never again of one that was silent:
 * each would only cost the wait. */
static bool
ask(struct sight *s, const char *name, const struct msg_desc *desc, void *out_r,
    struct slice *body_r)
{
	struct process_facts *p = process_find(&s->facts, name);
	enum ms_err err;

	*body_r = (struct slice){ NULL, 0 };
	if (!p || !is_ready(s, name) || (p->is_asked && !p->answers))
		return false;
	err = service_ask_quiet(&s->hub, s->run_dir, name, desc, ANSWER_MS,
	    &s->arena, out_r, body_r);
	if (err == MS_ENOTFOUND) /* it has no service */
		return false;
	p->is_asked = true;
	p->answers =
	    err != MS_ETIMEOUT && err != MS_EUNAVAILABLE && err != MS_ECLOSED;
	return err == MS_OK;
}

static struct json *
fields_of(const struct msg_desc *desc, const void *out)
{
	struct json *object = json_object();

	fields_to_json(desc->out, out, object);
	return object;
}

static struct json *
list_of(struct slice body)
{
	struct json *list = NULL;

	if (body.len && json_parse(body, &list, NULL) != MS_OK)
		list = NULL;
	return list;
}

/* ---- versions ------------------------------------------------------------------- */

static void
see_health(struct sight *s)
{
	s->health = json_array();
	for (size_t i = 0; i < s->facts.process_count; i++) {
		struct process_facts *p = &s->facts.processes[i];
		struct worker_health_out out = { 0 };
		struct slice body;
		struct json *entry;

		if (!p->is_ours ||
		    !ask(s, p->name, &msg_worker_health, &out, &body))
			continue;
		FACT_SET(p->version, out.version);
		if (strcmp(p->name, "config") != 0) { /* the measure */
			p->conf_digest = out.conf_digest;
			p->conf_errors = out.conf_errors;
		}
		entry = fields_of(&msg_worker_health, &out);
		json_put_str(entry, "name", p->name);
		json_put(s->health, NULL, entry);
	}
}

/* ---- bus ------------------------------------------------------------------------ */

static void
see_consumer(struct bus_facts *b, const struct json *consumer,
    uint32_t max_ack_pending)
{
	const char *name = json_get_str(consumer, "name", "?");
	double again = json_get_num(consumer, "worst_deliveries", 0);

	if (again >= BUS_STUCK_DELIVERIES) {
		FACT_SET(b->stuck, name);
		b->stuck_redeliveries =
		    (uint64_t)json_get_num(consumer, "redeliveries", 0);
	}
	if (json_get_num(consumer, "in_flight", 0) >= max_ack_pending)
		FACT_SET(b->full, name);
}

static void
see_bus(struct sight *s)
{
	struct bus_facts *b = &s->facts.bus;
	struct bus_stats_out out = { 0 };
	struct slice body;

	if (!ask(s, "bus", &msg_bus_stats, &out, &body))
		return;
	s->bus = fields_of(&msg_bus_stats, &out);
	b->known = true;
	b->quarantined = out.quarantined;
	b->dedup_wanted_ms = out.dedup_wanted_ms;
	b->dedup_window_ms = out.dedup_window_ms;
	b->dedup_entries = out.dedup_entries_max;
	/* young windows are short, full ones are cut */
	b->dedup_is_cut = out.dedup_entries >= out.dedup_entries_max &&
	    out.dedup_window_ms < out.dedup_wanted_ms;
	if (!ask(s, "bus", &msg_bus_consumers, NULL, &body))
		return;
	s->consumers = list_of(body);
	for (const struct json *c = json_first(s->consumers); c;
	     c = json_next(c))
		see_consumer(b, c, out.max_ack_pending);
}

/* ---- pools, persist, config ------------------------------------------------------- */

static void
see_pool(struct sight *s, const struct json *pool)
{
	struct facts *f = &s->facts;
	struct pool_facts *p;

	if (f->pool_count == FACT_POOLS_MAX)
		return;
	p = &f->pools[f->pool_count++];
	FACT_SET(p->name, json_get_str(pool, "name", "?"));
	FACT_SET(p->last_error, json_get_str(pool, "last_error", ""));
	p->status_known = true;
	p->size = (uint64_t)json_get_num(pool, "size", 0);
	p->busy = (uint64_t)json_get_num(pool, "servers_active", 0);
	p->waiting = (uint64_t)json_get_num(pool, "clients_waiting", 0);
	p->timeouts = (uint64_t)json_get_num(pool, "timeouts", 0);
	p->errors = (uint64_t)json_get_num(pool, "errors", 0);
	p->is_database = strcmp(p->name, "main") == 0 && s->conf &&
	    !conf_entry_find(conf_find(s->conf, "persist", ""), "database");
}

static void
see_pools(struct sight *s)
{
	struct pool_status_out out = { 0 };
	struct slice body;

	if (!ask(s, "pool", &msg_pool_status, &out, &body))
		return;
	s->pools = list_of(body);
	for (const struct json *p = json_first(s->pools); p; p = json_next(p))
		see_pool(s, p);
}

static void
see_persist(struct sight *s)
{
	struct persist_stats_out out = { 0 };
	struct slice body;

	if (!ask(s, "persist", &msg_persist_stats, &out, &body))
		return;
	s->persist = fields_of(&msg_persist_stats, &out);
	s->facts.conf.max_connections = out.max_connections;
}

static void
see_config(struct sight *s)
{
	struct config_status_out out = { 0 };
	struct slice body;

	if (!ask(s, "config", &msg_config_status, &out, &body))
		return;
	s->config = fields_of(&msg_config_status, &out);
	s->facts.conf.digest = out.digest;
	s->facts.conf.refused = out.errors > 0;
	FACT_SET(s->facts.conf.refusal, out.error);
}

void
see_services(struct sight *s)
{
	if (!s->facts.msd.answers)
		return;
	see_health(s);
	see_bus(s);
	see_pools(s);
	see_persist(s);
	see_config(s);
}
