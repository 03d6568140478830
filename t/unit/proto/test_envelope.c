/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "common/crc32c.h"
#include "proto/envelope.h"
#include "t/lib/unit.h"

static const struct id128 an_id = { { 1, 0x8f, 3, 4, 5, 6, 0x77, 8, 0x89,
    10 } };

static struct envelope
plain(void)
{
	return (struct envelope){ .encoding = ENCODING_JSON,
		.time_ns = 1700000000123456789,
		.id = an_id,
		.type = SLICE_LIT("io.mister.agent.started"),
		.source = SLICE_LIT("/node/agent/worker-3"),
		.subject = SLICE_LIT("agent.worker-3.started"),
		.payload = SLICE_LIT("{\"pid\":4711}") };
}

static const struct attribute extensions[] = {
	{ .name = { "tenant", 6 }, .value = { "caf\xc3\xa9", 5 } },
	{ .name = { "empty", 5 }, .value = { NULL, 0 } },
	{ .name = { "count", 5 },
	    .value = { "-7", 2 },
	    .type = ATTRIBUTE_INTEGER },
	{ .name = { "urgent", 6 },
	    .value = { "true", 4 },
	    .type = ATTRIBUTE_BOOL },
	{ .name = { "digest", 6 },
	    .value = { "\0\xff", 2 },
	    .type = ATTRIBUTE_BYTES },
};

static struct envelope
full(void)
{
	struct envelope e = plain();

	e.flags = ENVELOPE_REPLAY | ENVELOPE_DEAD_LETTER;
	e.schema_id = 42;
	e.seq = UINT64_MAX;
	e.log_epoch = 7;
	e.deliveries = 65535;
	e.shard = 3;
	e.id = (struct id128){ { 0 } };
	e.id_text = SLICE_LIT("order-17");
	e.correlation.byte[15] = 1;
	e.causation.byte[0] = 2;
	e.content_type = SLICE_LIT("application/json");
	e.data_schema = SLICE_LIT("urn:mss:schema:a:1");
	e.traceparent = SLICE_LIT(
	    "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01");
	e.tracestate = SLICE_LIT("a=b");
	e.partition_key = SLICE_LIT("worker-3");
	e.expiry_time = SLICE_LIT("2027-01-01T00:00:00Z");
	e.recorded_time = SLICE_LIT("2026-11-24T20:15:00.1+02:00");
	e.data_ref = SLICE_LIT("https://store/1");
	e.producer = SLICE_LIT("p1");
	e.producer_seq = SLICE_LIT("00000000000000000017");
	e.signature = SLICE_LIT("\0\1\2\xff");
	e.extensions = extensions;
	e.extension_count = ARRAY_LEN(extensions);
	return e;
}

static void
encode(const struct envelope *e, struct buf *out)
{
	struct why why = { "" };

	buf_reset(out);
	ck_assert_msg(envelope_encode(e, NULL, out, &why) == MS_OK, "%s",
	    why.text);
}

static enum ms_err
try_encode(const struct envelope *e, struct why *why)
{
	struct buf out = { 0 };
	enum ms_err err;

	buf_add(&out, "x", 1);
	err = envelope_encode(e, NULL, &out, why);
	if (err != MS_OK)
		ck_assert_uint_eq(out.len, 1);
	buf_fini(&out);
	return err;
}

/* Decodes an exact copy, so that asan sees a read past the end. */
static enum ms_err
decode_copy(const void *bytes, size_t n, struct why *why)
{
	char *copy = malloc(n ? n : 1);
	struct arena arena;
	struct envelope e;
	struct slice frame = { copy, n };
	enum ms_err peeked, err;

	memcpy(copy, bytes, n);
	arena_init(&arena, 0);
	peeked = envelope_peek(frame, NULL, &e, NULL);
	err = envelope_decode(frame, NULL, &arena, &e, why);
	if (peeked != MS_OK)
		ck_assert_int_eq(err, peeked);
	arena_fini(&arena);
	free(copy);
	return err;
}

/* With the header's checksum made right again. */
static enum ms_err
decode_resealed(struct buf *frame, struct why *why)
{
	if (frame->len >= 112 && get_u32(frame->ptr + 8) <= frame->len)
		frame_stamp(frame->ptr, get_u64(frame->ptr + 24),
		    get_u32(frame->ptr + 32), get_u16(frame->ptr + 36), 0);
	return decode_copy(frame->ptr, frame->len, why);
}

