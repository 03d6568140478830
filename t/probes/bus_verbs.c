/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says every verb to a fresh bus, rightly and wrongly, and checks the answers.
 * Each check is a claim; the first that does not hold ends the program.
 *
 *   bus_verbs RUN_DIR
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mono.h"
#include "proto/batch.h"
#include "proto/client/call.h"
#include "proto/envelope.h"
#include "proto/msg/bus.h"

#define WAIT_MS     20000u
#define ACK_WAIT_MS 300u

static struct link_hub *hub;
static struct link *bus;
static struct arena arena;
static struct why why;

#define claim(cond) claim_at(cond, #cond, __LINE__)
static void
claim_at(bool holds, const char *text, int line)
{
	if (holds)
		return;
	fprintf(stderr, "bus_verbs.c:%d: does not hold: %s (%s)\n", line, text,
	    why.text);
	exit(EXIT_FAILURE);
}

static enum ms_err
say(const struct msg_desc *desc, const void *in, struct slice body, void *out,
    struct slice *body_r)
{
	*why.text = '\0';
	return call_wait(bus, desc, in, body, WAIT_MS, &arena, out, body_r,
	    &why);
}

/* ---- publishing ---------------------------------------------------------- */

struct unit { /* a batch that is being made */
	struct buf bytes;
	struct batch_writer writer;
};

static void
unit_begin(struct unit *u)
{
	buf_reset(&u->bytes);
	batch_begin(&u->writer, &u->bytes);
}

static void
unit_add(struct unit *u, const char *subject, const char *id, size_t payload)
{
	static char bytes[2u << 20];
	struct envelope event = { .type = SLICE_LIT("t"),
		.source = SLICE_LIT("/verbs"),
		.subject = slice_of(subject),
		.id_text = slice_of(id),
		.payload = { bytes, payload } };
	struct envelope_limits limits = { ENVELOPE_PAYLOAD_CEILING,
		ENVELOPE_HEADER_BYTES_MAX };

	batch_open_record(&u->writer);
	claim(!envelope_encode(&event, &limits, &u->bytes, &why));
	batch_close_record(&u->writer);
}

static enum ms_err
publish(struct unit *u, int durability, struct bus_publish_out *out)
{
	struct bus_publish_in in = { .durability = durability };

	batch_end(&u->writer, NULL);
	return say(&msg_bus_publish, &in, buf_slice(&u->bytes), out, NULL);
}

static uint64_t
last_seq(void)
{
	struct bus_stats_out stats;

	claim(!say(&msg_bus_stats, NULL, (struct slice){ NULL, 0 }, &stats,
	    NULL));
	return stats.last_seq;
}

static void
check_publish(struct unit *u)
{
	struct bus_publish_out out;

	unit_begin(u);
	unit_add(u, "agent.1.started", "a", 10);
	unit_add(u, "agent.2.started", "b", 0);
	unit_add(u, "audit.head", "c", 100);
	claim(publish(u, DURABILITY_WRITTEN, &out) == MS_OK);
	claim(out.first_seq == 1 && out.last_seq == 3 && out.count == 3);
	claim(out.duplicates == 0 && out.durability >= DURABILITY_WRITTEN);

	/* the same again: not stored, the old sequences counted */
	claim(publish(u, DURABILITY_WRITTEN, &out) == MS_OK);
	claim(out.first_seq == 0 && out.last_seq == 3 && out.count == 0);
	claim(out.duplicates == 3 && last_seq() == 3);

	/* twice in one batch, and synced means it */
	unit_begin(u);
	unit_add(u, "agent.3.started", "d", 10);
	unit_add(u, "agent.3.started", "d", 10);
	claim(publish(u, DURABILITY_SYNCED, &out) == MS_OK);
	claim(out.last_seq == 4 && out.count == 1 && out.duplicates == 1);
	claim(out.durability == DURABILITY_SYNCED && out.synced_seq >= 4);
}

