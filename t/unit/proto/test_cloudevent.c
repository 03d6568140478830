/* SPDX-License-Identifier: Apache-2.0 */
#include "common/id.h"
#include "proto/cloudevent.h"
#include "t/lib/unit.h"

#define UUID        "018f2b1c-7a2e-7c3d-9f10-2b4c6d8e0f12"
#define TRACEPARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define UUID2       "018f2b1c-7a2e-7c3d-9f10-2b4c6d8e0f13"
#define NIL         "00000000-0000-0000-0000-000000000000"
#define LEAST                                                            \
	"\"specversion\":\"1.0\",\"id\":\"" UUID "\",\"source\":\"/s\"," \
	"\"type\":\"t\",\"subject\":\"a.b\""

static struct arena arena;
static struct envelope event;
static struct why why;

static void
setup(void)
{
	arena_fini(&arena);
	arena_init(&arena, 0);
	why.text[0] = '\0';
}

static enum ms_err
parse(const char *text, const struct envelope *defaults)
{
	setup();
	return cloudevent_parse(slice_of(text), defaults, &arena, &event, &why);
}

static void
parse_good(const char *text)
{
	enum ms_err err = parse(text, NULL);

	ck_assert_msg(err == MS_OK, "%s: %s", text, why.text);
}

static const char *
print(struct buf *out)
{
	buf_reset(out);
	cloudevent_print(&event, out);
	buf_add_u8(out, '\0');
	ck_assert(!out->failed);
	return (const char *)out->ptr;
}

static const struct attribute *
extension(const char *name)
{
	for (size_t i = 0; i < event.extension_count; i++)
		if (slice_is(event.extensions[i].name, name))
			return &event.extensions[i];
	ck_abort_msg("no extension %s", name);
}

START_TEST(a_typical_event_is_understood)
{
	struct id128 id;

	parse_good(
	    "{" LEAST ",\"time\":\"2026-11-24T20:15:00.123456789Z\","
	    "\"datacontenttype\":\"application/json\","
	    "\"dataschema\":\"urn:x\",\"traceparent\":\"" TRACEPARENT "\","
	    "\"tracestate\":\"a=b\",\"partitionkey\":\"k\","
	    "\"expirytime\":\"2027-01-01T00:00:00Z\","
	    "\"recordedtime\":\"2026-01-01T00:00:00Z\","
	    "\"dataref\":\"https://x\",\"msproducer\":\"p\","
	    "\"msproducerseq\":\"1\",\"mssig\":\"AAH/\","
	    "\"correlationid\":\"" UUID2 "\",\"causationid\":\"" UUID
	    "\",\"sequence\":\"00000000000000000042\","
	    "\"msdeliveries\":3,\"msreplay\":true,"
	    "\"data\": { \"a\" : [1, 2] } }");
	ck_assert(id_parse(SLICE_LIT(UUID), &id));
	ck_assert_mem_eq(&event.id, &id, sizeof(id));
	ck_assert_mem_eq(&event.causation, &id, sizeof(id));
	ck_assert_uint_eq(event.correlation.byte[15], 0x13);
	ck_assert_uint_eq(event.id_text.len, 0);
	ck_assert(slice_is(event.source, "/s"));
	ck_assert(slice_is(event.type, "t"));
	ck_assert(slice_is(event.subject, "a.b"));
	ck_assert_int_eq(event.time_ns, INT64_C(1795551300123456789));
	ck_assert(slice_is(event.content_type, "application/json"));
	ck_assert(slice_is(event.data_schema, "urn:x"));
	ck_assert(slice_is(event.traceparent, TRACEPARENT));
	ck_assert(slice_is(event.tracestate, "a=b"));
	ck_assert(slice_is(event.partition_key, "k"));
	ck_assert(slice_is(event.producer, "p"));
	ck_assert(slice_eq(event.signature, SLICE_LIT("\0\1\xff")));
	ck_assert_uint_eq(event.seq, 42);
	ck_assert_uint_eq(event.deliveries, 3);
	ck_assert_uint_eq(event.flags, ENVELOPE_REPLAY);
	ck_assert_uint_eq(event.encoding, ENCODING_JSON);
	ck_assert(slice_is(event.payload, "{ \"a\" : [1, 2] }"));
	ck_assert_uint_eq(event.extension_count, 0);
}
END_TEST

