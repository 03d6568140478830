/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A migration run as a job of the database thread.  The job owns itself: a
 * caller that has gone does not stop a migration half-way.
 */
#include "workers/persist/migrate.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/msg/persist.h"
#include "workers/persist/migration.h"

struct run {
	struct db_job job;
	struct call *call; /* NULL: nobody asked, or he has gone */
	const char *dir;
	bool apply;
	struct migration_report report;
	void (*then)(void *arg);
	void (*done)(void *arg, enum ms_err err);
	void *arg;
};

static enum ms_err
run_job(struct db_job *job, PGconn *conn, struct why *why)
{
	struct run *run = container_of(job, struct run, job);
	struct migration_list list;
	enum ms_err err = migration_list_read(run->dir, &list, why);

	if (err == MS_OK)
		err =
		    migrations_run(conn, &list, run->apply, &run->report, why);
	migration_list_fini(&list);
	return err;
}

static void
answer(struct run *run, enum ms_err err, const struct why *why)
{
	struct persist_migrate_out out = { .applied = run->report.applied,
		.pending = run->report.pending,
		.schema_version = run->report.version };

	call_on_cancel(run->call, NULL);
	if (err != MS_OK)
		call_fail(run->call, err, "%s", why->text);
	else
		call_reply(run->call, &out, buf_slice(&run->report.rows));
}

static void
on_done(struct db_job *job, enum ms_err err, const struct why *why)
{
	struct run *run = container_of(job, struct run, job);

	if (run->report.applied > 0)
		log_info("migrations applied", "count=%u version=%s",
		    run->report.applied, run->report.version);
	if (err != MS_OK && run->call == NULL)
		log_warn("migrations not applied", "reason=%s",
		    LOGQ(why->text));
	if (run->call != NULL)
		answer(run, err, why);
	if (run->done != NULL)
		run->done(run->arg, err);
	if (run->then != NULL && err == MS_OK)
		run->then(run->arg);
	buf_fini(&run->report.rows);
	free(run);
}

static void
on_cancel(struct call *call)
{
	struct run *run = call_user(call);

	if (db_cancel(run->job.db, &run->job)) {
		call_fail(call, call_cancel_reason(call),
		    "not begun, other work kept the database");
		free(run);
		return;
	}
	run->call = NULL;
	call_fail(call, call_cancel_reason(call),
	    "the database has not answered yet; the migration goes on");
}

static struct run *
run_new(const char *dir, bool apply, void *arg)
{
	struct run *run = xcalloc(1, sizeof *run);

	run->job = (struct db_job){ .run = run_job, .done = on_done };
	run->dir = dir;
	run->apply = apply;
	run->arg = arg;
	return run;
}

void
migrate_serve(struct db *db, struct call *call, const char *dir, bool apply,
    void (*then)(void *arg), void *arg)
{
	struct run *run = run_new(dir, apply, arg);
	enum ms_err err;

	run->call = call;
	run->then = then;
	run->job.deadline = call_deadline(call);
	err = db_submit(db, &run->job);
	if (err != MS_OK) {
		free(run);
		call_refuse(call, err, db_retry_after_ms(db), "%s",
		    err == MS_EUNAVAILABLE
			? "the database is away"
			: "too many requests wait for the database");
		return;
	}
	call_set_user(call, run);
	call_on_cancel(call, on_cancel);
}

void
migrate_now(struct db *db, const char *dir,
    void (*done)(void *arg, enum ms_err err), void *arg)
{
	struct run *run = run_new(dir, true, arg);
	enum ms_err err;

	run->done = done;
	err = db_submit(db, &run->job);
	if (err != MS_OK) {
		free(run);
		done(arg, err);
	}
}
