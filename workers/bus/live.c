/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The class of an event is looked up once, when it is added; committing then
 * only counts.  A batch of one class goes out as it was written; a mixed one
 * is dealt into one batch per class.
 *
 * Classes are bounded: the one that was quiet longest makes room.  Coming back
 * it says the highest sequence any forgotten class had, which may look like a
 * gap to a subscriber (it asks, and finds nothing) but never hides one.
 */
#include "workers/bus/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <uthash.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/log.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "proto/msg/bus.h"
#include "proto/subject.h"

#define BODY_KEEP_MAX (256u << 10)

struct class
{
	UT_hash_handle hh;
	TAILQ_ENTRY(class) age;    /* quiet longest first */
	STAILQ_ENTRY(class) dealt; /* in the batch at hand */
	uint64_t last_seq;
	uint32_t waiting; /* events of it in live->events */
	bool is_dealt;
	bool wants_beat; /* had events since its last heartbeat */
	struct buf body;
	struct batch_writer writer;
	size_t name_bytes;
	char name[];
};

struct live {
	struct loop *loop;
	live_send_fn *send;
	void *arg;
	char stream[PUB_STREAM_NAME_BYTES];
	uint64_t heartbeat_ms;
	uint64_t floor_seq; /* what an unknown class begins with */
	struct class *classes;
	TAILQ_HEAD(, class) by_age;
	struct class **events; /* classes of events not yet committed */
	size_t event_head, event_end, event_cap;
	ev_timer timer;
};

/* ---- sending ------------------------------------------------------------- */

static void
send_message(struct live *l, const struct class *class, uint64_t prev_seq,
    uint64_t last_seq, struct slice batch)
{
	unsigned char head[PUB_HEAD_BYTES];

	memcpy(head + PUB_STREAM_OFF, l->stream, sizeof(l->stream));
	put_u64(head, prev_seq);
	put_u64(head + 8, last_seq);
	l->send(l->arg, (struct slice){ class->name, class->name_bytes },
	    (struct slice){ (const char *)head, sizeof(head) }, batch);
}

static void
send_events(struct live *l, struct class *class, uint64_t last_seq,
    struct slice batch)
{
	send_message(l, class, class->last_seq, last_seq, batch);
	class->last_seq = last_seq;
	class->wants_beat = true;
}

static void
on_heartbeat(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct live *l = container_of(timer, struct live, timer);
	struct buf empty = { 0 };
	struct batch_writer writer;

	(void)ev;
	(void)events;
	batch_begin(&writer, &empty);
	batch_end(&writer, NULL);
	for (struct class *c = l->classes; c; c = c->hh.next) {
		if (!c->wants_beat || empty.failed)
			continue;
		c->wants_beat = false;
		send_message(l, c, c->last_seq, c->last_seq, buf_slice(&empty));
	}
	buf_fini(&empty);
}

/* ---- classes ------------------------------------------------------------- */

static void
class_forget(struct live *l, struct class *c)
{
	if (l->floor_seq < c->last_seq)
		l->floor_seq = c->last_seq;
	HASH_DEL(l->classes, c);
	TAILQ_REMOVE(&l->by_age, c, age);
	buf_fini(&c->body);
	free(c);
}

static void
make_room(struct live *l)
{
	struct class *c = TAILQ_FIRST(&l->by_age);

	if (HASH_COUNT(l->classes) < LIVE_CLASSES_MAX)
		return;
	while (c && c->waiting > 0)
		c = TAILQ_NEXT(c, age);
	if (c)
		class_forget(l, c);
}

static struct class *
class_of(struct live *l, struct slice name)
{
	struct class *c;

	HASH_FIND(hh, l->classes, name.ptr, name.len, c);
	if (c) {
		TAILQ_REMOVE(&l->by_age, c, age);
		TAILQ_INSERT_TAIL(&l->by_age, c, age);
		return c;
	}
	make_room(l);
	c = xcalloc(1, sizeof(*c) + name.len + 1);
	c->name_bytes = name.len;
	memcpy(c->name, name.ptr, name.len);
	c->last_seq = l->floor_seq;
	HASH_ADD_KEYPTR(hh, l->classes, c->name, c->name_bytes, c);
	TAILQ_INSERT_TAIL(&l->by_age, c, age);
	return c;
}