START_TEST(what_is_not_given_comes_from_the_defaults)
{
	struct envelope defaults = { .type = SLICE_LIT("dt"),
		.source = SLICE_LIT("/ds"),
		.subject = SLICE_LIT("d.s"),
		.time_ns = 5 };

	ck_assert_int_eq(parse("{\"specversion\":\"1.0\"}", &defaults), MS_OK);
	ck_assert(slice_is(event.type, "dt"));
	ck_assert(slice_is(event.source, "/ds"));
	ck_assert(slice_is(event.subject, "d.s"));
	ck_assert_int_eq(event.time_ns, 5);
	ck_assert(id_is_zero(&event.id));
	ck_assert_uint_eq(event.payload.len, 0);
	ck_assert_int_eq(parse("{" LEAST ",\"time\":\"1970-01-01T00:00:01Z\"}",
			     &defaults),
	    MS_OK);
	ck_assert(slice_is(event.subject, "a.b"));
	ck_assert_int_eq(event.time_ns, 1000000000);
}
END_TEST

START_TEST(any_other_json_is_the_payload)
{
	static const char *const values[] = { "{\"id\":1,\"id\":2}", "[1,2]",
		"\"text\"", "1.5", "null", "true", "{}", "[\"specversion\"]",
		"{\"a\":{\"specversion\":\"1.0\"}}" };
	struct envelope defaults = { .subject = SLICE_LIT("a.b") };

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		ck_assert_int_eq(parse(values[i], &defaults), MS_OK);
		ck_assert(slice_is(event.payload, values[i]));
		ck_assert_uint_eq(event.encoding, ENCODING_JSON);
		ck_assert(slice_is(event.subject, "a.b"));
	}
	ck_assert_int_eq(parse(" 1 ", &defaults), MS_OK);
	ck_assert(slice_is(event.payload, "1"));
	ck_assert_int_eq(parse("1", NULL), MS_ESUBJECT);
}
END_TEST

START_TEST(an_id_that_is_no_canonical_uuid_stays_text)
{
	parse_good("{" LEAST ",\"x\":\"\"}");
	ck_assert_uint_eq(event.id_text.len, 0);
	ck_assert_int_eq(parse("{\"specversion\":\"1.0\",\"id\":\"order-1\","
			       "\"source\":\"s\",\"type\":\"t\","
			       "\"subject\":\"a\"}",
			     NULL),
	    MS_OK);
	ck_assert(slice_is(event.id_text, "order-1"));
	ck_assert(id_is_zero(&event.id));
	ck_assert_int_eq(
	    parse("{\"specversion\":\"1.0\",\"id\":\"018F2B1C-7A2E-7C3D-9F10-"
		  "2B4C6D8E0F12\",\"source\":\"s\",\"type\":\"t\","
		  "\"subject\":\"a\"}",
		NULL),
	    MS_OK);
	ck_assert_uint_eq(event.id_text.len, 36);
	ck_assert_int_eq(parse("{\"specversion\":\"1.0\",\"id\":\"" NIL "\","
			       "\"source\":\"s\",\"type\":\"t\","
			       "\"subject\":\"a\"}",
			     NULL),
	    MS_OK);
	ck_assert(slice_is(event.id_text, NIL));
}
END_TEST

START_TEST(a_cause_that_is_no_uuid_stays_an_extension)
{
	parse_good("{" LEAST ",\"correlationid\":\"trip-9\","
		   "\"causationid\":\"" UUID "\"}");
	ck_assert_uint_eq(event.extension_count, 1);
	ck_assert(slice_is(extension("correlationid")->value, "trip-9"));
	ck_assert(id_is_zero(&event.correlation));
	ck_assert(!id_is_zero(&event.causation));
}
END_TEST

