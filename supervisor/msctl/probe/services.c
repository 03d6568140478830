/* SPDX-License-Identifier: Apache-2.0 */
/* Probes of services: what each says of itself, and its figures. */
#include <stdio.h>
#include <string.h>

#include "proto/msg/bus.h"
#include "proto/msg/config.h"
#include "proto/msg/persist.h"
#include "proto/msg/pool.h"
#include "supervisor/msctl/bus_look.h"
#include "supervisor/msctl/probe/probe.h"
#include "supervisor/msctl/verbs.h"

/* A JSON array in the body of an answer. */
static struct json *
list_of(struct slice body)
{
	struct json *list = NULL;

	if (body.len)
		(void)!json_parse(body, &list, NULL);
	return list;
}

/* ---- bus -------------------------------------------------------------------- */

/* Of the slowest consumer, or of the one that is named. */
static bool
behind_of(const struct json *consumers, const char *name, double *behind_r)
{
	bool found = !name;

	*behind_r = 0;
	for (const struct json *c = json_first(consumers); c;
	     c = json_next(c)) {
		double behind = json_get_num(c, "behind", 0);

		if (name && strcmp(json_get_str(c, "name", ""), name) != 0)
			continue;
		found = true;
		if (behind > *behind_r)
			*behind_r = behind;
	}
	return found;
}

static void
warn_of_stuck(struct probe *p, const struct json *consumers)
{
	for (const struct json *c = json_first(consumers); c; c = json_next(c))
		if (json_get_num(c, "worst_deliveries", 0) >=
		    BUS_STUCK_DELIVERIES)
			nagios_say(&p->report, NAGIOS_WARNING,
			    "consumer %s is stuck, see msctl bus dlq",
			    json_get_str(c, "name", "?"));
}

static bool
judge_lag(struct probe *p, const char *consumer)
{
	struct slice body = { NULL, 0 };
	struct json *consumers;
	double behind;
	bool found;

	if (!probe_ask(p, "bus", &msg_bus_consumers, NULL, NULL, &body))
		return false;
	consumers = list_of(body);
	found = behind_of(consumers, consumer, &behind);
	if (!consumer)
		warn_of_stuck(p, consumers);
	if (found)
		probe_judge(p, "behind", behind, "");
	else
		nagios_say(&p->report, NAGIOS_WARNING,
		    "the bus has no consumer %s", consumer);
	json_free(&consumers);
	return found;
}

static void
look_bus(struct probe *p)
{
	struct bus_stats_out stats = { 0 };

	if (!probe_health(p, "bus") || !judge_lag(p, NULL) ||
	    !probe_ask(p, "bus", &msg_bus_stats, NULL, &stats, NULL))
		return;
	probe_show(p, "events_in", (double)stats.events_in, "c");
	probe_show(p, "events_out", (double)stats.events_out, "c");
	probe_show(p, "refused", (double)stats.refused_in, "c");
	probe_show(p, "last_seq", (double)stats.last_seq, "c");
	probe_show(p, "unsynced", (double)(stats.last_seq - stats.synced_seq),
	    "");
	probe_show(p, "log_bytes", (double)stats.log_bytes, "B");
	probe_show(p, "consumers", stats.consumers, "");
	nagios_say(&p->report, NAGIOS_OK,
	    "%ju events stored, the log is synced, consumers: %u",
	    (uintmax_t)stats.last_seq, stats.consumers);
}

int
do_probe_bus(struct msctl *ctl, const struct args *args)
{
	return probe_run(ctl, args,
	    &(struct probe_kind){ .name = "bus", .look = look_bus });
}

/* ---- pool ------------------------------------------------------------------- */

