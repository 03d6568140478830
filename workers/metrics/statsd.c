/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round: a fresh sample, then batch_size series each few milliseconds, so
 * that neither our loop nor the server's socket buffer is flooded.  The sample
 * is kept: the next round says the difference.
 */
#include "workers/metrics/statsd.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/resolve.h"
#include "proto/expo_statsd.h"
#include "workers/metrics/udp_target.h"
#include "workers/worker_health.h"

#define PACE_MS    5u      /* between two batches */
#define LOOKUP_MS  5000u   /* of a name */
#define LOOK_UP_MS 300000u /* again after that, or when it is away */

/* A sample, and the view of it. */
struct seen {
	struct sample *sample; /* NULL: nothing seen */
	struct expo_view view;
};

struct statsd {
	struct metricsd *d;
	struct loop *loop;
	char *wanted; /* conf.statsd, NULL: none */
	struct udp_target target;
	char *name; /* that must be looked up; NULL: an address was given */
	uint16_t port;
	struct resolve *lookup; /* on its way */
	struct mono looked_up;
	size_t pick; /* of its addresses: the next one when nobody is there */
	ev_timer interval;
	ev_timer pace;
	struct sample_wait wait;
	struct seen before, now; /* now: while a round goes on */
	struct statsd_cursor at;
	struct buf lines;
};

static void
forget(struct seen *seen)
{
	if (seen->sample)
		expo_view_fini(&seen->view);
	sample_drop(&seen->sample);
}

/* ---- a round ------------------------------------------------------------------ */

static void
end_round(struct statsd *s)
{
	udp_target_end_round(&s->target);
	metricsd_show_status(s->d);
	forget(&s->before);
	s->before = s->now;
	s->now.sample = NULL;
	buf_fini(&s->lines);
}

static void
send_lines(struct statsd *s)
{
	struct slice rest = buf_slice(&s->lines), packet;

	while (expo_statsd_packet(&rest, &packet)) {
		bool sent = udp_target_send(&s->target, packet);

		metric_add(
		    s->d->own[sent ? OWN_STATSD_PACKETS : OWN_STATSD_LOST], 1);
	}
	buf_reset(&s->lines);
}

static void
send_batch(struct statsd *s)
{
	bool more = expo_statsd_print(&s->now.view,
	    s->before.sample ? &s->before.view : NULL,
	    s->d->conf.statsd_labels == STATSD_TAGS, worker_batch(s->d->w),
	    &s->at, &s->lines);

	send_lines(s);
	if (more)
		loop_timer_start(s->loop, &s->pace, PACE_MS);
	else
		end_round(s);
}

static void
on_pace(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	send_batch(container_of(timer, struct statsd, pace));
}

static void
on_sample(struct sample_wait *wait, struct sample *sample)
{
	struct statsd *s = container_of(wait, struct statsd, wait);

	if (expo_view_all(&s->now.view, &sample->numbers,
		sample->has_tree ? &sample->tree : NULL) != MS_OK)
		return; /* no memory: the next round says it all */
	s->now.sample = sample_hold(sample);
	s->at = (struct statsd_cursor){ .family = 0 };
	udp_target_begin_round(&s->target);
	send_batch(s);
}

/* ---- the server's address ---------------------------------------------------------- */

static void
set_address(struct statsd *s, const struct resolve_addr *found)
{
	struct sockaddr_storage addr = found->addr;

	if (addr.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&addr)->sin6_port = htons(s->port);
	else
		((struct sockaddr_in *)&addr)->sin_port = htons(s->port);
	udp_target_set(&s->target, (const struct sockaddr *)&addr, found->len);
}

static void
on_looked_up(void *arg, enum ms_err err, const struct why *why,
    const struct resolve_addrs *addrs)
{
	struct statsd *s = arg;

	s->lookup = NULL;
	s->looked_up = mono_now();
	if (s->target.told)
		s->pick++;
	if (!err && addrs->count)
		set_address(s, &addrs->addr[s->pick % addrs->count]);
	else
		udp_target_fail(&s->target,
		    why && why->text[0] ? why->text : ms_strerr(err));
	if (!ev_is_active(&s->interval)) /* the first round waited for it */
		loop_timer_start(s->loop, &s->interval, 0);
}

