/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishes units with libms, and one request twice as a client does that saw
 * no answer.  Each check is a claim; the first that does not hold ends the
 * program.
 *
 *   bus_publish RUN_DIR        the bus has [stream facts] subjects = fact.> and
 *                              [subject strict] subjects = strict.> flow = reject
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/id.h"
#include "proto/batch.h"
#include "proto/client/call.h"
#include "proto/client/ms.h"
#include "proto/envelope.h"
#include "proto/msg/bus.h"

#define WAIT_MS 20000

static struct ms *ms;
static struct link_hub *hub; /* for what libms does not say */
static struct link *bus;

#define claim(cond) claim_at(cond, #cond, __LINE__)
static void
claim_at(bool holds, const char *text, int line)
{
	if (holds)
		return;
	fprintf(stderr, "bus_publish.c:%d: does not hold: %s (%s)\n", line,
	    text, ms_why(ms));
	exit(EXIT_FAILURE);
}

static enum ms_err
one(const char *subject, const char *id, const struct ms_unit_options *options,
    struct ms_ack *ack)
{
	struct ms_event event = { .subject = subject,
		.id = id,
		.data = "1",
		.data_bytes = 1 };

	return ms_publish_with(ms, &event, options, ack);
}

/* ---- expectations ---------------------------------------------------------- */

static void
check_last_seq(void)
{
	uint64_t expected = 0;
	struct ms_unit_options options = { .expected_last_seq = &expected,
		.timeout_ms = WAIT_MS };
	struct ms_ack ack;

	claim(one("a.1", "first", &options, &ack) == MS_OK);
	claim(ack.first_seq == 1 && ack.last_seq == 1 && ack.count == 1);
	claim(strcmp(ack.stream, "main") == 0);
	claim(ack.durability >= MS_WRITTEN);
	claim(one("a.1", "second", &options, &ack) == MS_ESEQUENCE);
	claim(strstr(ms_why(ms), "it is 1") != NULL);
	/* it was stored, only the answer was lost */
	claim(one("a.1", "first", &options, &ack) == MS_OK);
	claim(ack.duplicates == 1 && ack.count == 0 && ack.last_seq == 1);
	expected = 1;
	claim(one("a.2", "third", &options, &ack) == MS_OK);
	claim(ack.last_seq == 2);
}

static void
check_last_subject_seq(void)
{
	uint64_t expected = 2;
	struct ms_unit_options options = { .expected_last_subject_seq =
					       &expected,
		.timeout_ms = WAIT_MS };
	struct ms_ack ack;

	claim(one("a.2", NULL, &options, &ack) == MS_OK);
	claim(ack.last_seq == 3);
	claim(one("a.2", NULL, &options, &ack) == MS_ESEQUENCE);
	claim(strstr(ms_why(ms), "it is 3") != NULL);
	expected = 1;
	claim(one("a.1", NULL, &options, &ack) == MS_OK);
	expected = 0;
	claim(one("a.3", NULL, &options, &ack) == MS_OK);
	claim(one("a.3", NULL, &options, &ack) == MS_ESEQUENCE);
	claim(ack.last_seq == 0);
}

static void
check_stream(void)
{
	struct ms_unit_options options = { .expected_stream = "facts",
		.timeout_ms = WAIT_MS };
	struct ms_ack ack;

	claim(one("fact.1", NULL, &options, &ack) == MS_OK);
	claim(strcmp(ack.stream, "facts") == 0 && ack.last_seq == 1);
	claim(one("a.1", NULL, &options, &ack) == MS_ECONFLICT);
}

/* A consumer of wanted.> is there, though nobody fetches for it now. */
static void
make_consumer(void)
{
	static char name[] = "eater", pattern[] = "wanted.>";
	char *words[] = { pattern, NULL };
	struct bus_consumer_in in = { .name = name, .filter = { words, 1 } };
	struct bus_consumer_out out;
	struct arena arena;

	arena_init(&arena, 0);
	claim(!call_wait(bus, &msg_bus_consumer, &in, (struct slice){ NULL, 0 },
	    WAIT_MS, &arena, &out, NULL, NULL));
	arena_fini(&arena);
}

static void
check_mandatory(void)
{
	struct ms_unit_options options = { .mandatory = 1,
		.timeout_ms = WAIT_MS };
	struct ms_ack ack;

	make_consumer();
	claim(one("nobody.cares", NULL, &options, &ack) == MS_ENOMATCH);
	claim(one("wanted.1", NULL, &options, &ack) == MS_OK);
	claim(ack.matched_durable == 1 && ack.matched_live == 0);
}

/* ---- units ------------------------------------------------------------------ */

static void
add(struct ms_unit *unit, const char *subject)
{
	struct ms_event event = { .subject = subject,
		.data = "2",
		.data_bytes = 1 };

	claim(ms_unit_add(unit, &event) == MS_OK);
}

static void
check_unit(void)
{
	struct ms_unit_options options = { .ttl_ms = 60000,
		.timeout_ms = WAIT_MS };
	struct ms_event event = { .subject = "u.1" };
	struct ms_unit *unit;
	struct ms_ack before, ack;

	claim(one("u.0", NULL, NULL, &before) == MS_OK);
	claim(ms_unit_begin(ms, &options, &unit) == MS_OK);
	for (unsigned i = 0; i < MS_UNIT_EVENTS_MAX; i++)
		add(unit, "u.1");
	claim(ms_unit_add(unit, &event) == MS_ETOOBIG);
	claim(ms_unit_commit(&unit, &ack) == MS_OK && !unit);
	claim(ack.first_seq == before.last_seq + 1);
	claim(ack.last_seq == before.last_seq + MS_UNIT_EVENTS_MAX);

	/* of two streams: nothing of it */
	claim(ms_unit_begin(ms, &options, &unit) == MS_OK);
	add(unit, "u.2");
	add(unit, "fact.2");
	claim(ms_unit_commit(&unit, &ack) == MS_EINVAL);
	/* dropped: nothing of it either */
	claim(ms_unit_begin(ms, &options, &unit) == MS_OK);
	add(unit, "u.3");
	ms_unit_drop(&unit);
	claim(ms_unit_begin(ms, NULL, &unit) == MS_OK);
	claim(ms_unit_commit(&unit, &ack) == MS_EINVAL);
	claim(ack.last_seq == 0);
	claim(one("u.4", NULL, NULL, &ack) == MS_OK);
	claim(ack.last_seq == before.last_seq + MS_UNIT_EVENTS_MAX + 1);
}

