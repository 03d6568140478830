/* SPDX-License-Identifier: Apache-2.0 */
/* libms against a bus that acknowledges, holds, refuses, skips and dies. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mono.h"
#include "proto/client/call.h"
#include "proto/client/ms.h"
#include "t/lib/fake_bus.h"
#include "t/lib/probe.h"
#include "t/lib/unit.h"

#define SUBJECT "test.number"

struct scene {
	struct probe probe;
	struct ms *ms;
	/* a second, independent voice to the bus */
	struct link_hub *hub;
	struct link *link;
};

static void
scene_open(struct scene *s, uint32_t window)
{
	struct ms_options options = { .run_dir = s->probe.dir,
		.source = "/test",
		.window = window };

	memset(s, 0, sizeof(*s));
	probe_init(&s->probe, "fake_bus_worker", "bus");
	options.run_dir = s->probe.dir;
	ck_assert_int_eq(ms_open(&options, &s->ms), MS_OK);
	ck_assert_int_eq(link_hub_open(&s->hub), MS_OK);
	ck_assert_int_eq(link_open(s->hub, probe_address(&s->probe), &s->link),
	    MS_OK);
	probe_start(&s->probe);
}

static void
scene_close(struct scene *s)
{
	ms_close(&s->ms);
	link_close(&s->link);
	link_hub_close(&s->hub);
	probe_fini(&s->probe);
}

static struct fake_state
obey(struct scene *s, enum fake_mode mode)
{
	struct fake_orders in = { .mode = mode };
	struct fake_state state;
	struct arena arena;
	struct why why = { "" };

	arena_init(&arena, 0);
	ck_assert_msg(call_wait(s->link, &fake_obey, &in,
			  (struct slice){ NULL, 0 }, PROBE_WAIT_MS, &arena,
			  &state, NULL, &why) == MS_OK,
	    "%s", why.text);
	arena_fini(&arena);
	return state;
}

static enum ms_err
publish(struct scene *s, uint32_t number, enum ms_durability durability)
{
	char text[16];
	struct ms_event event = { .subject = SUBJECT, .data = text };

	event.data_bytes = (size_t)snprintf(text, sizeof(text), "%u", number);
	return ms_publish(s->ms, &event, durability);
}

static void
publish_all(struct scene *s, uint32_t from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ck_assert_msg(publish(s, from + i, MS_WRITTEN) == MS_OK, "%s",
		    ms_why(s->ms));
}

static void
flush(struct scene *s)
{
	ck_assert_msg(ms_flush(s->ms, PROBE_WAIT_MS) == MS_OK, "%s",
	    ms_why(s->ms));
}

/* ---- publish ---------------------------------------------------------------- */

START_TEST(what_is_published_is_acknowledged_in_batches)
{
	struct scene s;
	struct ms_published totals;

	scene_open(&s, 0);
	publish_all(&s, 1, 10000);
	flush(&s);
	ms_published(s.ms, &totals);
	ck_assert_uint_eq(totals.events, 10000);
	ck_assert_uint_eq(totals.acked, 10000);
	ck_assert_uint_eq(totals.failed, 0);
	ck_assert_uint_eq(totals.last_seq, 10000);
	ck_assert_int_eq(totals.durability, MS_WRITTEN);
	ck_assert_uint_lt(obey(&s, FAKE_ACK).batches, 100);
	ck_assert_uint_eq(obey(&s, FAKE_ACK).disorder, 0);
	scene_close(&s);
}
END_TEST

