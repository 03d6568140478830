/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/bus_look.h"
#include "t/lib/unit.h"

static const struct look plain = { .utf8 = true };

static const char stats_text[] =
    "{\"first_seq\":11,\"last_seq\":1000,\"synced_seq\":990,"
    "\"events_in\":990,\"duplicates_in\":3,\"bytes_in\":2097152,"
    "\"refused_in\":4,\"events_out\":900,\"live_messages\":70,"
    "\"segments\":2,\"log_bytes\":3145728,\"retention_bytes\":4194304,"
    "\"dedup_entries\":1024,\"dedup_entries_max\":1024,"
    "\"dedup_window_ms\":30000,\"dedup_wanted_ms\":120000,"
    "\"max_ack_pending\":100,\"waiting_publishes\":1,\"live_queue\":8192,"
    "\"quarantined\":2,\"dir\":\"/b\"}";
static const char consumers_text[] =
    "[{\"name\":\"persist\",\"filter\":[],\"ack_floor\":950,\"behind\":50,"
    "\"in_flight\":100,\"events_out\":800,\"redeliveries\":7,"
    "\"worst_seq\":951,\"worst_deliveries\":2,\"member\":\"m\"},"
    "{\"name\":\"poison\",\"filter\":[\"a.>\",\"b.*\"],\"ack_floor\":20,"
    "\"behind\":980,\"in_flight\":1,\"events_out\":40,"
    "\"redeliveries\":30,\"worst_seq\":21,\"worst_deliveries\":31,"
    "\"member\":\"m\"},"
    "{\"name\":\"idle\",\"filter\":[],\"ack_floor\":1000,\"behind\":0,"
    "\"in_flight\":0,\"member\":\"m\",\"waiting\":true}]";

static struct json *
parsed(const char *text)
{
	struct json *root = NULL;

	ck_assert(json_parse(slice_of(text), &root, NULL) == MS_OK);
	return root;
}

static void
is_text(struct buf *out, const char *text)
{
	buf_add_u8(out, '\0');
	ck_assert_str_eq((char *)out->ptr, text);
	buf_fini(out);
}

START_TEST(stats_say_how_full_each_channel_is)
{
	struct json *stats = parsed(stats_text);
	struct json *consumers = parsed(consumers_text);
	struct buf out = { 0 };

	bus_stats_render(stats, consumers, &plain, &out);
	is_text(&out,
	    "log       3.0 MiB of 4.0 MiB (75 %), 2 segments\n"
	    "events    11 to 1000, on the disk up to 990\n"
	    "in        990 events, 2.0 MiB; 3 duplicates, 4 batches refused, 1 "
	    "waiting\n"
	    "out       900 events to consumers, 70 live messages, live queues "
	    "of 8192\n"
	    "dedup     1024 of 1024 identities (100 %), window 30s of 2m00s\n"
	    "damaged   2 parts of the log in quarantine\n"
	    "CONSUMER  STATE  LAG  IN FLIGHT   FULL  DELIVERED  AGAIN\n"
	    "persist   full    50        100  100 %        800      7\n"
	    "poison    stuck  980          1    1 %         40     30\n"
	    "idle      waits    0          0    0 %          0      0\n");
	json_free(&stats);
	json_free(&consumers);
}
END_TEST

START_TEST(consumers_are_listed_with_their_filters)
{
	struct json *consumers = parsed(consumers_text);
	struct buf out = { 0 };

	bus_consumers_render(consumers, &plain, &out);
	is_text(&out,
	    "CONSUMER  SETTLED  LAG  IN FLIGHT  AGAIN  FILTER\n"
	    "persist       950   50        100      7  all\n"
	    "poison         20  980          1     30  a.> b.*\n"
	    "idle         1000    0          0      0  all\n");
	json_free(&consumers);
}
END_TEST

START_TEST(dead_letters_are_what_is_stuck_refused_or_damaged)
{
	struct json *stats = parsed(stats_text);
	struct json *consumers = parsed(consumers_text);
	struct json *dlq = bus_dlq_json(stats, consumers);
	struct buf out = { 0 };

	bus_dlq_render(dlq, &plain, &out);
	is_text(&out,
	    "Nothing is given up: what a consumer fails on comes again until "
	    "it succeeds.\n"
	    "CONSUMER  STUCK AT  DELIVERIES\n"
	    "poison          21          31\n"
	    "look at one: msctl bus tail --from 21 -n 1\n"
	    "4 batches refused when they were published (the publisher was "
	    "told)\n"
	    "2 damaged parts of the log: /b/quarantine\n");
	json_free(&dlq);
	json_free(&stats);
	json_free(&consumers);
}
END_TEST

UNIT(bus_look, stats_say_how_full_each_channel_is,
    consumers_are_listed_with_their_filters,
    dead_letters_are_what_is_stuck_refused_or_damaged)
