/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection is the job's that runs, on a thread of the work queue; the
 * loop owns everything else, those who wait included.  Interrupting means
 * shutting the socket down: libpq then returns at once with a lost connection.
 */
#include "workers/persist/db.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/breaker_meter.h"
#include "common/log.h"
#include "workers/persist/pg.h"

/* One connection may be lost by accident, three in a row are not. */
#define FAILURES_MAX  3u
#define FULL_RETRY_MS 100u

struct db {
	struct workq *workq;
	char *conninfo;
	enum ms_err (*on_session)(PGconn *conn, struct why *why);
	PGconn *conn; /* the running job's */
	pthread_mutex_t lock;
	int sock; /* under lock: of the open connection, -1 none */
	/* the loop's alone */
	struct db_job *at_hand; /* with the work queue; NULL: none */
	bool stopping;
	struct bulkhead jobs; /* the connection is its only slot */
	struct breaker_conf breaker_conf;
	struct breaker breaker;
	struct breaker_meter meter;
};

static void
note_socket(struct db *db, int sock)
{
	pthread_mutex_lock(&db->lock);
	db->sock = sock;
	pthread_mutex_unlock(&db->lock);
}

static void
hang_up(struct db *db)
{
	note_socket(db, -1);
	PQfinish(db->conn);
	db->conn = NULL;
}

static void
ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static enum ms_err
dial(struct db *db, struct why *why)
{
	enum ms_err err;

	if (db->conn != NULL && PQstatus(db->conn) == CONNECTION_OK)
		return MS_OK;
	if (db->conn != NULL)
		hang_up(db);
	db->conn = PQconnectdb(db->conninfo);
	if (PQstatus(db->conn) != CONNECTION_OK) {
		err = pg_error(db->conn, NULL, why);
		hang_up(db);
		return err;
	}
	note_socket(db, PQsocket(db->conn));
	PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
	err = db->on_session(db->conn, why);
	if (err != MS_OK)
		hang_up(db);
	return err;
}

static void
run_job(struct workq_task *work)
{
	struct db_job *job = container_of(work, struct db_job, work);
	struct db *db = job->db;

	job->err = dial(db, &job->why);
	if (job->err == MS_OK)
		job->err = job->run(job, db->conn, &job->why);
	if (db->conn != NULL && PQstatus(db->conn) != CONNECTION_OK)
		hang_up(db);
}

/* ---- the loop's side ---------------------------------------------------------- */

static void
end_unbegun(struct db_job *job, enum ms_err err, const char *reason)
{
	job->err = why_set(&job->why, err, "%s", reason);
	loop_post(workq_loop(job->db->workq), &job->task);
}

static void
hand_over(struct db *db, struct db_job *job)
{
	enum ms_err err = workq_submit(db->workq, WORKQ_IO, &job->work);

	if (err) {
		breaker_forget(&db->breaker, job->ticket);
		end_unbegun(job, err, "no thread is free for it");
		return;
	}
	job->begun = true;
	db->at_hand = job;
}

/* It has the slot.  What has become of the database while it waited decides. */
static void
begin(struct db *db, struct db_job *job)
{
	struct mono now = mono_now();

	job->begun = false;
	if (db->stopping)
		end_unbegun(job, MS_ESHUTDOWN, "the worker is stopping");
	else if (mono_reached(now, job->deadline))
		end_unbegun(job, MS_ETIMEOUT,
		    "not begun, other work kept the database until too late");
	else if (!breaker_allow(&db->breaker, now, &job->ticket))
		end_unbegun(job, MS_EUNAVAILABLE, "the database is away");
	else
		hand_over(db, job);
}

static void
begin_next(struct db *db)
{
	struct bulkhead_waiter *waiter;

	while (bulkhead_next(&db->jobs, mono_now(), &waiter) == BULKHEAD_ADMIT)
		begin(db, container_of(waiter, struct db_job, waiter));
}

static void
end(struct db_job *job)
{
	struct db *db = job->db;

	if (job->begun && job->err == MS_ESHUTDOWN)
		breaker_forget(&db->breaker, job->ticket);
	else if (job->begun)
		breaker_done(&db->breaker, job->ticket,
		    job->err != MS_EUNAVAILABLE, mono_now());
	bulkhead_leave(&db->jobs);
	begin_next(db);
	job->done(job, job->err, &job->why);
}

static void
on_unbegun(struct loop_task *task)
{
	end(container_of(task, struct db_job, task));
}

static void
on_run(struct workq_task *work, enum ms_err err)
{
	struct db_job *job = container_of(work, struct db_job, work);

	if (err)
		job->err =
		    why_set(&job->why, MS_ESHUTDOWN, "the worker is stopping");
	job->db->at_hand = NULL;
	end(job);
}