START_TEST(batches_in_flight_survive_a_kill_in_their_order)
{
	struct scene s;
	struct fake_state state;

	scene_open(&s, 16);
	obey(&s, FAKE_HOLD);
	publish_all(&s, 1, 4000); /* many batches leave, none is acked */
	while (obey(&s, FAKE_HOLD).held < 8)
		ck_assert_int_eq(ms_dispatch(s.ms, 0), MS_OK);
	probe_kill(&s.probe);
	probe_start(&s.probe); /* knows nothing, acknowledges */
	flush(&s);
	state = obey(&s, FAKE_ACK);
	ck_assert_uint_eq(state.events, 4000);
	ck_assert_uint_eq(state.distinct_ops, state.batches);
	ck_assert_uint_eq(state.disorder, 0);
	scene_close(&s);
}
END_TEST

static void *
release_when_full(void *arg)
{
	struct scene *s = arg;

	while (obey(s, FAKE_HOLD).held < 4)
		;
	obey(s, FAKE_ACK);
	return NULL;
}

START_TEST(a_full_window_makes_the_publisher_wait)
{
	struct scene s;
	pthread_t other;

	scene_open(&s, 4);
	obey(&s, FAKE_HOLD);
	ck_assert_int_eq(pthread_create(&other, NULL, release_when_full, &s),
	    0);
	publish_all(&s, 1, 20 * 1024); /* far more than the window holds */
	pthread_join(other, NULL);
	flush(&s);
	ck_assert_uint_eq(obey(&s, FAKE_ACK).held_max, 4);
	ck_assert_uint_eq(obey(&s, FAKE_ACK).events, 20 * 1024);
	scene_close(&s);
}
END_TEST

START_TEST(a_busy_bus_is_asked_again_until_it_takes_the_batch)
{
	struct scene s;
	struct ms_published totals;

	scene_open(&s, 0);
	obey(&s, FAKE_BUSY);
	publish_all(&s, 1, 10);
	ck_assert_int_eq(ms_flush(s.ms, 100), MS_ETIMEOUT);
	ck_assert_uint_ge(obey(&s, FAKE_ACK).busy, 2);
	flush(&s);
	ms_published(s.ms, &totals);
	ck_assert_uint_eq(totals.acked, 10);
	ck_assert_uint_eq(totals.failed, 0);
	scene_close(&s);
}
END_TEST

START_TEST(a_refused_batch_is_reported_once_with_its_reason)
{
	struct scene s;
	struct ms_published totals;

	scene_open(&s, 0);
	obey(&s, FAKE_REFUSE);
	publish_all(&s, 1, 3);
	ck_assert_int_eq(ms_flush(s.ms, PROBE_WAIT_MS), MS_EATTRIBUTE);
	ck_assert_ptr_nonnull(strstr(ms_why(s.ms), "as ordered"));
	ms_published(s.ms, &totals);
	ck_assert_uint_eq(totals.failed, 3);
	obey(&s, FAKE_ACK);
	publish_all(&s, 4, 1);
	flush(&s);
	scene_close(&s);
}
END_TEST

START_TEST(a_wrong_event_is_refused_by_name_and_harms_no_other)
{
	struct scene s;
	struct ms_event event = { .subject = "no spaces here" };

	scene_open(&s, 0);
	publish_all(&s, 1, 1);
	ck_assert_int_eq(ms_publish(s.ms, &event, MS_WRITTEN), MS_ESUBJECT);
	event = (struct ms_event){ .subject = SUBJECT,
		.data = "{\"a\":}",
		.data_bytes = 6 };
	ck_assert_int_eq(ms_publish(s.ms, &event, MS_WRITTEN), MS_EJSON);
	event = (struct ms_event){ .subject = SUBJECT,
		.correlation_id = "not a uuid" };
	ck_assert_int_eq(ms_publish(s.ms, &event, MS_WRITTEN), MS_EATTRIBUTE);
	ck_assert_ptr_nonnull(strstr(ms_why(s.ms), "correlation_id"));
	publish_all(&s, 2, 1);
	flush(&s);
	ck_assert_uint_eq(obey(&s, FAKE_ACK).events, 2);
	scene_close(&s);
}
END_TEST

