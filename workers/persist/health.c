/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/persist/health.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/str.h"
#include "proto/client/call.h"
#include "proto/contract.h"
#include "proto/msg/bus.h"
#include "workers/persist/intake.h"
#include "workers/persist/migration.h"
#include "workers/persist/pg.h"

#define DATABASE_BUDGET_MS 500u
#define BUS_BUDGET_MS      200u
#define BEHIND_MANY        100000u

/* ---- the database ----------------------------------------------------------- */

static enum ms_err
run_job(struct db_job *job, PGconn *conn, struct why *why)
{
	struct persist_health *h =
	    container_of(job, struct persist_health, job);
	struct migration_report report = { 0 };
	struct migration_list list;
	enum ms_err err = pg_run(conn, "SELECT 1", why);

	h->pending = UINT32_MAX; /* not known */
	h->version[0] = '\0';
	if (err)
		return err;
	if (migration_list_read(h->migrations, &list, why) == MS_OK &&
	    migrations_run(conn, &list, false, &report, why) == MS_OK) {
		h->pending = report.pending;
		snprintf(h->version, sizeof(h->version), "%s", report.version);
	}
	migration_list_fini(&list);
	buf_fini(&report.rows);
	return MS_OK;
}

static void
tell_schema(struct persist_health *h, const struct why *why)
{
	if (h->pending == UINT32_MAX)
		health_check_end(h->w, h->schema, HEALTH_FAILED,
		    "migrations cannot be compared: %.140s", why->text);
	else if (h->pending)
		health_check_end(h->w, h->schema, HEALTH_DEGRADED,
		    "%u migration%s pending; msctl db migrate up", h->pending,
		    h->pending == 1 ? " is" : "s are");
	else
		health_check_end(h->w, h->schema, HEALTH_OK,
		    "schema %s, nothing pending",
		    h->version[0] ? h->version : "none");
}

static void
on_done(struct db_job *job, enum ms_err err, const struct why *why)
{
	struct persist_health *h =
	    container_of(job, struct persist_health, job);

	h->asking = false;
	if (err) {
		health_check_end(h->w, h->database, HEALTH_FAILED, "%.180s",
		    why->text);
		health_check_end(h->w, h->schema, HEALTH_FAILED,
		    "not known without the database");
		return;
	}
	health_check_end(h->w, h->database, HEALTH_OK, "it answers");
	tell_schema(h, why);
}

static void
ask_database(struct persist_health *h)
{
	struct health_ticket database = health_check_begin(h->w, "database",
	    "PostgreSQL through the pool", DATABASE_BUDGET_MS);
	struct health_ticket schema = health_check_begin(h->w, "migrations",
	    "PostgreSQL through the pool", DATABASE_BUDGET_MS);
	char age[UNIT_TEXT_BYTES];
	enum ms_err err;

	if (h->asking) {
		health_check_end(h->w, database, HEALTH_FAILED,
		    "a question of %s ago is not answered",
		    print_duration(mono_ms_between(h->asked, mono_now()), age));
		health_check_end(h->w, schema, HEALTH_FAILED,
		    "not known without the database");
		return;
	}
	h->database = database;
	h->schema = schema;
	h->asked = mono_now();
	h->job = (struct db_job){ .run = run_job, .done = on_done };
	err = db_submit(h->db, &h->job);
	h->asking = err == MS_OK;
	if (!err)
		return;
	health_check_end(h->w, database, HEALTH_FAILED,
	    err == MS_EUNAVAILABLE
		? "it was away several times in a row and is left alone for "
		  "a moment"
		: "too many questions wait for it");
	health_check_end(h->w, schema, HEALTH_FAILED,
	    "not known without the database");
}

/* ---- the bus ------------------------------------------------------------------ */

static void
tell_lag(struct persist_health *h, const struct json *consumers)
{
	for (const struct json *c = json_first(consumers); c;
	     c = json_next(c)) {
		double behind = json_get_num(c, "behind", 0);

		if (strcmp(json_get_str(c, "name", ""), INTAKE_CONSUMER) != 0)
			continue;
		health_check_end(h->w, h->bus,
		    behind > BEHIND_MANY ? HEALTH_DEGRADED : HEALTH_OK,
		    "%.0f event%s behind the bus", behind,
		    behind == 1 ? "" : "s");
		return;
	}
	health_check_end(h->w, h->bus, HEALTH_DEGRADED,
	    "the bus does not know us yet: nothing is consumed");
}

static void
on_consumers(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	struct persist_health *h = arg;
	struct json *consumers = NULL;

	(void)out;
	h->asking_bus = false;
	if (err || json_parse(body, &consumers, NULL) != MS_OK)
		health_check_end(h->w, h->bus, HEALTH_FAILED, "%.180s",
		    err ? why->text : "its answer is not understood");
	else
		tell_lag(h, consumers);
	json_free(&consumers);
}

static void
on_hub(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev;
	(void)events;
	link_hub_dispatch(container_of(io, struct persist_health, io)->hub, 0);
}

static bool
open_link(struct persist_health *h)
{
	char address[256];

	if (h->link)
		return true;
	snprintf(address, sizeof(address), "ipc://%s/bus" SERVICE_SUFFIX,
	    worker_run_dir(h->w));
	if (link_hub_open(&h->hub) != MS_OK)
		return false;
	if (link_open(h->hub, address, &h->link) != MS_OK) {
		link_hub_close(&h->hub);
		return false;
	}
	ev_io_set(&h->io, link_hub_fd(h->hub), EV_READ);
	ev_io_start(loop_ev(worker_loop(h->w)), &h->io);
	return true;
}

static void
ask_bus(struct persist_health *h)
{
	/* patient: to ask one that is silent is the point of it */
	const struct call_options options = { .timeout_ms = BUS_BUDGET_MS,
		.patient = true };
	struct health_ticket ticket =
	    health_check_begin(h->w, "cursor", "bus", BUS_BUDGET_MS + 50);

	if (h->asking_bus) {
		health_check_end(h->w, ticket, HEALTH_FAILED,
		    "the bus has not answered the last question");
		return;
	}
	h->bus = ticket;
	h->asking_bus = open_link(h) &&
	    call_start(h->link, &msg_bus_consumers, NULL,
		(struct slice){ NULL, 0 }, &options, on_consumers, h) == MS_OK;
	if (!h->asking_bus)
		health_check_end(h->w, ticket, HEALTH_FAILED,
		    "the bus cannot be asked");
}

/* ---- life --------------------------------------------------------------------- */

void
persist_health(struct persist_health *h)
{
	ask_database(h);
	ask_bus(h);
}

void
persist_health_init(struct persist_health *h, struct worker *w, struct db *db,
    const char *migrations)
{
	*h = (struct persist_health){ .w = w,
		.db = db,
		.migrations = migrations };
	ev_io_init(&h->io, on_hub, -1, EV_READ);
}

void
persist_health_fini(struct persist_health *h)
{
	if (!h->w)
		return;
	ev_io_stop(loop_ev(worker_loop(h->w)), &h->io);
	if (h->link)
		link_close(&h->link);
	if (h->hub)
		link_hub_close(&h->hub);
}
