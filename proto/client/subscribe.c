/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live events from bus.pub.ipc.  A PUB socket sends everything to everybody
 * and drops silently for who is slow, so every message is numbered by the bus:
 * what is missing is told as a gap, and classes and patterns are matched here.
 */
#include <stdlib.h>

#include "proto/client/ms_impl.h"
#include "proto/contract.h"
#include "proto/msg/bus.h"
#include "proto/subject.h"

/* Received and not yet delivered, before reading pauses; the bus then queues
 * and in the end drops, which we see as a gap. */
#define INBOX_BYTES_MAX   (32u << 20)
#define MESSAGES_PER_TURN 64u
/* A class is a first token in one stream; more of them than this are watched
 * for gaps no longer, the oldest being forgotten. */
#define CLASSES_MAX       256u
#define EVENT_ARENA_BYTES (4u << 20)

struct class_state {
	char name[SUBJECT_BYTES_MAX + 1];
	char stream[PUB_STREAM_NAME_BYTES];
	uint64_t last_seq;
};

struct ms_sub {
	struct hub_item item; /* messages wait in the inbox */
	LIST_ENTRY(ms_sub) entry;
	struct ms *ms;
	struct sp *sp;
	STAILQ_HEAD(, sp_msg) inbox;
	size_t inbox_bytes;
	bool closed;
	bool delivering; /* a callback of ours runs */
	char *pattern;
	ms_event_fn *fn;
	ms_gap_fn *gap;
	void *arg;
	struct class_state *classes;
	size_t class_count;
	size_t oldest_class;
	struct arena arena;
};

/* ---- one message ------------------------------------------------------------------ */

static struct class_state *
find_class(struct ms_sub *sub, struct slice name, const char *stream,
    bool *is_new_r)
{
	struct class_state *c;

	for (size_t i = 0; i < sub->class_count; i++) {
		c = &sub->classes[i];
		if (slice_is(name, c->name) &&
		    memcmp(c->stream, stream, sizeof(c->stream)) == 0) {
			*is_new_r = false;
			return c;
		}
	}
	*is_new_r = true;
	if (sub->class_count < CLASSES_MAX) {
		c = &sub->classes[sub->class_count++];
	} else {
		c = &sub->classes[sub->oldest_class];
		sub->oldest_class = (sub->oldest_class + 1) % CLASSES_MAX;
	}
	memcpy(c->stream, stream, sizeof(c->stream));
	memcpy(c->name, name.ptr, name.len);
	c->name[name.len] = '\0';
	c->last_seq = 0;
	return c;
}

struct live {
	struct slice class;
	const char *stream; /* PUB_STREAM_NAME_BYTES of it */
	uint64_t prev_seq, last_seq;
	struct batch_head head;
	struct slice batch_body;
};

/* False: bytes that break the format; the next message will show a gap. */
static bool
parse_live(struct slice bytes, struct live *live_r)
{
	struct slice rest = bytes;
	size_t total;

	if (!slice_cut(&rest, '\0', &live_r->class) || live_r->class.len == 0 ||
	    live_r->class.len > SUBJECT_BYTES_MAX || rest.len < PUB_HEAD_BYTES)
		return false;
	live_r->prev_seq = get_u64(rest.ptr);
	live_r->last_seq = get_u64(rest.ptr + 8);
	live_r->stream = rest.ptr + PUB_STREAM_OFF;
	rest.ptr += PUB_HEAD_BYTES;
	rest.len -= PUB_HEAD_BYTES;
	live_r->head = (struct batch_head){ 0 };
	live_r->batch_body = (struct slice){ NULL, 0 };
	if (rest.len == 0) /* a heartbeat may come without its empty batch */
		return true;
	if (batch_check(rest, &live_r->head, &total, NULL) != MS_OK)
		return false;
	live_r->batch_body = (struct slice){ rest.ptr + BATCH_HEADER_BYTES,
		live_r->head.body_bytes };
	return true;
}

static bool
pattern_wants(const struct ms_sub *sub, struct slice frame)
{
	static const struct envelope_limits limits = {
		.payload_bytes = ENVELOPE_PAYLOAD_CEILING,
		.header_bytes = ENVELOPE_HEADER_BYTES_MAX,
	};
	struct envelope e;

	return envelope_peek(frame, &limits, &e, NULL) == MS_OK &&
	    pattern_matches(slice_of(sub->pattern), e.subject);
}

static void
deliver(struct ms_sub *sub, struct slice frame)
{
	struct ms_event event;

	if (!pattern_wants(sub, frame))
		return;
	arena_reset(&sub->arena);
	if (event_from_frame(frame, &sub->arena, &event, &sub->ms->why) ==
	    MS_OK)
		sub->fn(sub->arg, &event);
}

static void
deliver_batch(struct ms_sub *sub, const struct live *live, uint64_t after_seq)
{
	struct batch_reader reader =
	    batch_read(live->batch_body, live->head.count);
	struct slice frame;
	bool end = false;
	enum ms_err err;

	while (!sub->closed) {
		err = batch_next(&reader, &frame, &end);
		if (end || err == MS_EPROTO)
			return;
		if (err == MS_OK && frame.len >= ENVELOPE_FIXED_BYTES &&
		    frame_seq(frame.ptr) > after_seq)
			deliver(sub, frame);
	}
}

/* prev_seq 0: the bus has started anew and does not know what it sent before;
 * what lies between is then as good as missed. */