START_TEST(flush_does_not_wait_for_what_asked_for_no_acknowledgement)
{
	struct scene s;

	scene_open(&s, 0);
	obey(&s, FAKE_HOLD);
	ck_assert_int_eq(publish(&s, 1, MS_NONE), MS_OK);
	flush(&s);
	while (obey(&s, FAKE_HOLD).held == 0) /* but it has left */
		ck_assert_int_eq(ms_dispatch(s.ms, 0), MS_OK);
	scene_close(&s);
}
END_TEST

/* The answer that makes the room is here, unread, when the flush begins. */
START_TEST(flush_sends_what_unread_answers_make_room_for)
{
	struct scene s;
	struct pollfd answer;

	scene_open(&s, 1);
	answer = (struct pollfd){ .fd = ms_fd(s.ms), .events = POLLIN };
	obey(&s, FAKE_HOLD);
	publish_all(&s, 1, 1);
	while (obey(&s, FAKE_HOLD).held == 0)
		ck_assert_int_eq(ms_dispatch(s.ms, 0), MS_OK);
	publish_all(&s, 2, 1); /* the window is full: it cannot leave */
	obey(&s, FAKE_ACK);
	ck_assert_int_eq(poll(&answer, 1, PROBE_WAIT_MS), 1);
	flush(&s);
	ck_assert_uint_eq(obey(&s, FAKE_ACK).events, 2);
	scene_close(&s);
}
END_TEST

START_TEST(a_cloudevent_in_json_is_published)
{
	static const char text[] = "{\"specversion\":\"1.0\",\"id\":\"a-1\","
				   "\"source\":\"/s\",\"type\":\"t\","
				   "\"subject\":\"" SUBJECT "\",\"data\":7}";
	struct scene s;

	scene_open(&s, 0);
	ck_assert_msg(ms_publish_json(s.ms, text, sizeof(text) - 1, NULL,
			  MS_WRITTEN) == MS_OK,
	    "%s", ms_why(s.ms));
	ck_assert_int_eq(ms_publish_json(s.ms, "{", 1, SUBJECT, MS_WRITTEN),
	    MS_EJSON);
	flush(&s);
	ck_assert_uint_eq(obey(&s, FAKE_ACK).events, 1);
	scene_close(&s);
}
END_TEST

/* ---- traces ------------------------------------------------------------------ */

#define TRACEPARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define TRACE_CHARS 35 /* version and trace id */

START_TEST(a_wrong_trace_is_refused_by_its_byte)
{
	struct scene s;
	struct ms_event event = { .subject = SUBJECT, .traceparent = "00-1" };

	scene_open(&s, 0);
	ck_assert_int_eq(ms_publish(s.ms, &event, MS_WRITTEN), MS_EATTRIBUTE);
	ck_assert_ptr_nonnull(strstr(ms_why(s.ms), "traceparent"));
	ck_assert_int_eq(ms_trace_set(s.ms, "x", NULL), MS_EATTRIBUTE);
	event.traceparent = TRACEPARENT;
	event.tracestate = "a=b";
	ck_assert_int_eq(ms_publish(s.ms, &event, MS_WRITTEN), MS_OK);
	flush(&s);
	scene_close(&s);
}
END_TEST

START_TEST(a_child_belongs_to_its_parents_trace)
{
	struct scene s;
	char child[MS_TRACEPARENT_BYTES], first[MS_TRACEPARENT_BYTES];

	scene_open(&s, 0);
	ck_assert_int_eq(ms_trace_child(s.ms, TRACEPARENT, child), MS_OK);
	ck_assert_int_eq(memcmp(child, TRACEPARENT, TRACE_CHARS), 0);
	ck_assert_str_ne(child, TRACEPARENT);
	ck_assert_int_eq(ms_trace_child(s.ms, NULL, first), MS_OK);
	ck_assert_int_ne(memcmp(first, TRACEPARENT, TRACE_CHARS), 0);
	ck_assert_int_eq(ms_trace_child(s.ms, first, child), MS_OK);
	ck_assert_int_eq(ms_trace_child(s.ms, "00-1", child), MS_EATTRIBUTE);
	scene_close(&s);
}
END_TEST

