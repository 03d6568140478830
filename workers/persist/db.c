/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread owns the connection; the loop owns everything else.  They meet in
 * a locked queue one way and loop_post() the other.  Interrupting means
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
#include "proto/contract.h"
#include "workers/persist/pg.h"

/* One connection may be lost by accident, three in a row are not. */
#define FAILURES_MAX  3u
#define FULL_RETRY_MS 100u

STAILQ_HEAD(job_list, db_job);

struct db {
	struct loop *loop;
	char *conninfo;
	enum ms_err (*on_session)(PGconn *conn, struct why *why);
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t more;
	struct job_list jobs;
	unsigned waiting;
	int sock; /* of the open connection, -1 none */
	bool stopping;
	PGconn *conn; /* the thread's alone */
	struct breaker_conf breaker_conf;
	struct breaker breaker; /* the loop's alone */
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
on_done(struct loop_task *task)
{
	struct db_job *job = container_of(task, struct db_job, task);
	struct breaker *breaker = &job->db->breaker;

	if (job->err == MS_ESHUTDOWN || job->err == MS_ETIMEOUT)
		breaker_forget(breaker, job->ticket);
	else
		breaker_done(breaker, job->ticket, job->err != MS_EUNAVAILABLE,
		    mono_now());
	job->done(job, job->err, &job->why);
}

static struct db_job *
take_job(struct db *db)
{
	struct db_job *job;

	pthread_mutex_lock(&db->lock);
	while (STAILQ_EMPTY(&db->jobs) && !db->stopping)
		pthread_cond_wait(&db->more, &db->lock);
	job = db->stopping ? NULL : STAILQ_FIRST(&db->jobs);
	if (job != NULL) {
		STAILQ_REMOVE_HEAD(&db->jobs, link);
		db->waiting--;
	}
	pthread_mutex_unlock(&db->lock);
	return job;
}

static void
do_job(struct db *db, struct db_job *job)
{
	if (mono_reached(mono_now(), job->deadline)) {
		job->err = why_set(&job->why, MS_ETIMEOUT,
		    "not begun, other work kept the database until too late");
		return;
	}
	job->err = dial(db, &job->why);
	if (job->err == MS_OK)
		job->err = job->run(job, db->conn, &job->why);
}

static void *
serve(void *arg)
{
	struct db *db = arg;
	struct db_job *job;

	while ((job = take_job(db)) != NULL) {
		do_job(db, job);
		if (db->conn != NULL && PQstatus(db->conn) != CONNECTION_OK)
			hang_up(db);
		loop_post(db->loop, &job->task);
	}
	if (db->conn != NULL)
		hang_up(db);
	return NULL;
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
db_new(struct loop *loop, const char *conninfo, struct span_ms retry,
    enum ms_err (*on_session)(PGconn *conn, struct why *why))
{
	struct db *db = xcalloc(1, sizeof *db);

	db->loop = loop;
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
	STAILQ_INIT(&db->jobs);
	pthread_mutex_init(&db->lock, NULL);
	pthread_cond_init(&db->more, NULL);
	if (pthread_create(&db->thread, NULL, serve, db) != 0)
		log_fatal(MS_EXIT_OSERR, "no database thread", "reason=%s",
		    "pthread_create");
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
	enum ms_err err = MS_EBUSY;

	if (!breaker_allow(&db->breaker, mono_now(), &job->ticket))
		return MS_EUNAVAILABLE;
	job->db = db;
	job->task = (struct loop_task){ .run = on_done };
	job->why.text[0] = '\0';
	pthread_mutex_lock(&db->lock);
	if (db->waiting < DB_JOBS_MAX) {
		STAILQ_INSERT_TAIL(&db->jobs, job, link);
		db->waiting++;
		pthread_cond_signal(&db->more);
		err = MS_OK;
	}
	pthread_mutex_unlock(&db->lock);
	if (err)
		breaker_forget(&db->breaker, job->ticket);
	return err;
}

void
db_free(struct db **db_p)
{
	struct db *db = *db_p;
	struct db_job *job;

	if (db == NULL)
		return;
	pthread_mutex_lock(&db->lock);
	db->stopping = true;
	if (db->sock >= 0)
		shutdown(db->sock, SHUT_RDWR);
	pthread_cond_signal(&db->more);
	pthread_mutex_unlock(&db->lock);
	pthread_join(db->thread, NULL);
	while ((job = STAILQ_FIRST(&db->jobs)) != NULL) {
		STAILQ_REMOVE_HEAD(&db->jobs, link);
		job->err =
		    why_set(&job->why, MS_ESHUTDOWN, "the worker is stopping");
		loop_post(db->loop, &job->task);
	}
	pthread_cond_destroy(&db->more);
	pthread_mutex_destroy(&db->lock);
	free(db->conninfo);
	free(db);
	*db_p = NULL;
}
