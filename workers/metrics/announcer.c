/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ms_publish() waits when its window of 16 batches is full; an event is at most
 * one batch, so fewer than that under way never do.
 */
#include "workers/metrics/announcer.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/client/ms.h"

#define UNDER_WAY_MAX 8u
#define FAREWELL_MS   200

struct kept {
	TAILQ_ENTRY(kept) link;
	char *subject, *key, *json, *traceparent;
	int64_t time_ns;
};

struct announcer {
	struct worker *w;
	struct metric sent, lost;
	struct ms *ms; /* NULL: nothing was said yet */
	ev_io io;
	TAILQ_HEAD(, kept) queue;
	size_t count;
	uint64_t failed; /* that we have told of */
};

static void
drop_first(struct announcer *a)
{
	struct kept *k = TAILQ_FIRST(&a->queue);

	TAILQ_REMOVE(&a->queue, k, link);
	a->count--;
	free(k->subject);
	free(k->key);
	free(k->json);
	free(k->traceparent);
	free(k);
}

static uint64_t
under_way(const struct announcer *a)
{
	struct ms_published p;

	ms_published(a->ms, &p);
	return p.events - p.acked - p.failed;
}

static enum ms_err
publish(struct announcer *a, const struct kept *k)
{
	return ms_publish(a->ms,
	    &(struct ms_event){ .subject = k->subject,
		.partition_key = k->key,
		.traceparent = k->traceparent,
		.time_ns = k->time_ns,
		.data = k->json,
		.data_bytes = strlen(k->json) },
	    MS_WRITTEN);
}

static void
tell_refused(struct announcer *a)
{
	struct ms_published p;

	ms_published(a->ms, &p);
	if (p.failed > a->failed)
		log_warn("the bus refuses an event", "reason=%s",
		    LOGQ(ms_why(a->ms)));
	a->failed = p.failed;
}

static void
pump(struct announcer *a)
{
	while (a->count && under_way(a) < UNDER_WAY_MAX) {
		enum ms_err err = publish(a, TAILQ_FIRST(&a->queue));

		metric_add(err ? a->lost : a->sent, 1);
		if (err)
			log_warn("event not published", "reason=%s",
			    LOGQ(ms_why(a->ms)));
		drop_first(a);
	}
	if (ms_dispatch(a->ms, 0) != MS_OK)
		log_warn("bus client", "reason=%s", LOGQ(ms_why(a->ms)));
	tell_refused(a);
}

static void
on_ms(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev;
	(void)events;
	pump(container_of(io, struct announcer, io));
}

static bool
open_ms(struct announcer *a)
{
	enum ms_err err;

	if (a->ms)
		return true;
	err = ms_open(&(struct ms_options){ .run_dir = worker_run_dir(a->w) },
	    &a->ms);
	if (err) {
		log_warn("cannot reach the bus", "reason=%s",
		    LOGQ(ms_strerr(err)));
		return false;
	}
	ev_io_init(&a->io, on_ms, ms_fd(a->ms), EV_READ);
	ev_io_start(loop_ev(worker_loop(a->w)), &a->io);
	return true;
}

struct announcer *
announcer_new(struct worker *w, struct metric sent, struct metric lost)
{
	struct announcer *a = xcalloc(1, sizeof(*a));

	a->w = w;
	a->sent = sent;
	a->lost = lost;
	TAILQ_INIT(&a->queue);
	return a;
}

void
announcer_free(struct announcer **announcer)
{
	struct announcer *a = *announcer;

	if (!a)
		return;
	*announcer = NULL;
	if (a->ms) {
		ev_io_stop(loop_ev(worker_loop(a->w)), &a->io);
		if (under_way(a))
			(void)!ms_flush(a->ms, FAREWELL_MS);
		ms_close(&a->ms);
	}
	while (a->count)
		drop_first(a);
	free(a);
}

void
announcer_say(struct announcer *a, const struct announcement *said)
{
	struct kept *k = xcalloc(1, sizeof(*k));

	*k = (struct kept){ .subject = xstrdup(said->subject),
		.key = xstrdup(said->key),
		.json = xstrdup(said->json),
		.traceparent =
		    said->traceparent ? xstrdup(said->traceparent) : NULL,
		.time_ns = wall_ns() };
	TAILQ_INSERT_TAIL(&a->queue, k, link);
	if (++a->count > ANNOUNCER_KEPT_MAX) {
		metric_add(a->lost, 1);
		drop_first(a);
	}
	if (open_ms(a))
		pump(a);
}