static void
show_pool(struct probe *p, const struct json *pool)
{
	static const struct {
		const char *key, *uom;
	} rows[] = { { "servers_active", "" }, { "servers_idle", "" },
		{ "acquired", "c" }, { "timeouts", "c" }, { "errors", "c" } };
	const char *name = json_get_str(pool, "name", "?");
	char label[NAGIOS_LABEL_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(label, sizeof(label), "%.40s_%s", name, rows[i].key);
		probe_show(p, label, json_get_num(pool, rows[i].key, 0),
		    rows[i].uom);
	}
}

static void
look_pool(struct probe *p)
{
	struct pool_status_out status = { 0 };
	struct slice body = { NULL, 0 };
	struct json *pools;
	double waiting = 0;

	if (!probe_health(p, "pool") ||
	    !probe_ask(p, "pool", &msg_pool_status, NULL, &status, &body))
		return;
	pools = list_of(body);
	for (const struct json *o = json_first(pools); o; o = json_next(o))
		waiting += json_get_num(o, "clients_waiting", 0);
	probe_judge(p, "waiting", waiting, "");
	for (const struct json *o = json_first(pools); o; o = json_next(o))
		show_pool(p, o);
	nagios_say(&p->report, NAGIOS_OK, "%u pool%s, upstreams are there",
	    status.pools, status.pools == 1 ? "" : "s");
	json_free(&pools);
}

int
do_probe_pool(struct msctl *ctl, const struct args *args)
{
	return probe_run(ctl, args,
	    &(struct probe_kind){ .name = "pool", .look = look_pool });
}

/* ---- persist ---------------------------------------------------------------- */

static bool
show_persist(struct probe *p)
{
	struct persist_stats_out stats = { 0 };

	if (!probe_ask(p, "persist", &msg_persist_stats, NULL, &stats, NULL))
		return false;
	probe_show(p, "stored", (double)stats.events_stored, "c");
	probe_show(p, "duplicates", (double)stats.duplicates, "c");
	probe_show(p, "cursor", (double)stats.cursor_seq, "c");
	probe_show(p, "errors", (double)stats.database_errors, "c");
	return true;
}

static void
look_persist(struct probe *p)
{
	if (!probe_health(p, "persist"))
		return;
	if (judge_lag(p, "persist") && show_persist(p))
		nagios_say(&p->report, NAGIOS_OK,
		    "the database answers, its schema is current");
}

int
do_probe_persist(struct msctl *ctl, const struct args *args)
{
	return probe_run(ctl, args,
	    &(struct probe_kind){ .name = "persist", .look = look_persist });
}

/* ---- config ----------------------------------------------------------------- */

static void
look_config(struct probe *p)
{
	struct config_status_out status = { 0 };

	if (!probe_health(p, "config") ||
	    !probe_ask(p, "config", &msg_config_status, NULL, &status, NULL))
		return;
	probe_judge(p, "errors", status.errors, "");
	probe_show(p, "generation", (double)status.generation, "c");
	probe_show(p, "files", status.files, "");
	nagios_say(&p->report, NAGIOS_OK,
	    "generation %ju is in force, the file says the same",
	    (uintmax_t)status.generation);
}

int
do_probe_config(struct msctl *ctl, const struct args *args)
{
	return probe_run(ctl, args,
	    &(struct probe_kind){ .name = "config", .look = look_config });
}

/* ---- audit ------------------------------------------------------------------ */

/*
 * The trail as far as it goes today: events are in the bus's log (whole,
 * synced), go on into the event store, and the generation of the
 * configuration is kept.
 */
static void
look_audit(struct probe *p)
{
	if (!probe_health(p, "bus") || !probe_health(p, "persist") ||
	    !probe_health(p, "config"))
		return;
	if (judge_lag(p, "persist") && show_persist(p))
		nagios_say(&p->report, NAGIOS_OK,
		    "the bus's log is whole, the event store follows it, the "
		    "configuration's generation is kept");
}

int
do_probe_audit(struct msctl *ctl, const struct args *args)
{
	return probe_run(ctl, args,
	    &(struct probe_kind){ .name = "audit", .look = look_audit });
}
