/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One database connection on a thread of its own, because libpq calls wait.
 * Jobs run one after another on that thread; their end is reported on the
 * loop.  A lost connection fails the job at hand; the next job dials again.
 */
#ifndef WORKERS_PERSIST_DB_H
#define WORKERS_PERSIST_DB_H

#include <sys/queue.h>

#include <libpq-fe.h>

#include "common/err.h"
#include "common/loop.h"

#define DB_JOBS_MAX 64u

struct db;

/* Embedded by whoever wants something done. */
struct db_job {
	/* On the database thread; conn is open. */
	enum ms_err (*run)(struct db_job *job, PGconn *conn, struct why *why);
	/* On the loop, exactly once; the job is the owner's again. */
	void (
	    *done)(struct db_job *job, enum ms_err err, const struct why *why);
	/* private to db */
	struct db *db;
	enum ms_err err;
	struct why why;
	struct loop_task task;
	STAILQ_ENTRY(db_job) link;
};

/* conninfo is copied.  on_session runs on each new connection before its
 * first job (settings, temporary tables). */
struct db *db_new(struct loop *loop, const char *conninfo,
    enum ms_err (*on_session)(PGconn *conn, struct why *why));
/* Jobs not begun are answered MS_ESHUTDOWN; one at hand is interrupted. */
void db_free(struct db **db);
/* MS_EBUSY when DB_JOBS_MAX wait. */
enum ms_err db_submit(struct db *db, struct db_job *job);

#endif