void
live_event(struct live *l, struct slice subject)
{
	struct slice name = subject_class(subject);
	struct class *c =
	    l->event_end > l->event_head ? l->events[l->event_end - 1] : NULL;

	if (!c || c->name_bytes != name.len ||
	    memcmp(c->name, name.ptr, name.len) != 0)
		c = class_of(l, name);
	if (l->event_end == l->event_cap) {
		l->event_cap = l->event_cap ? l->event_cap * 2 : 256;
		l->events = xreallocarray(l->events, l->event_cap,
		    sizeof(struct class *));
	}
	l->events[l->event_end++] = c;
	c->waiting++;
}

/* ---- batches ------------------------------------------------------------- */

static bool
is_one_class(const struct live *l, size_t count)
{
	const struct class *first = l->events[l->event_head];

	for (size_t i = 1; i < count; i++) {
		if (l->events[l->event_head + i] != first)
			return false;
	}
	return true;
}

/* Each frame to the batch of its class; then one message for each. */
static void
deal(struct live *l, const struct batch_head *head, struct slice batch)
{
	struct slice body = { batch.ptr + BATCH_HEADER_BYTES,
		head->body_bytes };
	struct batch_reader reader = batch_read(body, head->count);
	STAILQ_HEAD(, class) dealt = STAILQ_HEAD_INITIALIZER(dealt);
	uint64_t seq = head->base_seq;
	struct class *c;

	for (size_t i = 0; i < head->count; i++, seq++) {
		struct slice frame;
		bool end = false;

		if (batch_next(&reader, &frame, &end) || end)
			break;
		c = l->events[l->event_head + i];
		if (!c->is_dealt) {
			c->is_dealt = true;
			STAILQ_INSERT_TAIL(&dealt, c, dealt);
			buf_reset(&c->body);
			batch_begin(&c->writer, &c->body);
		}
		batch_add(&c->writer, frame);
	}
	STAILQ_FOREACH(c, &dealt, dealt) {
		struct batch_head mine = *head;
		uint64_t last_seq = 0;

		for (size_t i = 0; i < head->count; i++) {
			if (l->events[l->event_head + i] == c)
				last_seq = head->base_seq + i;
		}
		mine.base_seq = 0; /* not one after the other */
		batch_end(&c->writer, &mine);
		c->is_dealt = false;
		if (!c->body.failed)
			send_events(l, c, last_seq, buf_slice(&c->body));
		if (c->body.cap > BODY_KEEP_MAX || c->body.failed)
			buf_fini(&c->body);
	}
}

void
live_batch(struct live *l, struct slice batch)
{
	struct batch_head head;

	if (batch_head_get(batch, &head, NULL) != MS_OK ||
	    head.count > l->event_end - l->event_head)
		log_panic(__FILE__, __LINE__, "a committed batch is known");
	if (is_one_class(l, head.count))
		send_events(l, l->events[l->event_head],
		    head.base_seq + head.count - 1, batch);
	else
		deal(l, &head, batch);
	for (size_t i = 0; i < head.count; i++)
		l->events[l->event_head + i]->waiting--;
	l->event_head += head.count;
	if (l->event_head == l->event_end)
		l->event_head = l->event_end = 0;
	if (!ev_is_active(&l->timer))
		loop_timer_start(l->loop, &l->timer, l->heartbeat_ms);
}

/* ---- life ---------------------------------------------------------------- */

struct live *
live_new(struct loop *loop, const char *stream, uint64_t heartbeat_ms,
    uint64_t start_seq, live_send_fn *send, void *arg)
{
	struct live *l = xcalloc(1, sizeof(*l));

	l->loop = loop;
	snprintf(l->stream, sizeof(l->stream), "%s", stream);
	l->heartbeat_ms = heartbeat_ms;
	l->floor_seq = start_seq;
	l->send = send;
	l->arg = arg;
	TAILQ_INIT(&l->by_age);
	ev_timer_init(&l->timer, on_heartbeat, 0., 0.);
	return l;
}

void
live_free(struct live **live)
{
	struct live *l = *live;

	if (!l)
		return;
	*live = NULL;
	loop_timer_stop(l->loop, &l->timer);
	while (!TAILQ_EMPTY(&l->by_age))
		class_forget(l, TAILQ_FIRST(&l->by_age));
	free(l->events);
	free(l);
}

void
live_set_heartbeat(struct live *l, uint64_t heartbeat_ms)
{
	l->heartbeat_ms = heartbeat_ms;
}