static void
assert_slice(struct slice a, struct slice b)
{
	ck_assert(slice_eq(a, b));
}

START_TEST(a_plain_event_survives_the_way)
{
	struct envelope a = plain(), b;
	struct buf out = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	encode(&a, &out);
	ck_assert_uint_eq(out.len % 8, 0);
	ck_assert_int_eq(envelope_decode(buf_slice(&out), NULL, &arena, &b,
			     NULL),
	    MS_OK);
	ck_assert_ptr_null(arena.head); /* nothing was allocated */
	ck_assert_uint_eq(b.flags, 0);
	ck_assert_mem_eq(&b.id, &a.id, sizeof(a.id));
	ck_assert_int_eq(b.time_ns, a.time_ns);
	assert_slice(b.subject, a.subject);
	assert_slice(b.payload, a.payload);
	ck_assert_uint_eq(b.raw_len, a.payload.len);
	ck_assert_uint_eq(b.raw_crc, crc32c(0, a.payload.ptr, a.payload.len));
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(every_member_survives_the_way)
{
	struct envelope a = full(), b;
	struct buf out = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	encode(&a, &out);
	ck_assert_int_eq(envelope_decode(buf_slice(&out), NULL, &arena, &b,
			     NULL),
	    MS_OK);
	ck_assert_uint_eq(b.flags,
	    a.flags | ENVELOPE_STRING_ID | ENVELOPE_SIGNED);
	ck_assert_uint_eq(b.encoding, a.encoding);
	ck_assert_uint_eq(b.schema_id, 42);
	ck_assert_uint_eq(b.seq, UINT64_MAX);
	ck_assert_uint_eq(frame_seq(out.ptr), UINT64_MAX);
	ck_assert_uint_eq(b.log_epoch, 7);
	ck_assert_uint_eq(b.deliveries, 65535);
	ck_assert_uint_eq(b.shard, 3);
	ck_assert_mem_eq(&b.correlation, &a.correlation, 16);
	ck_assert_mem_eq(&b.causation, &a.causation, 16);
	assert_slice(b.id_text, a.id_text);
	assert_slice(b.type, a.type);
	assert_slice(b.source, a.source);
	assert_slice(b.content_type, a.content_type);
	assert_slice(b.data_schema, a.data_schema);
	assert_slice(b.traceparent, a.traceparent);
	assert_slice(b.tracestate, a.tracestate);
	assert_slice(b.partition_key, a.partition_key);
	assert_slice(b.expiry_time, a.expiry_time);
	assert_slice(b.recorded_time, a.recorded_time);
	assert_slice(b.data_ref, a.data_ref);
	assert_slice(b.producer, a.producer);
	assert_slice(b.producer_seq, a.producer_seq);
	assert_slice(b.signature, a.signature);
	ck_assert_uint_eq(b.extension_count, ARRAY_LEN(extensions));
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
		assert_slice(b.extensions[i].name, extensions[i].name);
		assert_slice(b.extensions[i].value, extensions[i].value);
		ck_assert_uint_eq(b.extensions[i].type, extensions[i].type);
	}
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_decoded_event_encodes_to_the_same_bytes)
{
	struct envelope a = full(), b;
	struct buf out = { 0 }, again = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	encode(&a, &out);
	ck_assert_int_eq(envelope_decode(buf_slice(&out), NULL, &arena, &b,
			     NULL),
	    MS_OK);
	encode(&b, &again);
	assert_slice(buf_slice(&out), buf_slice(&again));
	buf_fini(&out);
	buf_fini(&again);
	arena_fini(&arena);
}
END_TEST

START_TEST(peek_gives_all_but_extensions)
{
	struct envelope a = full(), b;
	struct buf out = { 0 };

	encode(&a, &out);
	ck_assert_int_eq(envelope_peek(buf_slice(&out), NULL, &b, NULL), MS_OK);
	assert_slice(b.subject, a.subject);
	assert_slice(b.id_text, a.id_text);
	assert_slice(b.payload, a.payload);
	ck_assert_uint_eq(b.extension_count, 0);
	ck_assert_ptr_null(b.extensions);
	buf_fini(&out);
}
END_TEST

