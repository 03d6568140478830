/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one event costs the codec: medians over many rounds, in nanoseconds.
 * The event is a typical agent's: six attributes, 256 bytes of JSON.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/id.h"
#include "common/mono.h"
#include "proto/cloudevent.h"
#include "proto/envelope.h"

#define ROUNDS 301
#define CALLS  2000

static const char line[] =
    "{\"specversion\":\"1.0\",\"id\":\"018f2b1c-7a2e-7c3d-9f10-2b4c6d8e0f12\","
    "\"source\":\"/node/agent/worker-3\",\"type\":\"io.mister.agent.started\","
    "\"subject\":\"agent.worker-3.started\",\"time\":\"2026-11-24T20:15:00.123Z\","
    "\"datacontenttype\":\"application/json\",\"partitionkey\":\"worker-3\","
    "\"data\":{\"pid\":4711,\"tasks\":[1,2,3],\"state\":\"ready\",\"load\":0.25}}";

struct bench {
	struct envelope event;
	struct buf frame;
	struct arena arena;
	uint64_t sink;
};

static void
encode(struct bench *b)
{
	buf_reset(&b->frame);
	if (envelope_encode(&b->event, NULL, &b->frame, NULL) != MS_OK)
		abort();
	b->sink += b->frame.len;
}

static void
peek(struct bench *b)
{
	struct envelope e;

	if (envelope_peek(buf_slice(&b->frame), NULL, &e, NULL) != MS_OK)
		abort();
	b->sink += e.subject.len;
}

static void
decode(struct bench *b)
{
	struct envelope e;

	if (envelope_decode(buf_slice(&b->frame), NULL, &b->arena, &e, NULL) !=
	    MS_OK)
		abort();
	b->sink += e.subject.len;
}

static void
stamp(struct bench *b)
{
	frame_stamp(b->frame.ptr, ++b->sink, 7, 1, 0);
}

static void
parse(struct bench *b)
{
	struct envelope e;

	arena_reset(&b->arena);
	if (cloudevent_parse(slice_of(line), NULL, &b->arena, &e, NULL) !=
	    MS_OK)
		abort();
	b->sink += e.payload.len;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(const char *name, void (*call)(struct bench *), struct bench *b)
{
	double ns[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		struct mono start = mono_now();
		for (int i = 0; i < CALLS; i++)
			call(b);
		ns[round] = (double)(mono_now().ns - start.ns) / CALLS;
	}
	qsort(ns, ROUNDS, sizeof(*ns), by_value);
	printf("codec.%s %.1f ns\n", name, ns[ROUNDS / 2]);
}

int
main(void)
{
	static char payload[256];
	struct bench b = { .event = { .encoding = ENCODING_JSON,
			       .time_ns = 1700000000000000000,
			       .id = id_new(),
			       .type = SLICE_LIT("io.mister.agent.started"),
			       .source = SLICE_LIT("/node/agent/worker-3"),
			       .subject = SLICE_LIT("agent.worker-3.started"),
			       .content_type = SLICE_LIT("application/json"),
			       .partition_key = SLICE_LIT("worker-3") } };

	memset(payload, 'x', sizeof(payload));
	payload[0] = payload[sizeof(payload) - 1] = '"';
	b.event.payload = (struct slice){ payload, sizeof(payload) };
	arena_init(&b.arena, 0);
	measure("envelope.encode", encode, &b);
	measure("envelope.peek", peek, &b);
	measure("envelope.decode", decode, &b);
	measure("envelope.stamp", stamp, &b);
	measure("cloudevent.parse", parse, &b);
	buf_fini(&b.frame);
	arena_fini(&b.arena);
	return b.sink == 0;
}