START_TEST(extensions_keep_their_type)
{
	parse_good("{" LEAST ",\"a\":\"x\",\"b\":true,\"c\":-7,\"d\":null,"
		   "\"e1\":\"\"}");
	ck_assert_uint_eq(event.extension_count, 4);
	ck_assert_uint_eq(extension("a")->type, ATTRIBUTE_TEXT);
	ck_assert_uint_eq(extension("b")->type, ATTRIBUTE_BOOL);
	ck_assert(slice_is(extension("b")->value, "true"));
	ck_assert_uint_eq(extension("c")->type, ATTRIBUTE_INTEGER);
	ck_assert(slice_is(extension("c")->value, "-7"));
	ck_assert_uint_eq(extension("e1")->value.len, 0);
}
END_TEST

START_TEST(escapes_are_resolved_in_names_and_values)
{
	parse_good("{" LEAST ",\"\\u0061b\":\"caf\\u00e9\","
		   "\"partitionk\\u0065y\":\"a\\/b\"}");
	ck_assert(slice_is(extension("ab")->value, "caf\xc3\xa9"));
	ck_assert(slice_is(event.partition_key, "a/b"));
}
END_TEST

START_TEST(data_is_json_unless_its_type_says_otherwise)
{
	parse_good("{" LEAST ",\"data\":\"te\\\"xt\"}");
	ck_assert_uint_eq(event.encoding, ENCODING_JSON);
	ck_assert(slice_is(event.payload, "\"te\\\"xt\""));
	parse_good("{" LEAST ",\"data\":\"te\\\"xt\","
		   "\"datacontenttype\":\"text/plain\"}");
	ck_assert_uint_eq(event.encoding, ENCODING_RAW);
	ck_assert(slice_is(event.payload, "te\"xt"));
	parse_good("{" LEAST ",\"data\":\"x\",\"datacontenttype\":"
		   "\"application/vnd.a+JSON; charset=utf-8\"}");
	ck_assert_uint_eq(event.encoding, ENCODING_JSON);
	parse_good("{" LEAST ",\"data\":null}");
	ck_assert(slice_is(event.payload, "null"));
	parse_good("{" LEAST ",\"data\":{},\"data_base64\":null}");
	ck_assert(slice_is(event.payload, "{}"));
}
END_TEST

START_TEST(base64_data_is_raw)
{
	static const struct {
		const char *text;
		struct slice bytes;
	} cases[] = {
		{ "", { "", 0 } },
		{ "Zg==", { "f", 1 } },
		{ "Zm8=", { "fo", 2 } },
		{ "Zm9v", { "foo", 3 } },
		{ "AP+/", { "\0\xff\xbf", 3 } },
		{ "Zm9vYmFy", { "foobar", 6 } },
	};
	struct buf text = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&text);
		buf_printf(&text, "{" LEAST ",\"data_base64\":\"%s\"}%c",
		    cases[i].text, 0);
		parse_good((char *)text.ptr);
		ck_assert_uint_eq(event.encoding, ENCODING_RAW);
		ck_assert(slice_eq(event.payload, cases[i].bytes));
	}
	buf_fini(&text);
}
END_TEST

struct refusal {
	const char *members; /* behind LEAST */
	enum ms_err err;
	const char *reason;
};

static void
check_refusals(const struct refusal *r, size_t n, const char *least)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < n; i++) {
		enum ms_err err;

		buf_reset(&text);
		buf_printf(&text, "{%s%s}%c", least, r[i].members, 0);
		err = parse((char *)text.ptr, NULL);
		ck_assert_msg(err == r[i].err && strstr(why.text, r[i].reason),
		    "%s: %d %s", (char *)text.ptr, (int)err, why.text);
	}
	buf_fini(&text);
}

