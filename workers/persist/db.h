/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One database connection, used beside the loop, because libpq calls wait.
 * Jobs run one after another, the others wait in a bulkhead of DB_JOBS_MAX
 * places; their end is reported on the loop.  A lost connection fails the job
 * at hand; the next job dials again.  When the database was away several times
 * in a row, jobs are refused at once (MS_EUNAVAILABLE) instead of each waiting
 * for it: a circuit breaker, open for the times of `retry`.
 */
#ifndef WORKERS_PERSIST_DB_H
#define WORKERS_PERSIST_DB_H

#include <libpq-fe.h>

#include "common/breaker.h"
#include "common/bulkhead.h"
#include "common/err.h"
#include "common/workq.h"

#define DB_JOBS_MAX 64u

struct db;

/* Embedded by whoever wants something done. */
struct db_job {
	/* On a thread of the work queue; conn is open. */
	enum ms_err (*run)(struct db_job *job, PGconn *conn, struct why *why);
	/* On the loop, exactly once; the job is the owner's again. */
	void (
	    *done)(struct db_job *job, enum ms_err err, const struct why *why);
	/* Not begun after it (MS_ETIMEOUT); .ns 0 = it can wait. */
	struct mono deadline;
	/* private to db */
	struct db *db;
	struct breaker_ticket ticket;
	bool begun;
	enum ms_err err;
	struct why why;
	struct workq_task work;
	struct loop_task task;
	struct bulkhead_waiter waiter;
};

/* conninfo is copied; workq stays until db_free() has returned.  on_session runs on each new connection before its
 * first job (settings, temporary tables). */
struct db *db_new(struct workq *workq, const char *conninfo,
    struct span_ms retry,
    enum ms_err (*on_session)(PGconn *conn, struct why *why));
void db_set_retry(struct db *db, struct span_ms retry);
/* Jobs not begun are answered MS_ESHUTDOWN, one at hand is interrupted; all
 * done() have run (in a turn of the loop) when it returns. */
void db_free(struct db **db);
/* To be looked at. */
const struct breaker *db_breaker(const struct db *db);
/* When a job that was refused may be tried again. */
uint64_t db_retry_after_ms(const struct db *db);
/* Until the caller's next try after a failure: of his backoff, or, while the
 * breaker is open, when that tries. */
struct backoff;
uint64_t db_delay_ms(const struct db *db, struct backoff *backoff);
/* MS_EBUSY when DB_JOBS_MAX wait, MS_EUNAVAILABLE when the breaker is open. */
enum ms_err db_submit(struct db *db, struct db_job *job);
/* True: it was not begun and will not be; no done().  False: too late. */
bool db_cancel(struct db *db, struct db_job *job);

#endif