static void
look_up(struct statsd *s)
{
	struct why why = { "" };

	if (s->lookup)
		return;
	if (resolve_start(worker_workq(s->d->w), s->name, LOOKUP_MS,
		on_looked_up, s, &s->lookup, &why) == MS_OK)
		return;
	udp_target_fail(&s->target, why.text);
	loop_timer_start(s->loop, &s->interval, s->d->conf.interval_ms);
}

/* A name may come to mean another machine. */
static bool
is_worth_a_lookup(const struct statsd *s)
{
	return s->name &&
	    (s->target.told ||
		mono_ms_between(s->looked_up, mono_now()) > LOOK_UP_MS);
}

/* ---- every interval ----------------------------------------------------------------- */

static void
on_interval(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct statsd *s = container_of(timer, struct statsd, interval);

	(void)ev;
	(void)events;
	loop_timer_start(s->loop, &s->interval, s->d->conf.interval_ms);
	if (is_worth_a_lookup(s))
		look_up(s);
	if (!s->wait.waiting && !s->now.sample)
		sampler_ask(s->d->sampler, &s->wait);
}

/* ---- the module ------------------------------------------------------------------ */

/* The first round only says gauges and what others are compared with. */
static void
find_target(struct statsd *s)
{
	struct slice host;
	char *name;

	if (!endpoint_split(slice_of(s->wanted), &host, &s->port, NULL))
		return; /* the configuration was checked */
	name = xstrndup(host.ptr, host.len);
	if (udp_target_numeric(&s->target, name, s->port)) {
		free(name);
		loop_timer_start(s->loop, &s->interval, 0);
	} else {
		s->name = name;
		look_up(s);
	}
}

static void
begin(struct statsd *s)
{
	const char *wanted = s->d->conf.statsd;

	s->wanted = wanted ? xstrdup(wanted) : NULL;
	if (!wanted)
		return;
	udp_target_init(&s->target, wanted);
	find_target(s);
}

static void
end(struct statsd *s)
{
	loop_timer_stop(s->loop, &s->interval);
	loop_timer_stop(s->loop, &s->pace);
	resolve_cancel(&s->lookup);
	sampler_forget(s->d->sampler, &s->wait);
	forget(&s->now);
	forget(&s->before);
	buf_fini(&s->lines);
	if (s->wanted)
		udp_target_fini(&s->target);
	free(s->wanted);
	free(s->name);
	s->wanted = s->name = NULL;
}

static enum ms_err
start(struct metricsd *d, void **self_r, struct why *why)
{
	struct statsd *s = xcalloc(1, sizeof(*s));

	(void)why;
	s->d = d;
	s->loop = worker_loop(d->w);
	s->wait.done = on_sample;
	ev_init(&s->interval, on_interval);
	ev_init(&s->pace, on_pace);
	begin(s);
	*self_r = s;
	return MS_OK;
}

static void
reload(void *self)
{
	struct statsd *s = self;

	if (metricsd_same_text(s->wanted, s->d->conf.statsd))
		return; /* the next round is compared with the last one */
	end(s);
	begin(s);
}

static void
status(void *self, struct buf *out)
{
	const struct statsd *s = self;

	if (s->wanted)
		buf_printf(out, "statsd %s%s", s->wanted,
		    s->target.told ? " is away" : "");
}

static void
health(void *self, struct worker *w)
{
	const struct statsd *s = self;

	if (s->wanted)
		health_say(w, "statsd", s->wanted,
		    s->target.told ? HEALTH_DEGRADED : HEALTH_OK, "%s",
		    s->target.told ? "it is away" : "it is told");
}

static void
stop(void *self)
{
	end(self);
	free(self);
}

const struct module statsd_module = {
	.name = "statsd",
	.start = start,
	.reload = reload,
	.status = status,
	.health = health,
	.stop = stop,
};