START_TEST(an_event_without_payload_is_valid)
{
	struct envelope a = plain();
	struct buf out = { 0 };

	a.payload = (struct slice){ NULL, 0 };
	encode(&a, &out);
	ck_assert_int_eq(decode_copy(out.ptr, out.len, NULL), MS_OK);
	buf_fini(&out);
}
END_TEST

START_TEST(a_stamp_changes_what_it_says_and_stays_valid)
{
	struct envelope a = full(), b;
	struct buf out = { 0 };

	a.seq = 0;
	encode(&a, &out);
	frame_stamp(out.ptr, 77, 5, 2, ENVELOPE_REDELIVERED);
	ck_assert_int_eq(decode_copy(out.ptr, out.len, NULL), MS_OK);
	ck_assert_int_eq(envelope_peek(buf_slice(&out), NULL, &b, NULL), MS_OK);
	ck_assert_uint_eq(b.seq, 77);
	ck_assert_uint_eq(frame_seq(out.ptr), 77);
	ck_assert_uint_eq(b.log_epoch, 5);
	ck_assert_uint_eq(b.deliveries, 2);
	ck_assert_uint_eq(b.flags,
	    a.flags | ENVELOPE_STRING_ID | ENVELOPE_SIGNED |
		ENVELOPE_REDELIVERED);
	buf_fini(&out);
}
END_TEST

START_TEST(the_wire_is_as_documented)
{
	struct envelope a = plain();
	struct buf out = { 0 };

	encode(&a, &out);
	ck_assert_mem_eq(out.ptr, "MSE1\1\0\1\0", 8);
	ck_assert_mem_eq(out.ptr + 48, an_id.byte, 16);
	ck_assert_mem_eq(out.ptr + 112, "\1\0\27\0io.mister.agent.started", 27);
	ck_assert_uint_eq(out.ptr[139], 0);
	ck_assert_mem_eq(out.ptr + 140 + 4, "\2\0\24\0/node", 9);
	ck_assert_uint_eq(get_u32(out.ptr + 8), 112 + 32 + 24 + 32);
	ck_assert_uint_eq(get_u32(out.ptr + 12), 12);
	buf_fini(&out);
}
END_TEST

/* ---- refusals of the writer ------------------------------------------------ */

#define REFUSED(e, code, reason)                                           \
	do {                                                               \
		struct why why_ = { "" };                                  \
		ck_assert_int_eq(try_encode(&(e), &why_), code);           \
		ck_assert_msg(strstr(why_.text, reason), "%s", why_.text); \
	} while (0)

START_TEST(missing_attributes_are_named)
{
	struct envelope e = plain();

	e.type.len = 0;
	REFUSED(e, MS_EATTRIBUTE, "attribute type: is missing");
	e = plain();
	e.source.len = 0;
	REFUSED(e, MS_EATTRIBUTE, "attribute source: is missing");
	e = plain();
	memset(&e.id, 0, sizeof(e.id));
	REFUSED(e, MS_EATTRIBUTE, "attribute id: is missing");
	e = plain();
	e.subject.len = 0;
	REFUSED(e, MS_ESUBJECT, "subject is empty");
	e = plain();
	e.flags = ENVELOPE_SIGNED;
	REFUSED(e, MS_EATTRIBUTE, "attribute mssig: is missing");
}
END_TEST

