/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/json.h"
#include "proto/msg/bus.h"
#include "proto/msg/config.h"
#include "proto/msg/persist.h"
#include "proto/msg/pool.h"
#include "proto/msg/worker.h"
#include "t/lib/unit.h"

static const struct msg head = { .kind = MSG_REQUEST,
	.verb = { "bus.fetch", 9 },
	.body = { "bulk", 4 },
	.op = { { 1, 2, 3, 4 } },
	.deadline_ms = 1500 };
static const struct bus_fetch_in fetch = { .consumer = (char *)"persist",
	.max_events = 10,
	.wait_ms = 30000 };

static void
encode(struct buf *out)
{
	buf_reset(out);
	msg_encode(&head, msg_bus_fetch.in, &fetch, out);
	ck_assert(!out->failed);
}

static enum ms_err
decode_cut(const struct buf *buf, size_t n)
{
	struct msg m;
	enum ms_err err;
	char *copy =
	    malloc(n ? n : 1); /* exact, so that asan sees an overrun */

	memcpy(copy, buf->ptr, n);
	err = msg_decode((struct slice){ copy, n }, &m, NULL);
	free(copy);
	return err;
}

START_TEST(a_request_survives_the_way)
{
	struct buf out = { 0 };
	struct arena arena;
	struct bus_fetch_in in = { 0 };
	struct msg m;

	arena_init(&arena, 0);
	encode(&out);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_OK);
	ck_assert_int_eq(m.kind, MSG_REQUEST);
	ck_assert(slice_is(m.verb, "bus.fetch"));
	ck_assert(slice_is(m.body, "bulk"));
	ck_assert_mem_eq(&m.op, &head.op, sizeof(m.op));
	ck_assert_uint_eq(m.deadline_ms, 1500);
	ck_assert_int_eq(field_decode(msg_bus_fetch.in, m.fields, &in, &arena,
			     NULL),
	    MS_OK);
	ck_assert_str_eq(in.consumer, "persist");
	ck_assert_uint_eq(in.max_events, 10);
	ck_assert_uint_eq(in.wait_ms, 30000);
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_request_says_how_much_it_matters_or_its_verb_does)
{
	struct msg request = head, m;
	struct msg_desc plain = { .verb = "bus.fetch" };
	struct buf out = { 0 };

	request.priority = PRIORITY_BACKGROUND;
	msg_encode(&request, msg_bus_fetch.in, &fetch, &out);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_OK);
	ck_assert_int_eq(m.priority, PRIORITY_BACKGROUND);
	ck_assert_int_eq(m.status, MS_OK);
	ck_assert_int_eq(msg_priority(&m, &msg_worker_health),
	    PRIORITY_BACKGROUND);
	m.priority = PRIORITY_UNSAID;
	ck_assert_int_eq(msg_priority(&m, &msg_worker_health),
	    PRIORITY_CONTROL);
	ck_assert_int_eq(msg_priority(&m, &plain), PRIORITY_NORMAL);
	ck_assert_int_eq(msg_priority(&m, NULL), PRIORITY_NORMAL);
	buf_fini(&out);
}
END_TEST

START_TEST(a_request_may_name_its_trace)
{
	struct traceparent trace = { .trace_id = { 1, [15] = 2 },
		.span_id = { 3, [7] = 4 },
		.flags = 5 };
	struct traceparent got = { .flags = 9 };
	struct bus_fetch_in fields = { 0 };
	struct msg request = head, m;
	struct buf out = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	msg_encode(&request, msg_bus_fetch.in, &fetch, &out);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_OK);
	ck_assert(!msg_trace(&m, &got));
	ck_assert_uint_eq(got.flags, 9);
	buf_reset(&out);
	request.trace = &trace;
	msg_encode(&request, msg_bus_fetch.in, &fetch, &out);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_OK);
	ck_assert(msg_trace(&m, &got));
	ck_assert_mem_eq(&got, &trace, sizeof(got));
	/* the verb's own fields are what they were */
	ck_assert_int_eq(field_decode(msg_bus_fetch.in, m.fields, &fields,
			     &arena, NULL),
	    MS_OK);
	ck_assert_str_eq(fields.consumer, "persist");
	ck_assert_uint_eq(fields.max_events, 10);
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(the_time_left_can_be_written_when_it_leaves)
{
	struct buf out = { 0 };
	struct msg m;

	encode(&out);
	msg_set_deadline(out.ptr, 77);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_OK);
	ck_assert_uint_eq(m.deadline_ms, 77);
	buf_fini(&out);
}
END_TEST

