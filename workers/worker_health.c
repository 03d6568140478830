/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of checks at a time.  Tickets carry the number of their run, so an
 * answer that comes after its budget or in a later run finds nobody; budgets
 * are kept by one timer.
 */
#include "workers/worker_health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/msg/worker.h"
#include "workers/worker_impl.h"

/* A report that is younger is told again: whoever asks a hundred times a
 * second does not ask our database a hundred times a second. */
#define FRESH_MS 200u

struct asker {
	TAILQ_ENTRY(asker) link;
	struct call *call;
};

struct health {
	struct worker *w;
	uint32_t run;      /* number of the last one begun */
	bool beginning;    /* the callback is at work: tickets are given */
	bool running;      /* some check has not ended */
	struct mono begun; /* of the run, and of all its checks */
	struct mono ended;
	size_t count;
	bool open[HEALTH_CHECKS_MAX];
	struct health_check checks[HEALTH_CHECKS_MAX];
	TAILQ_HEAD(, asker) askers;
	ev_timer budget;
};

/* ---- telling ------------------------------------------------------------- */

static struct worker_health_out
view_of(struct worker *w)
{
	static char version[] = MS_VERSION;

	return (struct worker_health_out){
		.ready = w->ready && w->phase == WORKER_RUNNING,
		.status = w->notifier.status,
		.uptime_ms = mono_ms_between(w->started, mono_now()),
		.requests = w->requests,
		.requests_failed = w->requests_failed,
		.version = version,
		.conf_digest = w->settings.digest,
		.conf_errors = w->settings.errors,
	};
}

static void
tell(const struct health *h, struct call *call, struct slice body)
{
	struct worker_health_out out = view_of(h->w);

	out.health = (char *)(uintptr_t)health_level_name(
	    health_checks_level(h->checks, h->count));
	out.checks = (uint32_t)h->count;
	out.age_ms = mono_ms_between(h->ended, mono_now());
	call_on_cancel(call, NULL);
	call_reply(call, &out, body);
}

static void
tell_all(struct health *h)
{
	struct buf body = { 0 };
	struct asker *asker;

	health_checks_print(h->checks, h->count, &body);
	while ((asker = TAILQ_FIRST(&h->askers))) {
		TAILQ_REMOVE(&h->askers, asker, link);
		tell(h, asker->call, buf_slice(&body));
	}
	buf_fini(&body);
}

/* ---- a run --------------------------------------------------------------- */

static void
set_level(struct health *h, uint32_t i, enum health_level level,
    struct mono now)
{
	h->checks[i].level = level;
	h->checks[i].took_us = (now.ns - h->begun.ns) / 1000;
	h->open[i] = false;
}

/* Nothing is left open: the report stands. */
static void
finish_if_done(struct health *h)
{
	if (!h->running || h->beginning)
		return;
	for (size_t i = 0; i < h->count; i++)
		if (h->open[i])
			return;
	h->running = false;
	h->ended = mono_now();
	loop_timer_stop(h->w->loop, &h->budget);
	tell_all(h);
}

/* What is over its budget has failed; the timer waits for the next one. */
static void
keep_budgets(struct health *h)
{
	struct mono now = mono_now(), next = { UINT64_MAX };

	for (uint32_t i = 0; i < h->count; i++) {
		struct health_check *c = &h->checks[i];
		struct mono due = mono_add_ms(h->begun, c->budget_ms);

		if (!h->open[i])
			continue;
		if (mono_reached(now, due)) {
			set_level(h, i, HEALTH_FAILED, now);
			snprintf(c->text, sizeof(c->text),
			    "no answer within %ums", c->budget_ms);
		} else if (due.ns < next.ns) {
			next = due;
		}
	}
	if (next.ns != UINT64_MAX)
		loop_timer_start(h->w->loop, &h->budget,
		    mono_ms_left(now, next));
}

static void
on_budget(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct health *h = container_of(timer, struct health, budget);

	(void)ev;
	keep_budgets(h);
	finish_if_done(h);
}

/* Nobody reads the milliseconds of three days. */
static uint64_t
whole_seconds(uint64_t ms)
{
	return ms < 1000 ? ms : ms / 1000 * 1000;
}

/* What every worker can say of itself. */
static void
check_life(struct worker *w)
{
	char uptime[UNIT_TEXT_BYTES];

	if (w->phase == WORKER_DRAINING)
		health_say(w, "life", "", HEALTH_FAILED, "it is stopping");
	else if (!w->ready)
		health_say(w, "life", "", HEALTH_DEGRADED,
		    "it is starting and not ready yet");
	else
		health_say(w, "life", "", HEALTH_OK, "ready, up for %s",
		    print_duration(whole_seconds(
				       mono_ms_between(w->started, mono_now())),
			uptime));
}