START_TEST(text_rules_name_attribute_and_offset)
{
	static const struct {
		const char *text;
		const char *reason; /* NULL = accepted */
	} cases[] = {
		{ "a b~", NULL },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", NULL },
		{ "\xc2\xa0", NULL },
		{ "\xef\xbf\xbd", NULL },
		{ "a\nb", "source: byte 1: 0x0a" },
		{ "0123456789\x1f", "source: byte 10: 0x1f" },
		{ "\x7f", "source: byte 0: 0x7f" },
		{ "0123456\x7f", "source: byte 7: 0x7f" },
		{ "ab\xc2\x80", "source: byte 2: 0xc2" },
		{ "ab\xc2\x9f", "source: byte 2: 0xc2" },
		{ "abc\xff", "source: byte 3: 0xff" },
		{ "\xc3", "source: byte 0: 0xc3" },
		{ "01234567\xe2\x82", "source: byte 8: 0xe2" },
		{ "\xc0\xaf", "source: byte 0: 0xc0" },
		{ "\xed\xa0\x80", "source: byte 0: 0xed" },
		{ "\xef\xbf\xbe", "source: byte 0: 0xef" },
		{ "\xef\xb7\x90", "source: byte 0: 0xef" },
		{ "\xf0\x9f\xbf\xbf", "source: byte 0: 0xf0" },
		{ "\xf4\x90\x80\x80", "source: byte 0: 0xf4" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct envelope e = plain();

		e.source = slice_of(cases[i].text);
		if (cases[i].reason)
			REFUSED(e, MS_EATTRIBUTE, cases[i].reason);
		else
			ck_assert_int_eq(try_encode(&e, NULL), MS_OK);
	}
}
END_TEST

START_TEST(a_nul_inside_a_text_is_refused)
{
	struct envelope e = plain();

	e.type = SLICE_LIT("a\0b");
	REFUSED(e, MS_EATTRIBUTE, "type: byte 1: 0x00");
}
END_TEST

START_TEST(times_must_be_rfc_3339)
{
	struct envelope e = plain();

	e.expiry_time = SLICE_LIT("tomorrow");
	REFUSED(e, MS_EATTRIBUTE, "expirytime: not an RFC 3339 time");
	e.expiry_time = SLICE_LIT("2026-02-30T00:00:00Z");
	REFUSED(e, MS_EATTRIBUTE, "expirytime");
}
END_TEST

START_TEST(a_traceparent_must_be_one_when_it_is_written)
{
	struct envelope e = plain();

	e.traceparent = SLICE_LIT("00-1");
	REFUSED(e, MS_EATTRIBUTE, "traceparent: 4 characters");
	e.traceparent = SLICE_LIT(
	    "00-00000000000000000000000000000000-00f067aa0ba902b7-01");
	REFUSED(e, MS_EATTRIBUTE, "trace id must not be zero");
}
END_TEST

/* What a log holds can be read for ever. */
START_TEST(a_traceparent_that_is_none_is_read_all_the_same)
{
	struct envelope e = plain(), got;
	struct buf frame = { 0 };
	struct why why;
	char *digit;

	e.traceparent = SLICE_LIT(
	    "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01");
	ck_assert_int_eq(envelope_encode(&e, NULL, &frame, NULL), MS_OK);
	digit = memmem(frame.ptr, frame.len, "00-0af7", 7);
	digit[1] = '7';
	frame_stamp(frame.ptr, 1, 1, 1, 0); /* the checksum */
	ck_assert_int_eq(envelope_peek(buf_slice(&frame), NULL, &got, &why),
	    MS_OK);
	ck_assert_int_eq(got.traceparent.ptr[1], '7');
	buf_fini(&frame);
}
END_TEST

START_TEST(extension_names_follow_cloudevents)
{
	static const char *const bad[] = { "", "Tenant", "ten-ant", "a_b",
		"data", "time", "specversion", "id", "source", "type",
		"subject", "sequence", "traceparent", "msreplay", "caf\xc3\xa9",
		"a23456789012345678901" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct envelope e = plain();
		struct attribute x = { slice_of(bad[i]), SLICE_LIT("v"), 0 };

		e.extensions = &x;
		e.extension_count = 1;
		ck_assert_msg(try_encode(&e, NULL) == MS_EATTRIBUTE, "%s",
		    bad[i]);
	}
}
END_TEST

START_TEST(extension_values_fit_their_type)
{
	static const struct {
		struct slice value;
		uint8_t type;
		bool good;
	} cases[] = {
		{ { "2147483647", 10 }, ATTRIBUTE_INTEGER, true },
		{ { "-2147483648", 11 }, ATTRIBUTE_INTEGER, true },
		{ { "2147483648", 10 }, ATTRIBUTE_INTEGER, false },
		{ { "1.5", 3 }, ATTRIBUTE_INTEGER, false },
		{ { "", 0 }, ATTRIBUTE_INTEGER, false },
		{ { "false", 5 }, ATTRIBUTE_BOOL, true },
		{ { "yes", 3 }, ATTRIBUTE_BOOL, false },
		{ { "\n", 1 }, ATTRIBUTE_TEXT, false },
		{ { "\n", 1 }, ATTRIBUTE_BYTES, true },
		{ { "x", 1 }, 4, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct envelope e = plain();
		struct attribute x = { SLICE_LIT("x"), cases[i].value,
			cases[i].type };

		e.extensions = &x;
		e.extension_count = 1;
		ck_assert_msg(try_encode(&e, NULL) ==
			(cases[i].good ? MS_OK : MS_EATTRIBUTE),
		    "case %zu", i);
	}
}
END_TEST

START_TEST(an_extension_may_not_be_given_twice)
{
	struct envelope e = plain();
	struct attribute x[] = { { SLICE_LIT("a"), SLICE_LIT("1"), 0 },
		{ SLICE_LIT("b"), SLICE_LIT("2"), 0 },
		{ SLICE_LIT("a"), SLICE_LIT("3"), 0 } };
	struct attribute cause = { SLICE_LIT("causationid"), SLICE_LIT("x"),
		0 };

	e.extensions = x;
	e.extension_count = 3;
	REFUSED(e, MS_EATTRIBUTE, "attribute a: is given twice");
	e.extensions = &cause;
	e.extension_count = 1;
	ck_assert_int_eq(try_encode(&e, NULL), MS_OK);
	e.causation.byte[3] = 1;
	REFUSED(e, MS_EATTRIBUTE, "attribute causationid: is given twice");
}
END_TEST

static const struct attribute *
many_extensions(char (*names)[4], struct attribute *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], 4, "x%zu", i);
		x[i] =
		    (struct attribute){ slice_of(names[i]), SLICE_LIT("v"), 0 };
	}
	return x;
}