START_TEST(a_failed_reply_carries_its_reason)
{
	struct msg_error error = { (char *)"queue is full", 250 }, got = { 0 };
	struct msg reply = { .kind = MSG_REPLY,
		.verb = SLICE_LIT("bus.publish"),
		.status = MS_EBUSY };
	struct buf out = { 0 };
	struct arena arena;
	struct msg m;

	arena_init(&arena, 0);
	msg_encode(&reply, msg_error_rows, &error, &out);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_OK);
	ck_assert_int_eq(m.status, MS_EBUSY);
	ck_assert_int_eq(field_decode(msg_error_rows, m.fields, &got, &arena,
			     NULL),
	    MS_OK);
	ck_assert_str_eq(got.message, "queue is full");
	ck_assert_uint_eq(got.retry_after_ms, 250);
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_body_may_be_appended_by_the_caller)
{
	struct msg reply = { .kind = MSG_REPLY,
		.verb = SLICE_LIT("bus.read"),
		.body = { NULL, 3 } };
	struct buf out = { 0 };
	struct msg m;

	msg_encode(&reply, NULL, NULL, &out);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_EPROTO);
	buf_add(&out, "abc", 3);
	ck_assert_int_eq(msg_decode(buf_slice(&out), &m, NULL), MS_OK);
	ck_assert(slice_is(m.body, "abc"));
	buf_fini(&out);
}
END_TEST

START_TEST(what_cannot_be_sent_leaves_nothing_behind)
{
	char verb[MSG_VERB_BYTES_MAX + 1];
	struct msg m = { .kind = MSG_REQUEST, .verb = { verb, sizeof(verb) } };
	struct buf out = { 0 };

	memset(verb, 'v', sizeof(verb));
	buf_add_u8(&out, 'x');
	msg_encode(&m, NULL, NULL, &out);
	ck_assert(out.failed);
	ck_assert_uint_eq(out.len, 1);
	buf_reset(&out);
	m.verb.len = 0;
	msg_encode(&m, NULL, NULL, &out);
	ck_assert(out.failed);
	buf_reset(&out);
	m.verb.len = 1;
	m.body.len = MSG_BODY_BYTES_MAX + 1;
	msg_encode(&m, NULL, NULL, &out);
	ck_assert(out.failed);
	buf_fini(&out);
}
END_TEST

START_TEST(every_cut_is_refused)
{
	struct buf out = { 0 };

	encode(&out);
	for (size_t n = 0; n < out.len; n++)
		ck_assert_int_eq(decode_cut(&out, n), MS_EPROTO);
	buf_add_u8(&out, 0);
	ck_assert_int_eq(decode_cut(&out, out.len), MS_EPROTO);
	buf_fini(&out);
}
END_TEST

static enum ms_err
decode_with(size_t at, uint8_t byte, struct why *why)
{
	struct buf out = { 0 };
	struct msg m;
	enum ms_err err;

	encode(&out);
	out.ptr[at] = byte;
	err = msg_decode(buf_slice(&out), &m, why);
	buf_fini(&out);
	return err;
}