START_TEST(every_refusal_names_the_attribute)
{
	static const struct refusal r[] = {
		{ ",\"time\":\"yesterday\"", MS_EATTRIBUTE,
		    "time: not an RFC" },
		{ ",\"time\":5", MS_EATTRIBUTE, "time: must be a string" },
		{ ",\"expirytime\":\"x\"", MS_EATTRIBUTE, "expirytime: not" },
		{ ",\"datacontenttype\":\"\"", MS_EATTRIBUTE,
		    "datacontenttype: is empty" },
		{ ",\"partitionkey\":7", MS_EATTRIBUTE,
		    "partitionkey: must be a string" },
		{ ",\"partitionkey\":\"a\\u0000b\"", MS_EATTRIBUTE,
		    "partitionkey: byte 1: 0x00" },
		{ ",\"partitionkey\":\"\\u0085\"", MS_EATTRIBUTE,
		    "partitionkey: byte 0" },
		{ ",\"partitionkey\":\"\\ufffe\"", MS_EATTRIBUTE,
		    "partitionkey: byte 0" },
		{ ",\"mssig\":\"A\"", MS_EATTRIBUTE, "mssig: not base64" },
		{ ",\"sequence\":\"abc\"", MS_EATTRIBUTE, "sequence: not" },
		{ ",\"msdeliveries\":65536", MS_EATTRIBUTE, "msdeliveries" },
		{ ",\"msdeliveries\":\"1\"", MS_EATTRIBUTE, "msdeliveries" },
		{ ",\"msreplay\":1", MS_EATTRIBUTE, "msreplay: must be" },
		{ ",\"mscompression\":\"zstd\"", MS_EATTRIBUTE,
		    "mscompression: the name is reserved" },
		{ ",\"data\":1,\"data_base64\":\"\"", MS_EATTRIBUTE,
		    "data_base64: data is given as well" },
		{ ",\"data_base64\":\"Zg\"", MS_EATTRIBUTE, "not base64" },
		{ ",\"data_base64\":\"Zh==\"", MS_EATTRIBUTE, "not base64" },
		{ ",\"data_base64\":\"Z===\"", MS_EATTRIBUTE, "not base64" },
		{ ",\"data_base64\":\"====\"", MS_EATTRIBUTE, "not base64" },
		{ ",\"data_base64\":\"Zg==Zg==\"", MS_EATTRIBUTE,
		    "not base64" },
		{ ",\"data_base64\":\"Zm9-\"", MS_EATTRIBUTE, "not base64" },
		{ ",\"data_base64\":{}", MS_EATTRIBUTE, "must be a string" },
		{ ",\"Tenant\":\"x\"", MS_EATTRIBUTE,
		    "attribute name, byte 0" },
		{ ",\"a_b\":\"x\"", MS_EATTRIBUTE, "attribute name, byte 1" },
		{ ",\"\":\"x\"", MS_EATTRIBUTE, "name of 0 bytes" },
		{ ",\"a23456789012345678901\":\"x\"", MS_EATTRIBUTE,
		    "21 bytes" },
		{ ",\"a\":{}", MS_EATTRIBUTE, "a: must be a string, boolean" },
		{ ",\"a\":[]", MS_EATTRIBUTE, "a: must be a string, boolean" },
		{ ",\"a\":1.5", MS_EATTRIBUTE, "a: not a whole number" },
		{ ",\"a\":2147483648", MS_EATTRIBUTE, "a: not a whole number" },
		{ ",\"a\":\"\\n\"", MS_EATTRIBUTE, "a: byte 0: 0x0a" },
		{ ",\"a\":\"1\",\"a\":\"2\"", MS_EATTRIBUTE,
		    "a: is given twice" },
		{ ",\"a\":null,\"a\":\"2\"", MS_EATTRIBUTE,
		    "a: is given twice" },
		{ ",\"\\u0061\":\"1\",\"a\":\"2\"", MS_EATTRIBUTE, "twice" },
		{ ",\"id\":\"2\"", MS_EATTRIBUTE, "id: is given twice" },
		{ ",\"data\":1,\"data\":1", MS_EATTRIBUTE,
		    "data: is given twice" },
		{ ",\"a\":", MS_EJSON, "byte" },
		{ ",", MS_EJSON, "byte" },
		{ "}x", MS_EJSON, "byte" },
	};

	check_refusals(r, ARRAY_LEN(r), LEAST);
}
END_TEST