START_TEST(attributes_are_counted)
{
	struct envelope e = plain();
	struct attribute x[62];
	char names[62][4];

	e.extensions = many_extensions(names, x, 62);
	e.extension_count = 61; /* with type, source, subject */
	ck_assert_int_eq(try_encode(&e, NULL), MS_OK);
	e.extension_count = 62;
	REFUSED(e, MS_EATTRIBUTE, "65 attributes are more than 64");
}
END_TEST

START_TEST(sizes_have_limits)
{
	static char big[2 << 20];
	struct envelope e = plain();
	struct envelope_limits large = { 64u << 20, UINT32_MAX };
	struct buf out = { 0 };

	memset(big, 'x', sizeof(big));
	e.payload = (struct slice){ big, ENVELOPE_PAYLOAD_DEFAULT };
	ck_assert_int_eq(try_encode(&e, NULL), MS_OK);
	e.payload.len++;
	REFUSED(e, MS_ETOOBIG, "payload of 1048577 bytes");
	ck_assert_int_eq(envelope_encode(&e, &large, &out, NULL), MS_OK);
	ck_assert_int_eq(decode_copy(out.ptr, out.len, NULL), MS_ETOOBIG);
	e.payload.len = (8u << 20) + 1; /* is not read */
	ck_assert_int_eq(envelope_encode(&e, &large, &out, NULL), MS_ETOOBIG);
	e = plain();
	e.producer = (struct slice){ big, 65535 };
	REFUSED(e, MS_ETOOBIG, "a header of");
	e.producer.len = 65536;
	REFUSED(e, MS_ETOOBIG, "attribute msproducer: 65536");
	e.producer.len = 65000;
	ck_assert_int_eq(try_encode(&e, NULL), MS_OK);
	buf_fini(&out);
}
END_TEST

START_TEST(raw_length_must_be_possible)
{
	struct envelope e = plain();
	struct buf out = { 0 };

	e.raw_len = 3;
	REFUSED(e, MS_EINVAL, "raw_len 3");
	e.compression = COMPRESSION_ZSTD;
	e.raw_len = 0;
	REFUSED(e, MS_EINVAL, "without raw_len");
	e.raw_len = ENVELOPE_PAYLOAD_DEFAULT + 1;
	REFUSED(e, MS_ETOOBIG, "payload of 1048577");
	e.raw_len = 500;
	encode(&e, &out);
	ck_assert_int_eq(decode_copy(out.ptr, out.len, NULL), MS_OK);
	e.compression = 4;
	REFUSED(e, MS_EINVAL, "unknown compression 4");
	e = plain();
	e.encoding = 6;
	REFUSED(e, MS_EINVAL, "unknown payload encoding 6");
	buf_fini(&out);
}
END_TEST

/* ---- refusals of the reader ------------------------------------------------ */