START_TEST(closing_with_everything_in_flight_forgets_it)
{
	struct scene s;

	scene_open(&s, 0);
	obey(&s, FAKE_HOLD);
	publish_all(&s, 1, 3000);
	scene_close(&s);
}
END_TEST

/* ---- subscribe ----------------------------------------------------------------- */

struct heard {
	struct scene *s;
	struct ms_sub *sub;
	unsigned events;
	uint64_t last_seq;
	unsigned gaps;
	uint64_t gap_from, gap_to;
};

static void
on_event(void *arg, const struct ms_event *event)
{
	struct heard *h = arg;

	ck_assert_uint_gt(event->seq, h->last_seq);
	ck_assert_str_eq(event->source, "/test");
	h->last_seq = event->seq;
	h->events++;
}

static void
on_gap(void *arg, uint64_t from, uint64_t to)
{
	struct heard *h = arg;

	h->gaps++;
	h->gap_from = from;
	h->gap_to = to;
}

/* A subscription is known to be up when something has arrived. */
static void
subscribe(struct scene *s, const char *pattern, struct heard *h)
{
	memset(h, 0, sizeof(*h));
	h->s = s;
	ck_assert_int_eq(ms_subscribe(s->ms, pattern, on_event, on_gap, h,
			     &h->sub),
	    MS_OK);
	while (h->events == 0) {
		publish_all(s, 1, 1);
		flush(s);
		ms_dispatch(s->ms, 10);
	}
}

static void
hear(struct scene *s, const struct heard *h, uint64_t seq)
{
	while (h->last_seq < seq)
		ck_assert_int_eq(ms_dispatch(s->ms, PROBE_WAIT_MS), MS_OK);
}

static uint64_t
last_seq(struct scene *s)
{
	struct ms_published totals;

	ms_published(s->ms, &totals);
	return totals.last_seq;
}

START_TEST(a_subscriber_hears_what_its_pattern_wants)
{
	struct scene s;
	struct heard all, none = { 0 };
	unsigned before;

	scene_open(&s, 0);
	subscribe(&s, "test.*", &all);
	ck_assert_int_eq(ms_subscribe(s.ms, "test.other.>", on_event, on_gap,
			     &none, &none.sub),
	    MS_OK);
	hear(&s, &all, last_seq(&s));
	before = all.events;
	publish_all(&s, 1, 5000);
	flush(&s);
	hear(&s, &all, last_seq(&s));
	ck_assert_uint_eq(all.events - before, 5000);
	ck_assert_uint_eq(all.gaps, 0);
	ck_assert_uint_eq(none.events, 0);
	ms_unsubscribe(&all.sub);
	scene_close(&s);
}
END_TEST

START_TEST(what_was_not_received_is_told_as_a_gap)
{
	struct scene s;
	struct heard h;
	uint64_t heard_upto, missed_upto;

	scene_open(&s, 0);
	subscribe(&s, "test.>", &h);
	hear(&s, &h, last_seq(&s));
	heard_upto = h.last_seq;
	obey(&s, FAKE_SILENT);
	publish_all(&s, 1, 7);
	flush(&s);
	missed_upto = last_seq(&s);
	obey(&s, FAKE_ACK);
	publish_all(&s, 8, 1);
	flush(&s);
	hear(&s, &h, last_seq(&s));
	ck_assert_uint_eq(h.gaps, 1);
	ck_assert_uint_eq(h.gap_from, heard_upto + 1);
	ck_assert_uint_eq(h.gap_to, missed_upto);
	scene_close(&s);
}
END_TEST

/* ---- traces, delivered ------------------------------------------------------- */