START_TEST(required_attributes_are_required)
{
	static const struct refusal r[] = {
		{ "\"specversion\":\"1.0\"", MS_EATTRIBUTE,
		    "type: is missing" },
		{ "\"specversion\":\"1.0\",\"type\":\"t\"", MS_EATTRIBUTE,
		    "source: is missing" },
		{ "\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"s\"",
		    MS_ESUBJECT, "subject is empty" },
		{ "\"specversion\":\"1.0\",\"type\":\"\"", MS_EATTRIBUTE,
		    "type: is empty" },
		{ "\"specversion\":\"1.0\",\"source\":\"\"", MS_EATTRIBUTE,
		    "source: is empty" },
		{ "\"specversion\":\"1.0\",\"id\":\"\"", MS_EATTRIBUTE,
		    "id: is empty" },
		{ "\"specversion\":\"1.0\",\"subject\":\"\"", MS_ESUBJECT,
		    "subject is empty" },
		{ "\"specversion\":\"1.0\",\"subject\":\"a.*\"", MS_ESUBJECT,
		    "byte 2" },
		{ "\"specversion\":\"1.0\",\"type\":null", MS_EATTRIBUTE,
		    "type: is missing" },
		{ "\"specversion\":\"0.3\"", MS_EATTRIBUTE, "only \"1.0\"" },
		{ "\"specversion\":\"1.0.0\"", MS_EATTRIBUTE, "only \"1.0\"" },
		{ "\"specversion\":1.0", MS_EATTRIBUTE, "must be a string" },
	};

	check_refusals(r, ARRAY_LEN(r), "");
}
END_TEST

START_TEST(members_are_counted)
{
	struct buf text = { 0 };

	buf_add_str(&text, "{" LEAST);
	for (int i = 0; i < 72; i++)
		buf_printf(&text, ",\"x%d\":\"\"", i);
	buf_add(&text, "}", 2);
	ck_assert_int_eq(parse((char *)text.ptr, NULL), MS_EATTRIBUTE);
	ck_assert_msg(strstr(why.text, "77 members"), "%s", why.text);
	buf_fini(&text);
}
END_TEST

START_TEST(every_cut_of_a_line_is_refused)
{
	static const char text[] = "{" LEAST ",\"a\":\"\\u00e9\","
				   "\"data\":{\"x\":[1,true,null]}}";
	static char copy[sizeof(text)];

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		memcpy(copy, text, n);
		setup();
		ck_assert_int_eq(cloudevent_parse((struct slice){ copy, n },
				     NULL, &arena, &event, NULL),
		    MS_EJSON);
	}
}
END_TEST

/* ---- printing ---------------------------------------------------------------- */

START_TEST(a_line_prints_as_it_was_read)
{
	static const char text[] =
	    "{\"specversion\":\"1.0\",\"id\":\"" UUID "\","
	    "\"time\":\"2026-11-24T20:15:00.123Z\",\"type\":\"t\","
	    "\"source\":\"/s\",\"subject\":\"a.b\","
	    "\"datacontenttype\":\"application/json\","
	    "\"recordedtime\":\"2026-11-24T20:15:01Z\",\"msproducer\":\"p\","
	    "\"mssig\":\"AAH/\",\"correlationid\":\"" UUID2 "\","
	    "\"b\":true,\"c\":-7,\"d\":\"q\\\"\",\"sequence\":"
	    "\"00000000000000000042\",\"msdeliveries\":3,\"msreplay\":true,"
	    "\"data\":{\"a\":[1,2]}}";
	struct buf out = { 0 };

	parse_good(text);
	ck_assert_str_eq(print(&out), text);
	buf_fini(&out);
}
END_TEST

START_TEST(text_ids_and_raw_payloads_survive)
{
	static const char text[] =
	    "{\"specversion\":\"1.0\",\"id\":\"o/1\",\"type\":\"t\","
	    "\"source\":\"/s\",\"subject\":\"a.b\","
	    "\"causationid\":\"x\",\"data_base64\":\"AP+/Zg==\"}";
	struct buf out = { 0 };

	parse_good(text);
	ck_assert_str_eq(print(&out), text);
	buf_fini(&out);
}
END_TEST