static void
tell_gap(struct ms_sub *sub, const struct live *live, uint64_t last_seq)
{
	uint64_t upto = live->prev_seq;

	if (upto == 0 && live->head.count > 0 && live->head.base_seq > 0)
		upto = live->head.base_seq - 1;
	if (upto > last_seq && sub->gap)
		sub->gap(sub->arg, last_seq + 1, upto);
}

static void
take_message(struct ms_sub *sub, const struct sp_msg *msg)
{
	struct slice bytes = { msg->bytes, msg->len };
	struct class_state *class;
	struct live live;
	uint64_t last_seq;
	bool is_new;

	if (!parse_live(bytes, &live))
		return;
	class = find_class(sub, live.class, live.stream, &is_new);
	last_seq = class->last_seq;
	if (live.last_seq > last_seq)
		class->last_seq = live.last_seq;
	if (!is_new)
		tell_gap(sub, &live, last_seq);
	deliver_batch(sub, &live, last_seq);
}

/* ---- reception ----------------------------------------------------------------------- */

/* The topic with its NUL: "agent" is not the beginning of "agents". */
static bool
class_wants(const struct ms_sub *sub, const struct sp_msg *msg)
{
	struct slice class = pattern_class(slice_of(sub->pattern));

	return class.len == 0 ||
	    (msg->len > class.len && msg->bytes[class.len] == '\0' &&
		memcmp(msg->bytes, class.ptr, class.len) == 0);
}

static void
on_message(void *arg, struct sp_msg *msg)
{
	struct ms_sub *sub = arg;

	if (!class_wants(sub, msg)) {
		free(msg);
		return;
	}
	STAILQ_INSERT_TAIL(&sub->inbox, msg, next);
	sub->inbox_bytes += msg->len;
	if (sub->inbox_bytes > INBOX_BYTES_MAX)
		sp_pause(sub->sp, true);
	if (!sub->delivering) /* else run_sub() goes on with it */
		hub_post(sub->ms->hub, &sub->item);
}

static struct sp_msg *
take_from_inbox(struct ms_sub *sub)
{
	struct sp_msg *msg = STAILQ_FIRST(&sub->inbox);

	if (!msg)
		return NULL;
	STAILQ_REMOVE_HEAD(&sub->inbox, next);
	sub->inbox_bytes -= msg->len;
	if (sub->inbox_bytes <= INBOX_BYTES_MAX / 2)
		sp_pause(sub->sp, false);
	return msg;
}

static void
sub_free(struct ms_sub *sub)
{
	struct sp_msg *msg;

	while ((msg = STAILQ_FIRST(&sub->inbox)) != NULL) {
		STAILQ_REMOVE_HEAD(&sub->inbox, next);
		free(msg);
	}
	arena_fini(&sub->arena);
	free(sub->classes);
	free(sub->pattern);
	free(sub);
}

static void
run_sub(struct hub_item *item)
{
	struct ms_sub *sub = container_of(item, struct ms_sub, item);
	struct sp_msg *msg;

	sub->delivering = true;
	for (unsigned n = 0; n < MESSAGES_PER_TURN && !sub->closed; n++) {
		msg = take_from_inbox(sub);
		if (!msg)
			break;
		take_message(sub, msg);
		free(msg);
	}
	sub->delivering = false;
	if (sub->closed)
		sub_free(sub);
	else if (!STAILQ_EMPTY(&sub->inbox))
		hub_post(sub->ms->hub, &sub->item);
}

/* ---- life ------------------------------------------------------------------------------ */

static struct ms_sub *
sub_new(struct ms *ms, const char *pattern)
{
	struct ms_sub *sub = calloc(1, sizeof(*sub));

	if (!sub)
		return NULL;
	sub->ms = ms;
	sub->item.run = run_sub;
	STAILQ_INIT(&sub->inbox);
	arena_init(&sub->arena, EVENT_ARENA_BYTES);
	sub->classes = calloc(CLASSES_MAX, sizeof(*sub->classes));
	sub->pattern = strdup(pattern);
	if (!sub->classes || !sub->pattern) {
		sub_free(sub);
		return NULL;
	}
	return sub;
}

enum ms_err
ms_subscribe(struct ms *ms, const char *pattern, ms_event_fn *fn,
    ms_gap_fn *gap, void *arg, struct ms_sub **sub_r)
{
	static const struct sp_user user = { .self = SP_SUB,
		.peer = SP_PUB,
		.message = on_message };
	enum ms_err err = pattern_check(slice_of(pattern), &ms->why);
	char *address;
	struct ms_sub *sub;

	if (err)
		return err;
	address = handle_address(ms, "bus", PUB_SUFFIX);
	if (!address)
		return MS_EINVAL;
	sub = sub_new(ms, pattern);
	err = sub ? sp_open(ms->hub, address, &user, sub, &sub->sp) : MS_ENOMEM;
	free(address);
	if (err) {
		if (sub)
			sub_free(sub);
		return why_set(&ms->why, err, "cannot subscribe: %s",
		    ms_strerr(err));
	}
	sub->fn = fn;
	sub->gap = gap;
	sub->arg = arg;
	LIST_INSERT_HEAD(&ms->subs, sub, entry);
	sp_want(sub->sp, true);
	*sub_r = sub;
	return MS_OK;
}

void
ms_unsubscribe(struct ms_sub **sub_ptr)
{
	struct ms_sub *sub = *sub_ptr;

	if (!sub)
		return;
	*sub_ptr = NULL;
	LIST_REMOVE(sub, entry);
	hub_unpost(sub->ms->hub, &sub->item);
	sp_close(&sub->sp);
	sub->closed = true;
	if (!sub->delivering) /* else run_sub() frees it */
		sub_free(sub);
}