#define CAUSE_ID "018f2b1c-7a2e-7c3d-9f10-2b4c6d8e0f12"

struct traced {
	struct scene *s;
	unsigned events;
	char traceparent[2][MS_TRACEPARENT_BYTES];
};

/* The first event it hears causes a second one. */
static void
on_traced(void *arg, const struct ms_event *event)
{
	struct traced *t = arg;
	struct ms_event effect = { .subject = "test.trace.effect" };

	if (strncmp(event->subject, "test.trace.", 11) != 0 || t->events >= 2)
		return;
	snprintf(t->traceparent[t->events++], MS_TRACEPARENT_BYTES, "%s",
	    event->traceparent);
	ck_assert_str_eq(event->tracestate, "a=b");
	if (t->events == 2) {
		ck_assert_str_eq(event->causation_id, CAUSE_ID);
		ck_assert_str_eq(event->correlation_id, CAUSE_ID);
		return;
	}
	ck_assert_int_eq(ms_cause(t->s->ms, event), MS_OK);
	ck_assert_int_eq(ms_publish(t->s->ms, &effect, MS_WRITTEN), MS_OK);
	ck_assert_int_eq(ms_cause(t->s->ms, NULL), MS_OK);
}

START_TEST(what_an_event_causes_belongs_to_its_trace)
{
	struct scene s;
	struct heard up;
	struct traced t = { .s = &s };
	struct ms_sub *sub;
	struct ms_event cause = { .subject = "test.trace.cause",
		.id = CAUSE_ID };

	scene_open(&s, 0);
	subscribe(&s, "test.>", &up);
	ck_assert_int_eq(ms_subscribe(s.ms, "test.trace.*", on_traced, NULL, &t,
			     &sub),
	    MS_OK);
	ck_assert_int_eq(ms_trace_set(s.ms, TRACEPARENT, "a=b"), MS_OK);
	while (t.events == 0) {
		ck_assert_int_eq(ms_publish(s.ms, &cause, MS_WRITTEN), MS_OK);
		flush(&s);
		ms_dispatch(s.ms, 10);
	}
	while (t.events < 2)
		ck_assert_int_eq(ms_dispatch(s.ms, PROBE_WAIT_MS), MS_OK);
	ck_assert_str_eq(t.traceparent[0], TRACEPARENT);
	ck_assert_str_ne(t.traceparent[1], TRACEPARENT);
	ck_assert_int_eq(memcmp(t.traceparent[1], TRACEPARENT, TRACE_CHARS), 0);
	scene_close(&s);
}
END_TEST

START_TEST(an_event_that_was_not_delivered_is_no_cause)
{
	struct scene s;
	struct ms_event event = { .subject = SUBJECT, .id = CAUSE_ID };

	scene_open(&s, 0);
	ck_assert_int_eq(ms_cause(s.ms, &event), MS_EINVAL);
	scene_close(&s);
}
END_TEST

START_TEST(a_pattern_that_breaks_the_grammar_is_refused)
{
	struct scene s;
	struct ms_sub *sub = NULL;

	scene_open(&s, 0);
	ck_assert_int_eq(ms_subscribe(s.ms, "a.>.b", on_event, on_gap, NULL,
			     &sub),
	    MS_ESUBJECT);
	scene_close(&s);
}
END_TEST

static void
on_event_leave(void *arg, const struct ms_event *event)
{
	struct heard *h = arg;

	on_event(arg, event);
	ms_unsubscribe(&h->sub);
}

START_TEST(a_subscriber_may_leave_in_its_callback)
{
	struct scene s;
	struct heard h = { 0 };

	scene_open(&s, 0);
	ck_assert_int_eq(ms_subscribe(s.ms, ">", on_event_leave, on_gap, &h,
			     &h.sub),
	    MS_OK);
	while (h.sub) {
		publish_all(&s, 1, 10);
		flush(&s);
		ms_dispatch(s.ms, 10);
	}
	ck_assert_uint_eq(h.events, 1);
	scene_close(&s);
}
END_TEST