START_TEST(nanoseconds_are_printed_when_there_are_any)
{
	struct buf out = { 0 };

	parse_good("{" LEAST "}");
	event.time_ns = 1;
	ck_assert(strstr(print(&out), "\"1970-01-01T00:00:00.000000001Z\""));
	event.time_ns = -1;
	ck_assert(strstr(print(&out), "\"1969-12-31T23:59:59.999999999Z\""));
	event.time_ns = INT64_MIN;
	ck_assert(strstr(print(&out), "\"1677-09-21T00:12:43.145224192Z\""));
	event.time_ns = 0;
	ck_assert_ptr_null(strstr(print(&out), "\"time\""));
	buf_fini(&out);
}
END_TEST

START_TEST(a_payload_that_is_no_json_cannot_break_the_line)
{
	struct buf out = { 0 };

	parse_good("{" LEAST "}");
	event.encoding = ENCODING_JSON;
	event.payload = SLICE_LIT("{\n\"a\":\r\n 1}\n");
	ck_assert(strstr(print(&out), "\"data\":{ \"a\":   1} }"));
	ck_assert_ptr_null(strpbrk((char *)out.ptr, "\r\n"));
	event.payload = SLICE_LIT("{\"a\":1},\"x\":{");
	ck_assert(strstr(print(&out), "\"data_base64\":\"eyJh"));
	event.payload = SLICE_LIT("{}");
	event.compression = COMPRESSION_ZSTD;
	ck_assert(strstr(print(&out),
	    "\"mscompression\":\"zstd\",\"data_base64\":\"e30=\"}"));
	event.compression = COMPRESSION_NONE;
	event.encoding = ENCODING_MSGPACK;
	ck_assert(
	    strstr(print(&out), "\"datacontenttype\":\"application/msgpack\""));
	buf_fini(&out);
}
END_TEST

START_TEST(a_parsed_event_survives_the_frame)
{
	struct buf frame = { 0 }, before = { 0 }, after = { 0 };
	struct arena decoded;

	arena_init(&decoded, 0);
	parse_good("{" LEAST ",\"a\":\"x\",\"b\":false,\"c\":5,"
		   "\"correlationid\":\"trip\",\"causationid\":\"" UUID
		   "\",\"data\":[1]}");
	print(&before);
	ck_assert_int_eq(envelope_encode(&event, NULL, &frame, &why), MS_OK);
	ck_assert_int_eq(envelope_decode(buf_slice(&frame), NULL, &decoded,
			     &event, &why),
	    MS_OK);
	ck_assert_str_eq(print(&after), (char *)before.ptr);
	buf_fini(&frame);
	buf_fini(&before);
	buf_fini(&after);
	arena_fini(&decoded);
}
END_TEST

START_TEST(a_full_arena_is_no_memory)
{
	arena_fini(&arena);
	arena_init(&arena, 16);
	ck_assert_int_eq(cloudevent_parse(SLICE_LIT("{" LEAST
						    ",\"a\":\"xxxxxxxxxxxxxxxx"
						    "xxxxx\\n\"}"),
			     NULL, &arena, &event, &why),
	    MS_ENOMEM);
	ck_assert_int_eq(cloudevent_parse(SLICE_LIT("{" LEAST ",\"a\":\"x\"}"),
			     NULL, &arena, &event, &why),
	    MS_ENOMEM);
}
END_TEST

UNIT(cloudevent, a_typical_event_is_understood,
    what_is_not_given_comes_from_the_defaults, any_other_json_is_the_payload,
    an_id_that_is_no_canonical_uuid_stays_text,
    a_cause_that_is_no_uuid_stays_an_extension, extensions_keep_their_type,
    escapes_are_resolved_in_names_and_values,
    data_is_json_unless_its_type_says_otherwise, base64_data_is_raw,
    every_refusal_names_the_attribute, required_attributes_are_required,
    members_are_counted, every_cut_of_a_line_is_refused,
    a_line_prints_as_it_was_read, text_ids_and_raw_payloads_survive,
    nanoseconds_are_printed_when_there_are_any,
    a_payload_that_is_no_json_cannot_break_the_line,
    a_parsed_event_survives_the_frame, a_full_arena_is_no_memory)