START_TEST(every_cut_is_refused)
{
	struct envelope e = full();
	struct buf out = { 0 };

	encode(&e, &out);
	for (size_t n = 0; n < out.len; n++)
		ck_assert_int_eq(decode_copy(out.ptr, n, NULL), MS_EPROTO);
	buf_add(&out, "\0\0\0\0\0\0\0", 8);
	ck_assert_int_eq(decode_copy(out.ptr, out.len, NULL), MS_EPROTO);
	buf_fini(&out);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
	struct envelope e = full();
	struct buf out = { 0 };

	encode(&e, &out);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		struct why why = { "" };

		out.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
		ck_assert_msg(decode_copy(out.ptr, out.len, &why) != MS_OK,
		    "bit %zu", bit);
		ck_assert(why.text[0]);
		out.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	buf_fini(&out);
}
END_TEST

START_TEST(no_flipped_bit_under_a_right_checksum_crashes)
{
	struct envelope e = full();
	struct buf out = { 0 }, again = { 0 };

	encode(&e, &out);
	for (size_t bit = 0; bit < get_u32(out.ptr + 8) * 8; bit++) {
		buf_reset(&again);
		buf_add_slice(&again, buf_slice(&out));
		again.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
		if (get_u32(again.ptr + 8) >= 112)
			(void)!decode_resealed(&again, NULL);
	}
	ck_assert_int_eq(decode_resealed(&out, NULL), MS_OK);
	buf_fini(&out);
	buf_fini(&again);
}
END_TEST

