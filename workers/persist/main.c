/* SPDX-License-Identifier: Apache-2.0 */
/* ms-persist: the only writer to PostgreSQL. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/log.h"
#include "proto/conf/persist.h"
#include "proto/conf/pool.h"
#include "workers/persist/health.h"
#include "workers/persist/intake.h"
#include "workers/persist/migrate.h"
#include "workers/persist/server.h"
#include "workers/persist/store.h"

struct persistd {
	struct worker *w;
	struct persist_conf conf;
	char *conninfo;
	char *migrations;
	struct db *db;
	struct intake *intake;
	struct server server;
	struct persist_health health;
	ev_timer migrate_timer;
	struct backoff backoff;
};

/* The pool `main` as the file describes it, unless `database` is given. */
static char *
find_database(struct persistd *d)
{
	const struct conf_section *section =
	    conf_find(worker_conf(d->w), "pool", "main");
	struct pool_conf pool;
	struct conf_errors errors;
	struct arena arena;
	char *conninfo;

	if (d->conf.database != NULL)
		return xstrdup(d->conf.database);
	arena_init(&arena, 0);
	conf_errors_init(&errors);
	conf_apply(section, pool_rows, &pool, sizeof pool, &arena, &errors);
	if (pool.listen_dir != NULL)
		conninfo = xasprintf("host='%s' port=%u", pool.listen_dir,
		    pool.listen_port);
	else
		conninfo = xasprintf("host='%s/pool' port=%u",
		    worker_run_dir(d->w), pool.listen_port);
	conf_errors_fini(&errors);
	arena_fini(&arena);
	return conninfo;
}

static char *
complete_conninfo(char *base)
{
	char *whole = xasprintf("user=ms dbname=ms application_name=ms-persist "
				"connect_timeout=10 client_encoding=UTF8 %s",
	    base);

	free(base);
	return whole;
}

/* Installed as PREFIX/lib/ms/ms-persist and PREFIX/share/ms/migrations. */
static char *
find_migrations(const struct persistd *d)
{
	char path[PATH_MAX];
	ssize_t n;

	if (d->conf.migrations != NULL)
		return xstrdup(d->conf.migrations);
	n = readlink("/proc/self/exe", path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	if (strrchr(path, '/') != NULL)
		*strrchr(path, '/') = '\0';
	return xasprintf("%s/../../share/ms/migrations", path);
}

static void
go(void *arg)
{
	struct persistd *d = arg;

	intake_go(d->intake);
	if (d->conf.auto_migrate) /* the database was there just now */
		server_ask(&d->server, d->db);
}

static void
on_migrated(void *arg, enum ms_err err)
{
	struct persistd *d = arg;

	if (err == MS_OK) {
		go(d);
		return;
	}
	if (err == MS_ESHUTDOWN)
		return;
	worker_status(d->w,
	    err == MS_EUNAVAILABLE ? "database away, migrations wait"
				   : "migrations failed, see the log");
	loop_timer_start(worker_loop(d->w), &d->migrate_timer,
	    db_delay_ms(d->db, &d->backoff));
}

static void
on_migrate_timer(struct ev_loop *ev, ev_timer *timer, int what)
{
	struct persistd *d =
	    container_of(timer, struct persistd, migrate_timer);

	(void)ev;
	(void)what;
	migrate_now(d->db, d->migrations, on_migrated, d);
}

static void
do_migrate_up(void *self, struct call *call)
{
	struct persistd *d = self;

	migrate_serve(d->db, call, d->migrations, true, go, d);
}

static void
do_migrate_status(void *self, struct call *call)
{
	struct persistd *d = self;

	migrate_serve(d->db, call, d->migrations, false, NULL, NULL);
}

static void
do_stats(void *self, struct call *call)
{
	struct persistd *d = self;
	struct persist_stats_out out;

	intake_stats(d->intake, &out);
	out.max_connections = d->server.max_connections;
	server_ask(&d->server, d->db);
	call_reply(call, &out, (struct slice){ 0 });
}

static enum ms_err
start(struct worker *w, struct why *why)
{
	struct persistd *d = worker_self(w);
	enum ms_err err;

	d->w = w;
	backoff_init(&d->backoff, dice_seed());
	d->conninfo = complete_conninfo(find_database(d));
	d->migrations = find_migrations(d);
	ev_timer_init(&d->migrate_timer, on_migrate_timer, 0, 0);
	d->db =
	    db_new(worker_workq(w), d->conninfo, d->conf.retry, store_session);
	persist_health_init(&d->health, w, d->db, d->migrations);
	err = intake_open(w, &d->conf, d->db, &d->intake, why);
	if (err != MS_OK)
		return err;
	if (d->conf.auto_migrate)
		migrate_now(d->db, d->migrations, on_migrated, d);
	else
		go(d);
	return MS_OK;
}

static void
reload(struct worker *w, const void *new_conf)
{
	struct persistd *d = worker_self(w);
	const struct persist_conf *fresh = new_conf;

	d->conf.retry = fresh->retry;
	db_set_retry(d->db, fresh->retry);
}

static void
health(struct worker *w)
{
	struct persistd *d = worker_self(w);

	persist_health(&d->health);
}

static void
drain(struct worker *w)
{
	struct persistd *d = worker_self(w);

	loop_timer_stop(worker_loop(w), &d->migrate_timer);
	intake_drain(d->intake, worker_drained);
}

static void
stop(struct worker *w)
{
	struct persistd *d = worker_self(w);

	db_free(&d->db);
	persist_health_fini(&d->health);
	intake_close(&d->intake);
	free(d->conninfo);
	free(d->migrations);
}

static const struct route routes[] = {
	{ &msg_persist_migrate_up, do_migrate_up },
	{ &msg_persist_migrate_status, do_migrate_status },
	{ &msg_persist_stats, do_stats },
	ROUTE_END,
};

int
main(int argc, char **argv)
{
	struct persistd d = { 0 };

	return worker_main(argc, argv,
	    &(struct worker_desc){ .name = "persist",
		.program = "ms-persist",
		.help = "writes the bus's events into PostgreSQL",
		.self = &d,
		.section = "persist",
		.rows = persist_rows,
		.conf = &d.conf,
		.conf_bytes = sizeof d.conf,
		.routes = routes,
		.start = start,
		.reload = reload,
		.health = health,
		.drain = drain,
		.stop = stop });
}
