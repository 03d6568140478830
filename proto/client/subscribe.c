/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live events from bus.pub.ipc.  NNG drops silently and filters by prefix of
 * the class only, so every message is numbered by the bus: what is missing is
 * told as a gap, and patterns are matched here.
 */
#include <stdlib.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>

#include "proto/client/ms_impl.h"
#include "proto/contract.h"
#include "proto/msg/bus.h"
#include "proto/subject.h"

#define QUEUE_MESSAGES    8192 /* NNG's maximum */
#define MESSAGES_PER_TURN 64u
#define RECONNECT_MIN_MS  5
#define RECONNECT_MAX_MS  100
/* A class is a first token; more of them than this are watched for gaps no
 * longer, the oldest being forgotten. */
#define CLASSES_MAX       256u
#define EVENT_ARENA_BYTES (4u << 20)

struct class_state {
	char name[SUBJECT_BYTES_MAX + 1];
	uint64_t last_seq;
};

struct ms_sub {
	struct hub_item item; /* a message has come */
	LIST_ENTRY(ms_sub) entry;
	struct ms *ms;
	nng_socket socket;
	nng_aio *aio;
	atomic_bool posted;
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
find_class(struct ms_sub *sub, struct slice name, bool *is_new_r)
{
	struct class_state *c;

	for (size_t i = 0; i < sub->class_count; i++) {
		if (slice_is(name, sub->classes[i].name)) {
			*is_new_r = false;
			return &sub->classes[i];
		}
	}
	*is_new_r = true;
	if (sub->class_count < CLASSES_MAX) {
		c = &sub->classes[sub->class_count++];
	} else {
		c = &sub->classes[sub->oldest_class];
		sub->oldest_class = (sub->oldest_class + 1) % CLASSES_MAX;
	}
	memcpy(c->name, name.ptr, name.len);
	c->name[name.len] = '\0';
	c->last_seq = 0;
	return c;
}

struct live {
	struct slice class;
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
take_message(struct ms_sub *sub, nng_msg *msg)
{
	struct slice bytes = { nng_msg_body(msg), nng_msg_len(msg) };
	struct class_state *class;
	struct live live;
	uint64_t last_seq;
	bool is_new;

	if (!parse_live(bytes, &live))
		return;
	class = find_class(sub, live.class, &is_new);
	last_seq = class->last_seq;
	if (live.last_seq > last_seq)
		class->last_seq = live.last_seq;
	if (!is_new)
		tell_gap(sub, &live, last_seq);
	deliver_batch(sub, &live, last_seq);
}

/* ---- reception ----------------------------------------------------------------------- */

static void
on_aio(void *arg) /* NNG's thread */
{
	struct ms_sub *sub = arg;

	if (nng_aio_result(sub->aio) != 0)
		return; /* ms_unsubscribe() */
	atomic_store(&sub->posted, true);
	link_hub_post(sub->ms->hub, &sub->item);
}

static void
sub_free(struct ms_sub *sub)
{
	nng_aio_free(sub->aio);
	arena_fini(&sub->arena);
	free(sub->classes);
	free(sub->pattern);
	free(sub);
}

static void
take_and_free(struct ms_sub *sub, nng_msg *msg)
{
	if (!sub->closed)
		take_message(sub, msg);
	nng_msg_free(msg);
}

static void
run_sub(struct hub_item *item)
{
	struct ms_sub *sub = container_of(item, struct ms_sub, item);
	nng_msg *msg = nng_aio_get_msg(sub->aio);
	unsigned n = 0;

	atomic_store(&sub->posted, false);
	nng_aio_set_msg(sub->aio, NULL);
	sub->delivering = true;
	take_and_free(sub, msg);
	while (!sub->closed && ++n < MESSAGES_PER_TURN &&
	    nng_recvmsg(sub->socket, &msg, NNG_FLAG_NONBLOCK) == 0)
		take_and_free(sub, msg);
	sub->delivering = false;
	if (sub->closed)
		sub_free(sub);
	else
		nng_recv_aio(sub->socket, sub->aio);
}

/* ---- life ------------------------------------------------------------------------------ */

static int
set_options(nng_socket socket, struct slice class)
{
	char topic[SUBJECT_BYTES_MAX + 1] = { 0 };
	int rv = nng_socket_set_int(socket, NNG_OPT_RECVBUF, QUEUE_MESSAGES);

	if (class.len)
		memcpy(topic, class.ptr, class.len);
	if (!rv)
		rv = nng_socket_set_bool(socket, NNG_OPT_SUB_PREFNEW, false);
	if (!rv)
		rv = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT,
		    RECONNECT_MIN_MS);
	if (!rv)
		rv = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT,
		    RECONNECT_MAX_MS);
	if (!rv)
		rv = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ,
		    LINK_MESSAGE_BYTES_MAX);
	/* the class with its NUL: "agent" is not the beginning of "agents" */
	return rv ? rv
		  : nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, topic,
			class.len ? class.len + 1 : 0);
}

static int
dial(struct ms_sub *sub, const char *address)
{
	int rv = nng_sub0_open(&sub->socket);

	if (rv)
		return rv;
	rv = set_options(sub->socket, pattern_class(slice_of(sub->pattern)));
	if (!rv)
		rv = nng_dial(sub->socket, address, NULL, NNG_FLAG_NONBLOCK);
	if (rv)
		nng_close(sub->socket);
	return rv;
}

static struct ms_sub *
sub_new(struct ms *ms, const char *pattern)
{
	struct ms_sub *sub = calloc(1, sizeof(*sub));

	if (!sub)
		return NULL;
	sub->ms = ms;
	sub->item.run = run_sub;
	arena_init(&sub->arena, EVENT_ARENA_BYTES);
	sub->classes = calloc(CLASSES_MAX, sizeof(*sub->classes));
	sub->pattern = strdup(pattern);
	if (!sub->classes || !sub->pattern ||
	    nng_aio_alloc(&sub->aio, on_aio, sub) != 0) {
		sub->aio = NULL;
		sub_free(sub);
		return NULL;
	}
	return sub;
}

enum ms_err
ms_subscribe(struct ms *ms, const char *pattern, ms_event_fn *fn,
    ms_gap_fn *gap, void *arg, struct ms_sub **sub_r)
{
	enum ms_err err = pattern_check(slice_of(pattern), &ms->why);
	char *address;
	struct ms_sub *sub;
	int rv;

	if (err)
		return err;
	address = ms_address(ms, "bus", PUB_SUFFIX);
	if (!address)
		return MS_EINVAL;
	sub = sub_new(ms, pattern);
	rv = sub ? dial(sub, address) : NNG_ENOMEM;
	free(address);
	if (rv) {
		if (sub)
			sub_free(sub);
		return why_set(&ms->why, err_of_nng(rv), "cannot subscribe: %s",
		    nng_strerror(rv));
	}
	sub->fn = fn;
	sub->gap = gap;
	sub->arg = arg;
	LIST_INSERT_HEAD(&ms->subs, sub, entry);
	nng_recv_aio(sub->socket, sub->aio);
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
	sub->closed = true;
	nng_aio_stop(sub->aio); /* may post */
	nng_close(sub->socket);
	/* run_sub() frees it when it runs now or will run */
	if (!sub->delivering && !sub->posted)
		sub_free(sub);
}
