/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libms runs on our loop and lends us a batch; the database thread reads it
 * while libms keeps it alive (MS_EBUSY) and tells the bus that we are at it.
 * Only the end of the job moves anything here, so there is one state: a batch
 * is at hand or not.
 */
#include "workers/persist/intake.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/log.h"
#include "common/mono.h"
#include "workers/exemplar.h"
#include "workers/persist/figures.h"
#include "workers/persist/store.h"

struct intake {
	struct worker *w;
	const struct persist_conf *conf;
	struct db *db;
	struct ms *ms;
	ev_io ms_io;
	struct ms_consumer *consumer;
	struct store store; /* the database thread's while writing */
	struct db_job job;
	bool writing;
	const struct ms_event *events; /* the batch at hand, NULL none */
	size_t count;
	struct mono received;  /* the batch at hand */
	struct ms_event *kept; /* of a batch that is not stored whole; reused */
	size_t kept_cap;
	struct stored stored; /* by the job at hand */
	ev_timer retry_timer;
	struct backoff backoff;
	void (*drained)(struct worker *w);
	struct persist_figures figures;
	bool database_up;
	struct why last;
	bool told; /* of this outage, with `last` */
};

static enum ms_err
run_job(struct db_job *job, PGconn *conn, struct why *why)
{
	struct intake *in = container_of(job, struct intake, job);

	return store_events(&in->store, conn, INTAKE_CONSUMER, in->events,
	    in->count, &in->stored, why);
}

static void
try_later(struct intake *in)
{
	loop_timer_start(worker_loop(in->w), &in->retry_timer,
	    db_delay_ms(in->db, &in->backoff));
}

static void
write_batch(struct intake *in)
{
	in->stored = (struct stored){ 0 };
	in->writing = db_submit(in->db, &in->job) == MS_OK;
	if (!in->writing)
		try_later(in);
}

static void
count_stored(struct intake *in)
{
	const struct metric *figure = in->figures.of;

	metric_add(figure[PERSIST_EVENTS], in->stored.events);
	metric_add(figure[PERSIST_DUPLICATES], in->stored.duplicates);
	metric_add(figure[PERSIST_RAW], in->stored.as_raw);
	if (in->stored.cursor_seq > 0)
		metric_set(figure[PERSIST_CURSOR],
		    (int64_t)in->stored.cursor_seq);
	if (in->stored.as_raw > 0)
		log_warn("events stored as bytes", "count=%llu seq=%llu",
		    (unsigned long long)in->stored.as_raw,
		    (unsigned long long)in->stored.cursor_seq);
}

/* All of the batch at hand came and was committed together. */
static void
measure(const struct intake *in)
{
	const struct metric *figure = in->figures.of;
	uint64_t took_ns = mono_now().ns - in->received.ns;
	int64_t age_ns = wall_ns() - in->events[in->count - 1].time_ns;

	metric_record_many(figure[PERSIST_COMMIT], took_ns, in->count);
	metric_record(figure[PERSIST_BATCH_EVENTS], in->count);
	metric_add(figure[PERSIST_BATCHES], 1);
	metric_set(figure[PERSIST_LAG], age_ns > 0 ? age_ns : 0);
	for (size_t i = 0; i < in->count; i++) {
		if (!in->events[i].traceparent)
			continue;
		exemplar_note_text(figure[PERSIST_COMMIT], took_ns,
		    slice_of(in->events[i].traceparent));
		break;
	}
}

static void
set_database_up(struct intake *in, bool up)
{
	in->database_up = up;
	metric_set(in->figures.of[PERSIST_DATABASE_UP], up);
}

static void
on_success(struct intake *in)
{
	if (in->backoff.failures > 0 || !in->database_up) {
		log_info("storing events", "cursor=%llu",
		    (unsigned long long)in->stored.cursor_seq);
		worker_status(in->w, "storing events");
	}
	backoff_reset(&in->backoff);
	in->told = false;
	set_database_up(in, true);
	measure(in);
	in->events = NULL;
	ms_consumer_settle(in->consumer, MS_OK);
}

static void
on_failure(struct intake *in, enum ms_err err, const struct why *why)
{
	persist_figures_error(&in->figures, err);
	set_database_up(in, err != MS_EUNAVAILABLE);
	if (!in->told || strcmp(in->last.text, why->text) != 0) {
		in->told = true;
		in->last = *why;
		log_warn("batch not stored, will try again",
		    "events=%zu reason=%s%s", in->count, LOGQ(why->text),
		    err == MS_ENOTFOUND ? " remedy=\"msctl db migrate up\""
					: "");
	}
	worker_status(in->w, "%s: %.160s",
	    err == MS_EUNAVAILABLE ? "database away" : "cannot store",
	    why->text);
	try_later(in);
}

static void
on_written(struct db_job *job, enum ms_err err, const struct why *why)
{
	struct intake *in = container_of(job, struct intake, job);

	in->writing = false;
	count_stored(in);
	if (err == MS_OK)
		on_success(in);
	else if (err != MS_ESHUTDOWN && in->drained == NULL)
		on_failure(in, err, why);
	if (in->drained != NULL)
		in->drained(in->w);
}

