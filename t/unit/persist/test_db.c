/* SPDX-License-Identifier: Apache-2.0 */
/* A database that is not there: what becomes of the work for it. */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "t/lib/unit.h"
#include "workers/persist/db.h"

#define NOWHERE "host=/nonexistent connect_timeout=2"
#define JOBS    ((int)DB_JOBS_MAX + 2)

static struct loop *loop;
static struct workq *workq;
static struct db *db;
static struct note {
	struct db_job job;
	int ends;
	enum ms_err err;
	char text[64];
} notes[DB_JOBS_MAX + 2];
static int ended;

static enum ms_err
run(struct db_job *job, PGconn *conn, struct why *why)
{
	(void)job;
	(void)conn;
	return why_set(why, MS_EINTERNAL, "connected to nowhere");
}

static void
done(struct db_job *job, enum ms_err err, const struct why *why)
{
	struct note *note = container_of(job, struct note, job);

	note->ends++;
	note->err = err;
	snprintf(note->text, sizeof(note->text), "%.60s", why->text);
	ended++;
}

static enum ms_err
no_session(PGconn *conn, struct why *why)
{
	(void)conn;
	(void)why;
	return MS_OK;
}

static void
begin(struct span_ms retry)
{
	struct workq_limits limits[WORKQ_KINDS];

	log_init("test", false, LOG_ERROR);
	loop = loop_new();
	workq_limits_here(NULL, limits);
	workq = workq_new(loop, limits);
	db = db_new(workq, NOWHERE, retry, no_session);
	ended = 0;
	for (int i = 0; i < JOBS; i++)
		notes[i] = (struct note){ .job = { .run = run, .done = done } };
}

static void
await(int count)
{
	while (ended < count)
		loop_turn(loop, true);
}

static void
end(void)
{
	db_free(&db);
	workq_free(&workq, 1000);
	loop_free(&loop);
}

START_TEST(a_database_that_is_away_is_not_asked_for_every_job)
{
	begin((struct span_ms){ 60000, 60000 });
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(db_submit(db, &notes[i].job), MS_OK);
		await(i + 1);
		ck_assert_int_eq(notes[i].err, MS_EUNAVAILABLE);
	}
	ck_assert_int_eq(db_breaker(db)->state, BREAKER_OPEN);
	ck_assert_int_eq(db_submit(db, &notes[3].job), MS_EUNAVAILABLE);
	ck_assert_uint_gt(db_retry_after_ms(db), 50000);
	end();
	ck_assert_int_eq(notes[3].ends, 0);
}
END_TEST

START_TEST(those_who_wait_do_not_each_find_out_for_themselves)
{
	int away = 0;

	begin((struct span_ms){ 60000, 60000 });
	for (int i = 0; i < JOBS - 1; i++)
		ck_assert_int_eq(db_submit(db, &notes[i].job), MS_OK);
	ck_assert_int_eq(db_submit(db, &notes[JOBS - 1].job), MS_EBUSY);
	await(JOBS - 1);
	for (int i = 0; i < JOBS - 1; i++) {
		ck_assert_int_eq(notes[i].ends, 1);
		ck_assert_int_eq(notes[i].err, MS_EUNAVAILABLE);
		away += strcmp(notes[i].text, "the database is away") == 0;
	}
	ck_assert_int_eq(away, JOBS - 1 - 3);
	end();
}
END_TEST

START_TEST(one_probe_at_a_time_finds_out_whether_it_is_back)
{
	begin((struct span_ms){ 1, 1 });
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(db_submit(db, &notes[i].job), MS_OK);
		await(i + 1);
	}
	while (db_submit(db, &notes[3].job) == MS_EUNAVAILABLE)
		ck_assert_int_eq(db_breaker(db)->state, BREAKER_OPEN);
	ck_assert_int_eq(db_breaker(db)->state, BREAKER_HALF_OPEN);
	await(4);
	ck_assert_int_eq(db_breaker(db)->state, BREAKER_OPEN);
	end();
}
END_TEST

START_TEST(what_has_not_begun_can_be_taken_back_or_comes_too_late)
{
	begin((struct span_ms){ 60000, 60000 });
	ck_assert_int_eq(db_submit(db, &notes[0].job), MS_OK);
	notes[1].job.deadline = mono_now();
	ck_assert_int_eq(db_submit(db, &notes[1].job), MS_OK);
	ck_assert_int_eq(db_submit(db, &notes[2].job), MS_OK);
	ck_assert(db_cancel(db, &notes[2].job));
	ck_assert(!db_cancel(db, &notes[2].job));
	ck_assert(!db_cancel(db, &notes[0].job));
	await(2);
	ck_assert_int_eq(notes[1].err, MS_ETIMEOUT);
	end();
	ck_assert_int_eq(notes[2].ends, 0);
}
END_TEST

START_TEST(the_end_answers_all_who_wait)
{
	begin((struct span_ms){ 60000, 60000 });
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(db_submit(db, &notes[i].job), MS_OK);
	end();
	ck_assert_int_eq(ended, 10);
	ck_assert_int_eq(notes[9].err, MS_ESHUTDOWN);
}
END_TEST

UNIT(db, a_database_that_is_away_is_not_asked_for_every_job,
    those_who_wait_do_not_each_find_out_for_themselves,
    one_probe_at_a_time_finds_out_whether_it_is_back,
    what_has_not_begun_can_be_taken_back_or_comes_too_late,
    the_end_answers_all_who_wait)