START_TEST(impossible_headers_are_refused_with_their_place)
{
	static const struct {
		size_t at;
		uint8_t byte;
		enum ms_err err;
		const char *reason;
	} cases[] = {
		{ 0, 'X', MS_EPROTO, "byte 0" },
		{ 4, 2, MS_EUNSUPPORTED, "byte 4" },
		{ 5, ENVELOPE_SIGNED, MS_EATTRIBUTE, "mssig" },
		{ 5, ENVELOPE_STRING_ID, MS_EATTRIBUTE, "attribute id" },
		{ 6, 6, MS_EUNSUPPORTED, "byte 6" },
		{ 7, 4, MS_EUNSUPPORTED, "byte 7" },
		{ 10, 2, MS_ETOOBIG, "byte 8" },
		{ 8, 201, MS_EPROTO, "byte 8" },
		{ 8, 104, MS_EPROTO, "byte 8" },
		{ 15, 1, MS_ETOOBIG, "byte 12" },
		{ 12, 200, MS_EPROTO, "only" },
		{ 19, 1, MS_ETOOBIG, "byte 16" },
		{ 16, 1, MS_EPROTO, "byte 16" },
		{ 96, 1, MS_EPROTO, "byte 16" },
		{ 104, 1, MS_EPROTO, "byte 104" },
		{ 112, 0, MS_EPROTO, "byte 112: a broken" },
		{ 112, 2, MS_EATTRIBUTE, "attribute source: is given twice" },
		{ 112, 99, MS_EATTRIBUTE, "attribute type: is missing" },
		{ 113, 1, MS_EPROTO, "attribute type of type 1" },
		{ 115, 1, MS_EPROTO, "byte 112: a broken" },
		{ 139, 1, MS_EPROTO, "byte 112: a broken" },
		{ 116, 0x1f, MS_EATTRIBUTE, "type: byte 0: 0x1f" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct envelope e = plain();
		struct buf out = { 0 };
		struct why why = { "" };
		enum ms_err err;

		encode(&e, &out);
		ck_assert_uint_eq(get_u32(out.ptr + 8), 200);
		out.ptr[cases[i].at] = cases[i].byte;
		err = get_u32(out.ptr + 8) < 112
		    ? decode_copy(out.ptr, out.len, &why)
		    : decode_resealed(&out, &why);
		ck_assert_msg(err == cases[i].err &&
			strstr(why.text, cases[i].reason),
		    "case %zu: %d %s", i, (int)err, why.text);
		buf_fini(&out);
	}
}
END_TEST

START_TEST(a_forged_string_id_is_refused)
{
	struct envelope e = plain();
	struct buf out = { 0 };
	struct why why = { "" };

	e.id_text = SLICE_LIT("order-17");
	encode(&e, &out);
	out.ptr[48] ^= 1;
	ck_assert_int_eq(decode_resealed(&out, &why), MS_EATTRIBUTE);
	ck_assert(strstr(why.text, "hash"));
	buf_fini(&out);
}
END_TEST

START_TEST(padding_behind_the_payload_must_be_zero)
{
	struct envelope e = plain();
	struct buf out = { 0 };

	encode(&e, &out);
	out.ptr[out.len - 1] = 1;
	ck_assert_int_eq(decode_copy(out.ptr, out.len, NULL), MS_EPROTO);
	buf_fini(&out);
}
END_TEST

START_TEST(a_wrong_payload_is_seen_by_decode)
{
	struct envelope e = plain(), b;
	struct buf out = { 0 };
	struct why why = { "" };

	encode(&e, &out);
	out.ptr[200] ^= 1;
	ck_assert_int_eq(envelope_peek(buf_slice(&out), NULL, &b, NULL), MS_OK);
	ck_assert_int_eq(decode_copy(out.ptr, out.len, &why), MS_ECHECKSUM);
	ck_assert(strstr(why.text, "byte 100"));
	buf_fini(&out);
}
END_TEST

START_TEST(frame_length_finds_the_end_of_a_frame)
{
	struct envelope e = full();
	struct buf out = { 0 };
	size_t first, n = 0;

	encode(&e, &out);
	first = out.len;
	buf_add_str(&out, "and more");
	ck_assert_int_eq(frame_length(buf_slice(&out), NULL, &n, NULL), MS_OK);
	ck_assert_uint_eq(n, first);
	buf_fini(&out);
}
END_TEST

START_TEST(a_full_arena_is_no_memory)
{
	struct envelope e = full(), b;
	struct buf out = { 0 };
	struct arena arena;

	arena_init(&arena, 16);
	encode(&e, &out);
	ck_assert_int_eq(envelope_decode(buf_slice(&out), NULL, &arena, &b,
			     NULL),
	    MS_ENOMEM);
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_full_buffer_is_no_memory)
{
	struct envelope e = plain();
	struct buf out = { .limit_bytes = 100 };

	ck_assert_int_eq(envelope_encode(&e, NULL, &out, NULL), MS_ENOMEM);
	ck_assert_uint_eq(out.len, 0);
	buf_fini(&out);
}
END_TEST

/* ---- identity --------------------------------------------------------------- */

static bool
same_identity(const struct envelope *a, const struct envelope *b)
{
	struct id128 x = envelope_identity(a), y = envelope_identity(b);

	return memcmp(&x, &y, sizeof(x)) == 0;
}

START_TEST(identity_is_source_and_id_and_nothing_else)
{
	struct envelope a = plain(), b = plain();

	b.payload = SLICE_LIT("other");
	b.time_ns++;
	b.subject = SLICE_LIT("b");
	ck_assert(same_identity(&a, &b));
	b.source = SLICE_LIT("/node/agent/worker-4");
	ck_assert(!same_identity(&a, &b));
	b = plain();
	b.id.byte[15]++;
	ck_assert(!same_identity(&a, &b));
}
END_TEST

START_TEST(identity_is_the_same_before_and_after_the_wire)
{
	struct envelope a = full(), b;
	struct buf out = { 0 };

	encode(&a, &out);
	ck_assert_int_eq(envelope_peek(buf_slice(&out), NULL, &b, NULL), MS_OK);
	ck_assert(same_identity(&a, &b));
	buf_fini(&out);
}
END_TEST

UNIT(envelope, a_plain_event_survives_the_way, every_member_survives_the_way,
    a_decoded_event_encodes_to_the_same_bytes, peek_gives_all_but_extensions,
    an_event_without_payload_is_valid,
    a_stamp_changes_what_it_says_and_stays_valid, the_wire_is_as_documented,
    a_traceparent_must_be_one_when_it_is_written,
    a_traceparent_that_is_none_is_read_all_the_same,
    missing_attributes_are_named, text_rules_name_attribute_and_offset,
    a_nul_inside_a_text_is_refused, times_must_be_rfc_3339,
    extension_names_follow_cloudevents, extension_values_fit_their_type,
    an_extension_may_not_be_given_twice, attributes_are_counted,
    sizes_have_limits, raw_length_must_be_possible, every_cut_is_refused,
    every_flipped_bit_is_refused, no_flipped_bit_under_a_right_checksum_crashes,
    impossible_headers_are_refused_with_their_place,
    a_forged_string_id_is_refused, padding_behind_the_payload_must_be_zero,
    a_wrong_payload_is_seen_by_decode, frame_length_finds_the_end_of_a_frame,
    a_full_arena_is_no_memory, a_full_buffer_is_no_memory,
    identity_is_source_and_id_and_nothing_else,
    identity_is_the_same_before_and_after_the_wire)