/* ---- consume -------------------------------------------------------------------- */

struct eaten {
	struct ms_consumer *consumer;
	enum ms_err answer;
	unsigned batches;
	unsigned events;
	uint64_t last_seq;
	char held_subject[32];
	const struct ms_event *held;
};

static enum ms_err
on_batch(void *arg, const struct ms_event *events, size_t count)
{
	struct eaten *e = arg;

	ck_assert_uint_gt(count, 0);
	e->batches++;
	e->events += (unsigned)count;
	e->last_seq = events[count - 1].seq;
	e->held = events;
	return e->answer;
}

static void
consume(struct scene *s, uint32_t max_events, uint32_t ack_wait_ms,
    struct eaten *e)
{
	struct ms_consumer_options options = { .name = "eater",
		.max_events = max_events,
		.ack_wait_ms = ack_wait_ms };

	ck_assert_msg(ms_consume(s->ms, &options, on_batch, e, &e->consumer) ==
		MS_OK,
	    "%s", ms_why(s->ms));
}

static void
await_settled(struct scene *s, uint64_t seq)
{
	while (obey(s, FAKE_ACK).settled_upto < seq)
		ck_assert_int_eq(ms_dispatch(s->ms, 10), MS_OK);
}

START_TEST(a_consumer_is_given_everything_and_settles_it)
{
	struct scene s;
	struct eaten e = { .answer = MS_OK };

	scene_open(&s, 0);
	consume(&s, 100, 0, &e);
	publish_all(&s, 1, 5000);
	flush(&s);
	await_settled(&s, 5000);
	ck_assert_uint_eq(e.events, 5000);
	ck_assert_uint_ge(e.batches, 50);
	ms_consumer_close(&e.consumer);
	scene_close(&s);
}
END_TEST

START_TEST(a_batch_given_back_comes_again)
{
	struct scene s;
	struct eaten e = { .answer = MS_EIO };

	scene_open(&s, 0);
	publish_all(&s, 1, 3);
	flush(&s);
	consume(&s, 0, 0, &e);
	while (e.batches < 2)
		ms_dispatch(s.ms, PROBE_WAIT_MS);
	e.answer = MS_OK;
	await_settled(&s, 3);
	ck_assert_uint_ge(obey(&s, FAKE_ACK).retries, 1);
	scene_close(&s);
}
END_TEST

START_TEST(a_held_batch_is_kept_alive_and_settled_later)
{
	struct scene s;
	struct eaten e = { .answer = MS_EBUSY };

	scene_open(&s, 0);
	publish_all(&s, 1, 3);
	flush(&s);
	consume(&s, 0, 30, &e);
	while (obey(&s, FAKE_ACK).in_progress < 2)
		ms_dispatch(s.ms, 10);
	ck_assert_uint_eq(e.batches, 1);
	ck_assert_str_eq(e.held[2].subject, SUBJECT);
	ck_assert_uint_eq(obey(&s, FAKE_ACK).settled_upto, 0);
	ms_consumer_settle(e.consumer, MS_OK);
	await_settled(&s, 3);
	scene_close(&s);
}
END_TEST

START_TEST(a_consumer_finds_a_bus_that_forgot_it)
{
	struct scene s;
	struct eaten e = { .answer = MS_OK };

	scene_open(&s, 0);
	consume(&s, 0, 0, &e);
	publish_all(&s, 1, 10);
	flush(&s);
	await_settled(&s, 10);
	probe_kill(&s.probe);
	probe_start(&s.probe);
	publish_all(&s, 1, 4);
	flush(&s);
	await_settled(&s, 4);
	ck_assert_uint_eq(e.events, 14);
	scene_close(&s);
}
END_TEST