static void
on_change(void *arg, const struct breaker *breaker, enum breaker_state from)
{
	struct db *db = arg;

	breaker_meter_change(&db->meter, breaker, from);
	if (breaker->state == BREAKER_OPEN && from == BREAKER_CLOSED)
		log_warn("database away, work for it is refused",
		    "failures=%u retry_ms=%llu", FAILURES_MAX,
		    (unsigned long long)breaker_wait_ms(breaker, mono_now()));
	if (breaker->state == BREAKER_CLOSED)
		log_info("database is back", "refused=%llu",
		    (unsigned long long)breaker->refused);
}

struct db *
db_new(struct workq *workq, const char *conninfo, struct span_ms retry,
    enum ms_err (*on_session)(PGconn *conn, struct why *why))
{
	struct db *db = xcalloc(1, sizeof *db);

	db->workq = workq;
	db->conninfo = xstrdup(conninfo);
	db->on_session = on_session;
	db->breaker_conf =
	    (struct breaker_conf){ .failure_threshold = FAILURES_MAX,
		    .success_threshold = 1,
		    .probes = 1,
		    .open = retry };
	breaker_meter_init(&db->meter, "database");
	breaker_init(&db->breaker, &db->breaker_conf, dice_seed(), on_change,
	    db);
	db->sock = -1;
	bulkhead_init(&db->jobs,
	    &(struct bulkhead_conf){ .slots = 1,
		.queue = DB_JOBS_MAX,
		.queue_ms = DURATION_INFINITY });
	pthread_mutex_init(&db->lock, NULL);
	return db;
}

void
db_set_retry(struct db *db, struct span_ms retry)
{
	db->breaker_conf.open = retry;
}

const struct breaker *
db_breaker(const struct db *db)
{
	return &db->breaker;
}

uint64_t
db_retry_after_ms(const struct db *db)
{
	uint64_t ms = breaker_wait_ms(&db->breaker, mono_now());

	return ms ? ms : FULL_RETRY_MS;
}

uint64_t
db_delay_ms(const struct db *db, struct backoff *backoff)
{
	struct backoff_conf conf = { .span = db->breaker_conf.open };
	uint64_t delay_ms = conf.span.max_ms;

	if (db->breaker.state != BREAKER_CLOSED)
		return db_retry_after_ms(db);
	(void)!backoff_next(backoff, &conf, mono_now(), &delay_ms);
	return delay_ms;
}

enum ms_err
db_submit(struct db *db, struct db_job *job)
{
	struct mono now = mono_now();

	if (db->stopping)
		return MS_ESHUTDOWN;
	if (db->breaker.state == BREAKER_OPEN &&
	    breaker_wait_ms(&db->breaker, now) > 0)
		return MS_EUNAVAILABLE;
	job->db = db;
	job->task = (struct loop_task){ .run = on_unbegun };
	job->work = (struct workq_task){ .run = run_job, .done = on_run };
	job->why.text[0] = '\0';
	switch (bulkhead_enter(&db->jobs, &job->waiter, now)) {
	case BULKHEAD_ENTERED:
		begin(db, job);
		return MS_OK;
	case BULKHEAD_QUEUED:
		return MS_OK;
	case BULKHEAD_FULL:
		return MS_EBUSY;
	}
	return MS_EINTERNAL;
}

bool
db_cancel(struct db *db, struct db_job *job)
{
	return bulkhead_cancel(&db->jobs, &job->waiter);
}

/* Takes the job at hand back, as soon as it notices. */
static void
interrupt(struct db *db)
{
	struct db_job *job = db->at_hand;

	pthread_mutex_lock(&db->lock);
	if (db->sock >= 0)
		shutdown(db->sock, SHUT_RDWR);
	pthread_mutex_unlock(&db->lock);
	if (job)
		on_run(&job->work,
		    workq_recall(db->workq, &job->work) ? MS_OK : MS_ESHUTDOWN);
}

void
db_free(struct db **db_p)
{
	struct db *db = *db_p;

	if (db == NULL)
		return;
	db->stopping = true;
	db->jobs.conf.slots = UINT32_MAX; /* all go out, unbegun */
	interrupt(db);
	begin_next(db);
	loop_turn(workq_loop(db->workq), false);
	if (db->conn != NULL)
		hang_up(db);
	breaker_meter_end(&db->meter, &db->breaker);
	pthread_mutex_destroy(&db->lock);
	free(db->conninfo);
	free(db);
	*db_p = NULL;
}