static void
run(struct health *h)
{
	struct worker *w = h->w;

	h->run++;
	h->count = 0;
	h->begun = mono_now();
	h->running = h->beginning = true;
	check_life(w);
	if (w->desc->health && w->phase == WORKER_RUNNING)
		w->desc->health(w);
	health_aside_go(w);
	h->beginning = false;
	keep_budgets(h);
	finish_if_done(h);
}

/* ---- checks -------------------------------------------------------------- */

struct health_ticket
health_check_begin(struct worker *w, const char *name, const char *dependency,
    uint32_t budget_ms)
{
	struct health *h = w->health;
	struct health_ticket ticket = { h->run, (uint32_t)h->count };

	ms_assert(h->beginning);
	if (h->count == HEALTH_CHECKS_MAX) /* its end will find nobody */
		return (struct health_ticket){ 0, 0 };
	h->checks[h->count] = (struct health_check){ .budget_ms = budget_ms };
	snprintf(h->checks[h->count].name, HEALTH_NAME_BYTES, "%s", name);
	snprintf(h->checks[h->count].dependency, HEALTH_NAME_BYTES, "%s",
	    dependency);
	h->open[h->count++] = true;
	return ticket;
}

static void
end_check(struct health *h, struct health_ticket ticket,
    enum health_level level, const char *fmt, va_list args)
{
	/* h is gone when the loop runs its last tasks */
	if (!h || ticket.run != h->run || ticket.index >= h->count ||
	    !h->open[ticket.index])
		return;
	vsnprintf(h->checks[ticket.index].text, HEALTH_TEXT_BYTES, fmt, args);
	set_level(h, ticket.index, level, mono_now());
	finish_if_done(h);
}

void
health_check_end(struct worker *w, struct health_ticket ticket,
    enum health_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	end_check(w->health, ticket, level, fmt, args);
	va_end(args);
}

void
health_say(struct worker *w, const char *name, const char *dependency,
    enum health_level level, const char *fmt, ...)
{
	struct health_ticket ticket =
	    health_check_begin(w, name, dependency, HEALTH_BUDGET_MS);
	va_list args;

	va_start(args, fmt);
	end_check(w->health, ticket, level, fmt, args);
	va_end(args);
}

/* ---- being asked --------------------------------------------------------- */

static void
on_cancel(struct call *call)
{
	struct asker *asker = call_user(call);

	TAILQ_REMOVE(&call->worker->health->askers, asker, link);
	call_fail(call, call_cancel_reason(call), "the checks are not done");
}

static struct health *
health_new(struct worker *w)
{
	struct health *h = xcalloc(1, sizeof(*h));

	h->w = w;
	TAILQ_INIT(&h->askers);
	ev_init(&h->budget, on_budget);
	return h;
}

static bool
is_fresh(const struct health *h)
{
	return h->ended.ns && !h->running &&
	    mono_ms_between(h->ended, mono_now()) < FRESH_MS;
}

static void
serve_deep(struct worker *w, struct call *call)
{
	struct asker *asker = arena_alloc(call_arena(call), sizeof(*asker));

	if (!w->health)
		w->health = health_new(w);
	if (!asker) {
		call_fail(call, MS_ENOMEM, "no room for the question");
		return;
	}
	asker->call = call;
	TAILQ_INSERT_TAIL(&w->health->askers, asker, link);
	call_set_user(call, asker);
	call_on_cancel(call, on_cancel);
	if (is_fresh(w->health))
		tell_all(w->health);
	else if (!w->health->running)
		run(w->health);
}

void
health_serve(struct call *call)
{
	const struct worker_health_in *in = call_in(call);
	struct worker *w = call->worker;
	struct worker_health_out out;

	if (in && in->deep) {
		serve_deep(w, call);
		return;
	}
	out = view_of(w);
	out.health = (char *)(uintptr_t)health_level_name(
	    out.ready ? HEALTH_OK : HEALTH_DEGRADED);
	call_reply(call, &out, (struct slice){ NULL, 0 });
}

void
health_fini(struct worker *w)
{
	health_aside_fini(w);
	if (w->health)
		loop_timer_stop(w->loop, &w->health->budget);
	free(w->health);
	w->health = NULL;
}