static void
on_retry(struct ev_loop *ev, ev_timer *timer, int what)
{
	struct intake *in = container_of(timer, struct intake, retry_timer);

	(void)ev;
	(void)what;
	if (in->events == NULL || in->writing || in->drained != NULL)
		return;
	metric_add(in->figures.of[PERSIST_RETRIES], 1);
	write_batch(in);
}

/* The life of the processes is told on the bus; who wants it in the store too
 * names it in `subjects`. */
static bool
is_supervision(const struct ms_event *event)
{
	return strncmp(event->subject, "supervision.", 12) == 0;
}

static void
keep_ours(struct intake *in)
{
	size_t n = 0;

	if (in->conf->subjects.count > 0)
		return;
	while (n < in->count && !is_supervision(&in->events[n]))
		n++;
	if (n == in->count)
		return;
	if (in->kept_cap < in->count) {
		in->kept_cap = in->count;
		in->kept =
		    xreallocarray(in->kept, in->kept_cap, sizeof *in->kept);
	}
	n = 0;
	for (size_t i = 0; i < in->count; i++)
		if (!is_supervision(&in->events[i]))
			in->kept[n++] = in->events[i];
	in->events = in->kept;
	in->count = n;
}

static enum ms_err
on_batch(void *arg, const struct ms_event *events, size_t count)
{
	struct intake *in = arg;

	if (in->drained != NULL)
		return MS_ESHUTDOWN;
	in->received = mono_now();
	in->events = events;
	in->count = count;
	keep_ours(in);
	if (in->count == 0) {
		in->events = NULL;
		return MS_OK;
	}
	write_batch(in);
	return MS_EBUSY;
}

static void
on_ms(struct ev_loop *ev, ev_io *io, int what)
{
	struct intake *in = container_of(io, struct intake, ms_io);

	(void)ev;
	(void)what;
	if (ms_dispatch(in->ms, 0) != MS_OK)
		log_warn("bus client", "reason=%s", LOGQ(ms_why(in->ms)));
}

enum ms_err
intake_open(struct worker *w, const struct persist_conf *conf, struct db *db,
    struct intake **intake_r, struct why *why)
{
	struct intake *in = xcalloc(1, sizeof *in);
	enum ms_err err;

	in->w = w;
	in->conf = conf;
	in->db = db;
	backoff_init(&in->backoff, dice_seed());
	in->job = (struct db_job){ .run = run_job, .done = on_written };
	persist_figures_init(&in->figures);
	store_init(&in->store);
	ev_timer_init(&in->retry_timer, on_retry, 0, 0);
	err = ms_open(&(struct ms_options){ .run_dir = worker_run_dir(w) },
	    &in->ms);
	if (err != MS_OK) {
		store_fini(&in->store);
		free(in);
		return why_set(why, err, "cannot reach the bus: %s",
		    ms_strerr(err));
	}
	ev_io_init(&in->ms_io, on_ms, ms_fd(in->ms), EV_READ);
	ev_io_start(loop_ev(worker_loop(w)), &in->ms_io);
	*intake_r = in;
	return MS_OK;
}

void
intake_go(struct intake *in)
{
	struct ms_consumer_options options = { .name = INTAKE_CONSUMER,
		.filter = (const char *const *)in->conf->subjects.word,
		.max_events = in->conf->batch_events,
		.max_bytes = in->conf->batch_bytes };
	enum ms_err err;

	if (in->consumer != NULL) {
		if (in->events != NULL && !in->writing)
			loop_timer_start(worker_loop(in->w), &in->retry_timer,
			    0);
		return;
	}
	err = ms_consume(in->ms, &options, on_batch, in, &in->consumer);
	if (err != MS_OK)
		log_fatal(MS_EXIT_CONFIG, "cannot consume", "reason=%s",
		    LOGQ(ms_why(in->ms)));
	worker_status(in->w, "waiting for events");
}

void
intake_drain(struct intake *in, void (*done)(struct worker *w))
{
	in->drained = done;
	loop_timer_stop(worker_loop(in->w), &in->retry_timer);
	if (!in->writing)
		done(in->w);
}

void
intake_close(struct intake **intake)
{
	struct intake *in = *intake;

	if (in == NULL)
		return;
	loop_timer_stop(worker_loop(in->w), &in->retry_timer);
	ev_io_stop(loop_ev(worker_loop(in->w)), &in->ms_io);
	ms_consumer_close(&in->consumer);
	ms_close(&in->ms);
	store_fini(&in->store);
	free(in->kept);
	free(in);
	*intake = NULL;
}

void
intake_stats(const struct intake *in, struct persist_stats_out *out)
{
	const struct breaker *breaker = db_breaker(in->db);
	const struct metric *figure = in->figures.of;

	*out = (struct persist_stats_out){
		.events_stored = metric_own(figure[PERSIST_EVENTS]),
		.duplicates = metric_own(figure[PERSIST_DUPLICATES]),
		.batches = metric_own(figure[PERSIST_BATCHES]),
		.cursor_seq = metric_own(figure[PERSIST_CURSOR]),
		.database_errors = persist_figures_errors(&in->figures),
		.database_up = in->database_up,
		.breaker = (int)breaker->state,
		.retry_in_ms = breaker->state == BREAKER_OPEN
		    ? breaker_wait_ms(breaker, mono_now())
		    : 0,
		.last_error = in->last.text[0] ? (char *)in->last.text : NULL,
	};
}