static enum ms_err
on_batch_close(void *arg, const struct ms_event *events, size_t count)
{
	struct eaten *e = arg;

	on_batch(arg, events, count);
	ms_consumer_close(&e->consumer);
	return MS_OK;
}

START_TEST(a_consumer_may_be_closed_in_its_callback)
{
	struct scene s;
	struct eaten e = { .answer = MS_OK };
	struct ms_consumer_options options = { .name = "eater" };

	scene_open(&s, 0);
	publish_all(&s, 1, 3);
	flush(&s);
	ck_assert_int_eq(ms_consume(s.ms, &options, on_batch_close, &e,
			     &e.consumer),
	    MS_OK);
	while (e.consumer)
		ms_dispatch(s.ms, PROBE_WAIT_MS);
	ck_assert_uint_eq(e.events, 3);
	scene_close(&s);
}
END_TEST

START_TEST(a_consumer_needs_a_name_and_good_patterns)
{
	struct scene s;
	const char *filter[] = { "test.>", "bad pattern", NULL };
	struct ms_consumer_options options = { .filter = filter };
	struct ms_consumer *consumer = NULL;

	scene_open(&s, 0);
	ck_assert_int_eq(ms_consume(s.ms, &options, on_batch, NULL, &consumer),
	    MS_EINVAL);
	options.name = "eater";
	ck_assert_int_eq(ms_consume(s.ms, &options, on_batch, NULL, &consumer),
	    MS_ESUBJECT);
	scene_close(&s);
}
END_TEST

/* ---- request ----------------------------------------------------------------------- */

START_TEST(a_request_in_json_is_answered_in_json)
{
	struct scene s;
	char *reply = NULL;

	scene_open(&s, 0);
	ck_assert_msg(ms_request(s.ms, "bus", "worker.health", NULL,
			  PROBE_WAIT_MS, &reply) == MS_OK,
	    "%s", ms_why(s.ms));
	ck_assert_ptr_nonnull(strstr(reply, "\"ready\":true"));
	free(reply);
	ck_assert_int_eq(ms_request(s.ms, "bus", "bus.consumer",
			     "{\"nmae\":\"x\"}", PROBE_WAIT_MS, &reply),
	    MS_EINVAL);
	ck_assert_ptr_nonnull(strstr(ms_why(s.ms), "name"));
	ck_assert_int_eq(ms_request(s.ms, "bus", "no.verb", NULL, PROBE_WAIT_MS,
			     &reply),
	    MS_ENOTFOUND);
	scene_close(&s);
}
END_TEST

UNIT(ms, what_is_published_is_acknowledged_in_batches,
    batches_in_flight_survive_a_kill_in_their_order,
    a_full_window_makes_the_publisher_wait,
    a_busy_bus_is_asked_again_until_it_takes_the_batch,
    a_refused_batch_is_reported_once_with_its_reason,
    a_wrong_event_is_refused_by_name_and_harms_no_other,
    flush_does_not_wait_for_what_asked_for_no_acknowledgement,
    flush_sends_what_unread_answers_make_room_for,
    a_cloudevent_in_json_is_published,
    closing_with_everything_in_flight_forgets_it,
    a_subscriber_hears_what_its_pattern_wants,
    what_was_not_received_is_told_as_a_gap,
    a_wrong_trace_is_refused_by_its_byte, a_child_belongs_to_its_parents_trace,
    what_an_event_causes_belongs_to_its_trace,
    an_event_that_was_not_delivered_is_no_cause,
    a_pattern_that_breaks_the_grammar_is_refused,
    a_subscriber_may_leave_in_its_callback,
    a_consumer_is_given_everything_and_settles_it,
    a_batch_given_back_comes_again,
    a_held_batch_is_kept_alive_and_settled_later,
    a_consumer_finds_a_bus_that_forgot_it,
    a_consumer_may_be_closed_in_its_callback,
    a_consumer_needs_a_name_and_good_patterns,
    a_request_in_json_is_answered_in_json)