START_TEST(a_wrong_head_is_refused_with_its_place)
{
	static const struct {
		size_t at;
		uint8_t byte;
		enum ms_err err;
		const char *reason;
	} cases[] = {
		{ 0, 'X', MS_EPROTO, "byte 0" },
		{ 4, 2, MS_EUNSUPPORTED, "byte 4" },
		{ 5, 0, MS_EPROTO, "byte 5" },
		{ 5, 3, MS_EPROTO, "byte 5" },
		{ 6, 0, MS_EPROTO, "add up" },
		{ 6, 65, MS_ETOOBIG, "byte 6" },
		{ 7, 1, MS_ETOOBIG, "byte 6" },
		{ 11, 1, MS_ETOOBIG, "byte 8" },
		{ 15, 0x80, MS_ETOOBIG, "byte 12" },
		{ 12, 5, MS_EPROTO, "add up" },
		{ 36, PRIORITY_MAX + 1, MS_EPROTO, "byte 36" },
		{ 39, 1, MS_EPROTO, "byte 36" },
		{ 40, 'B', MS_EPROTO, "byte 40" },
		{ 44, '\0', MS_EPROTO, "byte 40" },
		{ 49, 'x', MS_EPROTO, "byte 40" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct why why = { "" };

		ck_assert_int_eq(decode_with(cases[i].at, cases[i].byte, &why),
		    cases[i].err);
		ck_assert_msg(strstr(why.text, cases[i].reason), "%s, not %s",
		    why.text, cases[i].reason);
	}
}
END_TEST

START_TEST(no_flipped_bit_crashes)
{
	struct buf out = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	encode(&out);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		struct bus_fetch_in in = { 0 };
		struct msg m;

		out.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
		if (msg_decode(buf_slice(&out), &m, NULL) == MS_OK)
			(void)!field_decode(msg_bus_fetch.in, m.fields, &in,
			    &arena, NULL);
		out.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	ck_assert_int_eq(decode_cut(&out, out.len), MS_OK);
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(unknown_tags_are_skipped)
{
	struct bus_stats_out stats = { .first_seq = 5, .log_epoch = 9 };
	struct bus_settle_out known = { 0 };
	struct buf out = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	field_encode(msg_bus_stats.out, &stats, &out);
	ck_assert_int_eq(field_decode(msg_bus_settle.out, buf_slice(&out),
			     &known, &arena, NULL),
	    MS_OK);
	ck_assert_uint_eq(known.ack_floor, 5); /* tag 1 is all it knows */
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

static const char *const verbs[] = { "bus.publish", "bus.consumer", "bus.fetch",
	"bus.settle", "bus.read", "bus.stats", "bus.consumers", "config.get",
	"config.list", "config.status", "persist.migrate_up",
	"persist.migrate_status", "persist.stats", "pool.status",
	"worker.health" };

static void
check_rows(const struct field *rows, size_t bytes)
{
	for (size_t i = 0; rows[i].name; i++) {
		ck_assert_msg(rows[i].help && *rows[i].help, "%s",
		    rows[i].name);
		ck_assert_uint_eq(rows[i].tag, i + 1);
		ck_assert_uint_lt(rows[i].off, bytes);
		ck_assert_ptr_eq(field_find(rows, slice_of(rows[i].name)),
		    &rows[i]);
	}
}

START_TEST(every_verb_is_found_and_described)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		const struct msg_desc *d = msg_find(slice_of(verbs[i]));

		ck_assert_msg(d != NULL, "%s", verbs[i]);
		ck_assert_str_eq(d->verb, verbs[i]);
		ck_assert_msg(d->help && *d->help, "%s", verbs[i]);
		check_rows(d->in, d->in_bytes);
		check_rows(d->out, d->out_bytes);
	}
	ck_assert_ptr_null(msg_find(SLICE_LIT("bus.publis")));
	ck_assert_ptr_null(msg_find((struct slice){ NULL, 0 }));
}
END_TEST

/* ---- JSON ------------------------------------------------------------------ */

static enum ms_err
from_json(const struct field *rows, const char *text, void *base,
    struct arena *arena, struct why *why)
{
	struct json *root = NULL;
	enum ms_err err = json_parse(slice_of(text), &root, why);

	if (err == MS_OK)
		err = fields_from_json(rows, root, base, arena, why);
	json_free(&root);
	return err;
}

START_TEST(json_fills_the_struct)
{
	struct bus_consumer_in in = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	ck_assert_int_eq(
	    from_json(msg_bus_consumer.in,
		"{\"name\":\"p\",\"filter\":[\"a.>\",\"b c\"],"
		"\"deliver\":\"new\",\"ack_wait_ms\":\"9007199254740993\"}",
		&in, &arena, NULL),
	    MS_OK);
	ck_assert_str_eq(in.name, "p");
	ck_assert_uint_eq(in.filter.count, 2);
	ck_assert_str_eq(in.filter.word[1], "b c");
	ck_assert_ptr_null(in.filter.word[2]);
	ck_assert_int_eq(in.deliver, DELIVER_NEW);
	ck_assert_uint_eq(in.ack_wait_ms, UINT64_C(9007199254740993));
	arena_fini(&arena);
}
END_TEST

START_TEST(a_struct_survives_json)
{
	struct worker_health_out a = { .ready = true,
		.status = (char *)"fi\"ne",
		.uptime_ms = UINT64_MAX,
		.requests = UINT64_C(1) << 53 },
				 b = { 0 };
	struct json *object = json_object();
	struct buf text = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	fields_to_json(msg_worker_health.out, &a, object);
	json_print(object, &text);
	buf_add_u8(&text, '\0');
	ck_assert_str_eq((char *)text.ptr,
	    "{\"ready\":true,\"status\":\"fi\\\"ne\","
	    "\"uptime_ms\":\"18446744073709551615\","
	    "\"requests\":9007199254740992,\"requests_failed\":0,"
	    "\"version\":null,\"health\":null,\"checks\":0,"
	    "\"age_ms\":0,\"conf_digest\":0,"
	    "\"conf_errors\":0}");
	ck_assert_int_eq(fields_from_json(msg_worker_health.out, object, &b,
			     &arena, NULL),
	    MS_OK);
	ck_assert(b.ready);
	ck_assert_str_eq(b.status, a.status);
	ck_assert_uint_eq(b.uptime_ms, a.uptime_ms);
	ck_assert_uint_eq(b.requests, a.requests);
	ck_assert_ptr_null(b.version);
	json_free(&object);
	buf_fini(&text);
	arena_fini(&arena);
}
END_TEST

struct every {
	bool flag;
	int64_t i64;
	uint64_t time_ms, size;
	struct span_ms range;
	struct rate rate;
	struct id128 id;
	int signal;
	char *secret;
};
#define ROW(n, t, ...)                                                   \
	{                                                                \
		.name = #n, .type = t, .off = offsetof(struct every, n), \
		__VA_ARGS__                                              \
	}
static const struct field every_rows[] = {
	ROW(flag, FIELD_BOOL, .tag = 1),
	ROW(i64, FIELD_I64, .tag = 2),
	ROW(time_ms, FIELD_DURATION, .tag = 3),
	ROW(size, FIELD_SIZE, .tag = 4),
	ROW(range, FIELD_RANGE, .tag = 5),
	ROW(rate, FIELD_RATE, .tag = 6),
	ROW(id, FIELD_ID, .tag = 7),
	ROW(signal, FIELD_SIGNAL, .tag = 8),
	ROW(secret, FIELD_STR, .flags = FIELD_SECRET, .tag = 9),
	FIELD_END,
};

START_TEST(every_type_survives_json_and_secrets_do_not)
{
	struct every a = { true, -5, UINT64_MAX, 65536, { 100, 5000 },
		{ 3, 60000 }, { { 0xab } }, 15, (char *)"hidden" };
	struct every b = { 0 };
	struct json *object = json_object();
	struct arena arena;

	arena_init(&arena, 0);
	fields_to_json(every_rows, &a, object);
	ck_assert_str_eq(json_get_str(object, "secret", ""), "***");
	ck_assert_str_eq(json_get_str(object, "time_ms", ""), "infinity");
	ck_assert_int_eq(fields_from_json(every_rows, object, &b, &arena, NULL),
	    MS_OK);
	for (const struct field *row = every_rows; row->name; row++)
		ck_assert_msg(row->flags & FIELD_SECRET ||
			field_same(row, &a, &b),
		    "%s", row->name);
	json_free(&object);
	arena_fini(&arena);
}
END_TEST

START_TEST(json_that_does_not_fit_is_refused_by_name)
{
	static const struct {
		const char *text;
		const char *reason;
	} cases[] = {
		{ "{\"consumer\":\"p\",\"max_event\":1}",
		    "unknown field 'max_event' (did you mean max_events?)" },
		{ "{}", "field consumer is required" },
		{ "{\"consumer\":null}", "field consumer is required" },
		{ "{\"consumer\":\"\"}", "field consumer:" },
		{ "{\"consumer\":7}", "field consumer: a number" },
		{ "{\"consumer\":true}", "field consumer: true or false" },
		{ "{\"consumer\":[]}", "field consumer: a list" },
		{ "{\"consumer\":{}}", "field consumer: an object" },
		{ "{\"consumer\":\"p\",\"max_events\":1.5}",
		    "max_events: not a whole" },
		{ "{\"consumer\":\"p\",\"max_events\":-1}", "max_events:" },
		{ "{\"consumer\":\"p\",\"max_events\":4294967296}",
		    "max_events: 4294967296 is above" },
		{ "{\"consumer\":\"p\",\"max_bytes\":1e300}",
		    "max_bytes: the number is too large" },
		{ "{\"consumer\":\"p\",\"wait_ms\":30001}",
		    "wait_ms: 30001 is above the maximum 30000" },
		{ "[]", "not a JSON object" },
	};
	struct arena arena;

	arena_init(&arena, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bus_fetch_in in = { 0 };
		struct why why = { "" };

		ck_assert_int_eq(from_json(msg_bus_fetch.in, cases[i].text, &in,
				     &arena, &why),
		    MS_EINVAL);
		ck_assert_msg(strstr(why.text, cases[i].reason), "%s, not %s",
		    why.text, cases[i].reason);
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(lists_of_other_things_are_refused)
{
	struct bus_consumer_in in = { 0 };
	struct why why = { "" };
	struct arena arena;
	struct buf text = { 0 };

	arena_init(&arena, 0);
	ck_assert_int_eq(from_json(msg_bus_consumer.in,
			     "{\"filter\":[\"a\",1]}", &in, &arena, &why),
	    MS_EINVAL);
	ck_assert(strstr(why.text, "item 1 is not a string"));
	buf_add_str(&text, "{\"filter\":[\"x\"");
	for (int i = 0; i < 64; i++)
		buf_add_str(&text, ",\"x\"");
	buf_add(&text, "]}", 3);
	ck_assert_int_eq(from_json(msg_bus_consumer.in, (char *)text.ptr, &in,
			     &arena, &why),
	    MS_EINVAL);
	ck_assert_msg(strstr(why.text, "filter: 65"), "%s", why.text);
	buf_fini(&text);
	arena_fini(&arena);
}
END_TEST

UNIT(msg, a_request_survives_the_way,
    a_request_says_how_much_it_matters_or_its_verb_does,
    a_request_may_name_its_trace, the_time_left_can_be_written_when_it_leaves,
    a_failed_reply_carries_its_reason, a_body_may_be_appended_by_the_caller,
    what_cannot_be_sent_leaves_nothing_behind, every_cut_is_refused,
    a_wrong_head_is_refused_with_its_place, no_flipped_bit_crashes,
    unknown_tags_are_skipped, every_verb_is_found_and_described,
    json_fills_the_struct, a_struct_survives_json,
    every_type_survives_json_and_secrets_do_not,
    json_that_does_not_fit_is_refused_by_name,
    lists_of_other_things_are_refused)
