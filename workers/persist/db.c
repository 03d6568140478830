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
#include "common/log.h"
#include "proto/contract.h"
#include "workers/persist/pg.h"

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

static void *
serve(void *arg)
{
	struct db *db = arg;
	struct db_job *job;

	while ((job = take_job(db)) != NULL) {
		job->err = dial(db, &job->why);
		if (job->err == MS_OK)
			job->err = job->run(job, db->conn, &job->why);
		if (db->conn != NULL && PQstatus(db->conn) != CONNECTION_OK)
			hang_up(db);
		loop_post(db->loop, &job->task);
	}
	if (db->conn != NULL)
		hang_up(db);
	return NULL;
}

struct db *
db_new(struct loop *loop, const char *conninfo,
    enum ms_err (*on_session)(PGconn *conn, struct why *why))
{
	struct db *db = xcalloc(1, sizeof *db);

	db->loop = loop;
	db->conninfo = xstrdup(conninfo);
	db->on_session = on_session;
	db->sock = -1;
	STAILQ_INIT(&db->jobs);
	pthread_mutex_init(&db->lock, NULL);
	pthread_cond_init(&db->more, NULL);
	if (pthread_create(&db->thread, NULL, serve, db) != 0)
		log_fatal(MS_EXIT_OSERR, "no database thread", "reason=%s",
		    "pthread_create");
	return db;
}

enum ms_err
db_submit(struct db *db, struct db_job *job)
{
	enum ms_err err = MS_EBUSY;

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