/* A frame of somebody who does not check what he sends. */
static void
unit_add_bad_trace(struct unit *u)
{
	struct envelope event = {
		.type = SLICE_LIT("t"),
		.source = SLICE_LIT("/verbs"),
		.subject = SLICE_LIT("agent.1.started"),
		.id_text = SLICE_LIT("traced"),
		.traceparent = SLICE_LIT(
		    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	};
	size_t at;
	char *text;

	batch_open_record(&u->writer);
	at = u->bytes.len;
	claim(!envelope_encode(&event, NULL, &u->bytes, &why));
	text = memmem(u->bytes.ptr + at, u->bytes.len - at, "-4bf9", 5);
	text[1] = 'X';
	frame_stamp(u->bytes.ptr + at, 0, 0, 0, 0); /* the checksum */
	batch_close_record(&u->writer);
}

static void
check_refusals(struct unit *u)
{
	struct bus_publish_out out;
	struct slice body;
	size_t good;

	/* one bad frame refuses the whole batch, by its index */
	unit_begin(u);
	unit_add(u, "agent.1.started", "x", 10);
	good = u->bytes.len;
	unit_add(u, "agent.1.started", "y", 10);
	u->bytes.ptr[good + BATCH_RECORD_BYTES + 20] ^= 1;
	claim(publish(u, DURABILITY_WRITTEN, &out) != MS_OK);
	claim(strstr(why.text, "event 1") != NULL);

	unit_begin(u);
	unit_add(u, "agent.1.started", "x", 10);
	unit_add_bad_trace(u);
	claim(publish(u, DURABILITY_WRITTEN, &out) == MS_EATTRIBUTE);
	claim(strstr(why.text, "event 1: traceparent, byte 3") != NULL);

	/* larger than max_payload, which is 1M here */
	unit_begin(u);
	unit_add(u, "agent.1.started", "x", 10);
	unit_add(u, "agent.1.started", "y", (1u << 20) + 1);
	claim(publish(u, DURABILITY_WRITTEN, &out) == MS_ETOOBIG);
	claim(strstr(why.text, "event 1") != NULL);

	unit_begin(u);
	claim(publish(u, DURABILITY_WRITTEN, &out) == MS_EINVAL);

	body = buf_slice(&u->bytes);
	body.len -= 1;
	claim(say(&msg_bus_publish, &(struct bus_publish_in){ 2 }, body, &out,
		  NULL) == MS_EPROTO);
	claim(say(&msg_bus_publish, &(struct bus_publish_in){ 2 },
		  SLICE_LIT("nonsense"), &out, NULL) == MS_EPROTO);
	claim(last_seq() == 4);
}

/* ---- consuming ----------------------------------------------------------- */

static enum ms_err
create(const char *name, const char *pattern, int deliver,
    struct bus_consumer_out *out)
{
	char *words[2] = { (char *)(uintptr_t)pattern, NULL };
	struct bus_consumer_in in = { .name = (char *)(uintptr_t)name,
		.filter = { words, pattern ? 1 : 0 },
		.deliver = deliver,
		.ack_wait_ms = ACK_WAIT_MS };

	return say(&msg_bus_consumer, &in, (struct slice){ NULL, 0 }, out,
	    NULL);
}

struct batch_got {
	uint64_t seq[16];
	uint16_t deliveries[16];
	bool redelivered[16];
};

static void
read_batch(struct slice body, struct batch_got *got)
{
	struct batch_head head;
	struct batch_reader reader;
	struct slice frame;
	size_t total, n = 0;
	bool end = false;

	memset(got, 0, sizeof(*got));
	if (body.len == 0)
		return;
	claim(!batch_check(body, &head, &total, &why));
	reader = batch_read((struct slice){ body.ptr + BATCH_HEADER_BYTES,
				head.body_bytes },
	    head.count);
	while (!batch_next(&reader, &frame, &end) && !end && n < 16) {
		struct envelope event;

		claim(!envelope_decode(frame, &envelope_limits_default, &arena,
		    &event, &why));
		got->seq[n] = event.seq;
		got->deliveries[n] = event.deliveries;
		got->redelivered[n++] =
		    (event.flags & ENVELOPE_REDELIVERED) != 0;
	}
	claim(end);
}

static enum ms_err
fetch(const char *name, const char *member, uint64_t settle_upto,
    uint64_t wait_ms, struct bus_fetch_out *out, struct batch_got *got)
{
	struct bus_fetch_in in = { .consumer = (char *)(uintptr_t)name,
		.member = (char *)(uintptr_t)member,
		.max_events = 10,
		.settle_upto = settle_upto,
		.wait_ms = wait_ms };
	struct slice body = { NULL, 0 };
	enum ms_err err =
	    say(&msg_bus_fetch, &in, (struct slice){ NULL, 0 }, out, &body);

	if (!err)
		read_batch(body, got);
	return err;
}

static enum ms_err
settle(const char *name, const char *member, uint64_t first, uint64_t last,
    int result, uint64_t delay_ms, uint64_t *floor_r)
{
	struct bus_settle_in in = { (char *)(uintptr_t)name,
		(char *)(uintptr_t)member, first, last, result, delay_ms };
	struct bus_settle_out out = { 0 };
	enum ms_err err =
	    say(&msg_bus_settle, &in, (struct slice){ NULL, 0 }, &out, NULL);

	*floor_r = out.ack_floor;
	return err;
}

static void
check_consumers(void)
{
	struct bus_consumer_out out;

	claim(create("one", "agent.>", DELIVER_ALL, &out) == MS_OK);
	claim(out.created && out.ack_floor == 0);
	claim(create("one", "agent.>", DELIVER_ALL, &out) == MS_OK);
	claim(!out.created);
	claim(create("one", "audit.>", DELIVER_ALL, &out) == MS_ECONFLICT);
	claim(create("a.b", NULL, DELIVER_ALL, &out) == MS_EINVAL);
	claim(create("bad", "agent..x", DELIVER_ALL, &out) == MS_ESUBJECT);
	claim(create("late", NULL, DELIVER_NEW, &out) == MS_OK);
	claim(out.ack_floor == 4);
}

static void
check_redelivery(void)
{
	struct bus_fetch_out out;
	struct batch_got got;
	uint64_t floor;

	claim(fetch("none", "m", 0, 0, &out, &got) == MS_ENOTFOUND);
	claim(fetch("one", "m", 0, 0, &out, &got) == MS_OK);
	claim(out.count == 3 && got.seq[0] == 1 && got.seq[2] == 4);
	claim(got.deliveries[0] == 1 && !got.redelivered[0]);
	claim(settle("one", "m", 1, 1, SETTLE_SUCCESS, 0, &floor) == MS_OK);
	claim(floor == 1);

	/* unsettled ones come after ack_wait to one who waits, marked */
	claim(fetch("one", "m", 0, 10 * ACK_WAIT_MS, &out, &got) == MS_OK);
	claim(out.count == 2 && got.seq[0] == 2 && got.seq[1] == 4);
	claim(got.deliveries[0] == 2 && got.redelivered[0]);

	/* a retry comes after its delay, and nothing before it */
	claim(settle("one", "m", 2, 4, SETTLE_RETRY, 200, &floor) == MS_OK);
	claim(fetch("one", "m", 0, 0, &out, &got) == MS_OK && out.count == 0);
	claim(fetch("one", "m", 0, 5000, &out, &got) == MS_OK);
	claim(out.count == 2 && got.deliveries[1] == 3);
	claim(settle("one", "m", 2, 4, SETTLE_RELEASE, 0, &floor) == MS_OK);
	claim(fetch("one", "m", 0, 0, &out, &got) == MS_OK);
	claim(out.count == 2 && got.deliveries[0] == 3);
}

static void
check_takeover(void)
{
	struct bus_fetch_out out;
	struct batch_got got;
	uint64_t floor;

	/* a new member has what was in flight at once; the old one is out */
	claim(fetch("one", "n", 0, 0, &out, &got) == MS_OK);
	claim(out.count == 2 && got.seq[0] == 2 && got.redelivered[0]);
	claim(settle("one", "m", 2, 4, SETTLE_SUCCESS, 0, &floor) ==
	    MS_ECONFLICT);
	claim(fetch("one", "m", 4, 0, &out, &got) == MS_ECONFLICT);
	claim(fetch("one", "n", 4, 0, &out, &got) == MS_OK);
	claim(out.count == 0 && out.ack_floor == 4);
}

static void
on_fetched(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *reason)
{
	const struct bus_fetch_out *fetched = out;
	int64_t *count = arg;

	(void)body;
	(void)reason;
	*count = err ? -(int64_t)err : (int64_t)fetched->count;
}

static void
check_long_poll(struct unit *u)
{
	char name[] = "late", member[] = "m";
	struct bus_fetch_in in = { .consumer = name,
		.member = member,
		.wait_ms = 20000 };
	struct bus_publish_out out;
	struct bus_fetch_out fetched;
	struct batch_got got;
	struct mono begun = mono_now();
	int64_t count = INT64_MAX;

	claim(fetch("late", "m", 0, 100, &fetched, &got) == MS_OK);
	claim(fetched.count == 0);
	claim(mono_ms_between(begun, mono_now()) >= 100);
	claim(!call_start(bus, &msg_bus_fetch, &in, (struct slice){ NULL, 0 },
	    NULL, on_fetched, &count));
	claim(last_seq() == 4 && count == INT64_MAX);
	unit_begin(u);
	unit_add(u, "agent.9.started", "e", 10);
	claim(publish(u, DURABILITY_WRITTEN, &out) == MS_OK);
	/* the answer to the fetch was sent behind that of the publish */
	claim(last_seq() == 5);
	claim(count == 1);
	claim(fetch("late", "m", 5, 0, &fetched, &got) == MS_OK);
	claim(fetched.ack_floor == 5);
}

/* ---- reading ------------------------------------------------------------- */

static void
check_read(void)
{
	char filter[] = "audit.*", broken[] = "a.>.b";
	struct bus_read_in in = { .from_seq = 2, .max_events = 2 };
	struct bus_read_out out;
	struct slice body = { NULL, 0 };
	struct batch_got got;
	struct slice none = { NULL, 0 };

	claim(say(&msg_bus_read, &in, none, &out, &body) == MS_OK);
	read_batch(body, &got);
	claim(out.count == 2 && got.seq[0] == 2 && out.next_seq == 4);
	claim(out.first_stored_seq == 1 && out.last_stored_seq == 5);
	in = (struct bus_read_in){ .last = 2 };
	claim(say(&msg_bus_read, &in, none, &out, &body) == MS_OK);
	read_batch(body, &got);
	claim(out.count == 2 && got.seq[0] == 4 && got.seq[1] == 5);
	in = (struct bus_read_in){ .from_seq = 1, .filter = filter };
	claim(say(&msg_bus_read, &in, none, &out, &body) == MS_OK);
	read_batch(body, &got);
	claim(out.count == 1 && got.seq[0] == 3 && out.next_seq == 6);
	in.filter = broken;
	claim(say(&msg_bus_read, &in, none, &out, &body) == MS_ESUBJECT);
	in = (struct bus_read_in){ .from_seq = 6, .wait_ms = 50 };
	claim(say(&msg_bus_read, &in, none, &out, &body) == MS_OK);
	claim(out.count == 0 && out.next_seq == 6);
}

static void
check_figures(void)
{
	struct bus_stats_out stats;
	struct slice body = { NULL, 0 };
	struct slice none = { NULL, 0 };

	claim(!say(&msg_bus_stats, NULL, none, &stats, NULL));
	claim(stats.first_seq == 1 && stats.last_seq == 5);
	claim(stats.events_in == 5 && stats.duplicates_in == 4);
	claim(stats.refused_in == 6 && stats.consumers == 2);
	claim(stats.dedup_entries == 5 && stats.dedup_window_ms == 120000);
	claim(!say(&msg_bus_consumers, NULL, none, NULL, &body));
	claim(memmem(body.ptr, body.len, "\"name\":\"one\"", 12) != NULL);
}

int
main(int argc, char **argv)
{
	char address[256];
	struct unit u = { 0 };

	if (argc != 2)
		return 2;
	snprintf(address, sizeof(address), "ipc://%s/bus.ipc", argv[1]);
	arena_init(&arena, 0);
	claim(!link_hub_open(&hub) && !link_open(hub, address, &bus));
	check_publish(&u);
	check_refusals(&u);
	check_consumers();
	check_redelivery();
	check_takeover();
	check_long_poll(&u);
	check_read();
	check_figures();
	link_close(&bus);
	link_hub_close(&hub);
	arena_fini(&arena);
	buf_fini(&u.bytes);
	return EXIT_SUCCESS;
}