/* ---- flow -------------------------------------------------------------------- */

static void
make_id(char text[ID_TEXT_BYTES])
{
	struct id128 id = id_new();

	id_print(&id, text);
}

static void
check_flow(void)
{
	char root[ID_TEXT_BYTES], ghost[ID_TEXT_BYTES], next[ID_TEXT_BYTES];
	struct ms_event cause = { .subject = "strict.root", .id = root };
	struct ms_event effect = { .subject = "strict.next",
		.id = next,
		.correlation_id = root,
		.causation_id = root };
	struct ms_unit *unit;
	struct ms_ack ack;

	make_id(root);
	make_id(next);
	claim(ms_unit_begin(ms, NULL, &unit) == MS_OK);
	claim(ms_unit_add(unit, &cause) == MS_OK);
	claim(ms_unit_add(unit, &effect) == MS_OK);
	claim(ms_unit_commit(&unit, &ack) == MS_OK && ack.count == 2);
	make_id(next);
	claim(ms_publish_with(ms, &effect, NULL, &ack) == MS_OK);
	make_id(next);
	make_id(ghost);
	effect.correlation_id = ghost;
	claim(ms_publish_with(ms, &effect, NULL, &ack) == MS_EFLOW);
	claim(strstr(ms_why(ms), "other_correlation") != NULL);
	effect.subject = "loose.next";
	claim(ms_publish_with(ms, &effect, NULL, &ack) == MS_OK);
}

/* One of many is bad: it alone is lost. */
static void
check_split(void)
{
	char other[ID_TEXT_BYTES];
	struct ms_event good = { .subject = "strict.x" };
	struct ms_event bad = { .subject = "strict.x" };
	struct ms_published before, after;
	char id[ID_TEXT_BYTES];

	make_id(id);
	make_id(other);
	bad.id = id;
	bad.causation_id = id;
	bad.correlation_id = other;
	ms_published(ms, &before);
	for (unsigned i = 0; i < 500; i++) {
		claim(ms_publish(ms, i % 250 == 123 ? &bad : &good,
			  MS_WRITTEN) == MS_OK);
		if (i == 123) {
			make_id(id);
			bad.causation_id = id;
		}
	}
	claim(ms_flush(ms, WAIT_MS) == MS_EFLOW);
	claim(strstr(ms_why(ms), "1 event refused") != NULL);
	ms_published(ms, &after);
	claim(after.failed - before.failed == 2);
	claim(after.acked - before.acked == 498);
	claim(after.duplicates == before.duplicates);
	claim(ms_flush(ms, WAIT_MS) == MS_OK);
}

/* ---- the same request again -------------------------------------------------- */

static int answers;
static struct bus_publish_out answer[2];

static void
on_answer(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	(void)body;
	claim(!err && !*why->text);
	answer[*(int *)arg] = *(const struct bus_publish_out *)out;
	answers++;
}

static void
check_again(void)
{
	struct envelope event = { .type = SLICE_LIT("t"),
		.source = SLICE_LIT("/again"),
		.subject = SLICE_LIT("again.1"),
		.id = id_new() };
	struct bus_publish_in in = { .durability = DURABILITY_SYNCED };
	struct call_options options = { .timeout_ms = WAIT_MS, .op = id_new() };
	struct batch_writer writer;
	struct buf bytes = { 0 };
	int index[2] = { 0, 1 };

	batch_begin(&writer, &bytes);
	batch_open_record(&writer);
	claim(!envelope_encode(&event, NULL, &bytes, NULL));
	batch_close_record(&writer);
	batch_end(&writer, NULL);
	for (int i = 0; i < 2; i++)
		claim(!call_start(bus, &msg_bus_publish, &in, buf_slice(&bytes),
		    &options, on_answer, &index[i]));
	while (answers < 2) {
		struct pollfd p = { .fd = link_hub_fd(hub), .events = POLLIN };

		claim(poll(&p, 1, WAIT_MS) == 1);
		link_hub_dispatch(hub, 0);
	}
	claim(answer[0].count == 1 && answer[1].count == 1);
	claim(answer[0].last_seq == answer[1].last_seq);
	claim(answer[1].duplicates == 0);
	claim(answer[1].durability == DURABILITY_SYNCED);
	buf_fini(&bytes);
}

int
main(int argc, char **argv)
{
	struct ms_options options = { .run_dir = argc == 2 ? argv[1] : NULL };
	char address[256];

	if (argc != 2 || ms_open(&options, &ms))
		return 2;
	snprintf(address, sizeof(address), "ipc://%s/bus.ipc", argv[1]);
	claim(!link_hub_open(&hub) && !link_open(hub, address, &bus));
	check_last_seq();
	check_last_subject_seq();
	check_stream();
	check_mandatory();
	check_unit();
	check_flow();
	check_split();
	check_again();
	link_close(&bus);
	link_hub_close(&hub);
	ms_close(&ms);
	return EXIT_SUCCESS;
}
