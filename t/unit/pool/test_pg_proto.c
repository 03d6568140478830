/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, their borders, and what libpq's trace tells. */
#include <stdio.h>

#include "t/lib/unit.h"
#include "workers/pool/pg_params.h"
#include "workers/pool/pg_proto.h"
#include "workers/pool/pg_stream.h"
#include "workers/pool/pg_trace.h"

static void
expect_bytes(struct buf *out, const char *bytes, size_t n)
{
	ck_assert_uint_eq(out->len, n);
	ck_assert_mem_eq(out->ptr, bytes, n);
	buf_fini(out);
}
#define EXPECT(out, text) expect_bytes(out, text, sizeof(text) - 1)

START_TEST(messages_are_laid_out_as_the_protocol_says)
{
	struct buf out = { 0 };

	pg_put_auth_ok(&out);
	EXPECT(&out, "R\0\0\0\10\0\0\0\0");
	pg_put_ready(&out);
	EXPECT(&out, "Z\0\0\0\5I");
	pg_put_sync(&out);
	EXPECT(&out, "S\0\0\0\4");
	pg_put_query(&out, "x");
	EXPECT(&out, "Q\0\0\0\6x\0");
	pg_put_backend_key(&out, (struct pg_key){ 1, 0x02030405 });
	EXPECT(&out, "K\0\0\0\14\0\0\0\1\2\3\4\5");
	pg_put_cancel(&out, (struct pg_key){ 1, 2 });
	EXPECT(&out, "\0\0\0\20\4\xd2\x16\x2e\0\0\0\1\0\0\0\2");
	pg_put_fatal(&out, "57P03", "no");
	EXPECT(&out, "E\0\0\0\36SFATAL\0VFATAL\0C57P03\0Mno\0\0");
	pg_put_negotiate(&out, (const char *const[]){ "_pq_.x" }, 1);
	EXPECT(&out, "v\0\0\0\23\0\3\0\0\0\0\0\1_pq_.x\0");
}
END_TEST

START_TEST(an_error_of_the_server_becomes_fatal_and_keeps_its_fields)
{
	static const char body[] = "SERROR\0VERROR\0C22023\0Mbad\0Hhint\0";
	struct buf out = { 0 };

	pg_put_error_as_fatal(&out, (struct slice){ body, sizeof(body) });
	EXPECT(&out, "E\0\0\0\45SFATAL\0VFATAL\0C22023\0Mbad\0Hhint\0\0");
	ck_assert_str_eq(pg_error_field((struct slice){ body, sizeof(body) },
			     'C'),
	    "22023");
	ck_assert_ptr_null(pg_error_field((struct slice){ body, 4 }, 'C'));
	ck_assert_ptr_null(pg_error_field((struct slice){ NULL, 0 }, 'C'));
}
END_TEST

START_TEST(settings_are_one_pipeline_with_one_sync)
{
	const struct pg_setting settings[] = { { "a", "1" }, { "b", "it's" } };
	struct pg_stream stream = { 0 };
	struct buf out = { 0 };
	struct slice rest;
	char types[16] = "";
	size_t n = 0;

	pg_put_settings(&out, settings, 2);
	rest = buf_slice(&out);
	while (pg_stream_next(&stream, &rest) != PG_MORE)
		if (!stream.inside)
			types[n++] = (char)stream.type;
	ck_assert_uint_eq(rest.len, 0);
	ck_assert_str_eq(types, "PBEBECS");
	buf_fini(&out);
}
END_TEST

/* Every way of cutting the stream gives the same borders. */
START_TEST(borders_do_not_depend_on_how_bytes_arrive)
{
	static const char bytes[] = "S\0\0\0\10a\0b\0Z\0\0\0\5TD\0\0\0\4";
	size_t all = sizeof(bytes) - 1;

	for (size_t chunk = 1; chunk <= all; chunk++) {
		struct pg_stream stream = { .keep = "SZ" };
		size_t eaten = 0, seen = 0, messages = 0;

		while (seen < all) {
			struct slice part;
			enum pg_border border;

			seen = seen + chunk < all ? seen + chunk : all;
			part = (struct slice){ bytes + eaten, seen - eaten };
			while ((border = pg_stream_next(&stream, &part)) !=
			    PG_MORE) {
				ck_assert_int_ne(border, PG_BROKEN);
				if (border != PG_MESSAGE)
					continue;
				messages++;
				if (stream.type == 'Z')
					ck_assert_mem_eq(stream.body.ptr, "T",
					    1);
			}
			ck_assert_uint_lt(part.len, PG_HEAD_BYTES);
			eaten = seen - part.len;
		}
		ck_assert_uint_eq(messages, 3);
		ck_assert(!stream.inside);
		pg_stream_fini(&stream);
	}
}
END_TEST

START_TEST(impossible_lengths_break_the_stream)
{
	static const char *const bad[] = { "Q\0\0\0\0", "Q\0\0\0\3",
		"Q\x7f\xff\xff\xff", "Q\xff\xff\xff\xff", "Q\x40\0\0\1" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pg_stream stream = { 0 };
		struct slice bytes = { bad[i], 5 };

		ck_assert_int_eq(pg_stream_next(&stream, &bytes), PG_BROKEN);
		ck_assert_uint_eq(bytes.len, 5);
	}
}
END_TEST

START_TEST(kept_bodies_are_cut_at_the_limit)
{
	struct pg_stream stream = { .keep = "E" };
	struct buf bytes = { 0 };
	struct slice rest;

	buf_add(&bytes, "E\0\1\0\0", 5); /* 64 KiB */
	while (bytes.len < 5 + 65532)
		buf_add_u8(&bytes, 'x');
	rest = buf_slice(&bytes);
	ck_assert_int_eq(pg_stream_next(&stream, &rest), PG_HEAD);
	ck_assert_int_eq(pg_stream_next(&stream, &rest), PG_MESSAGE);
	ck_assert(stream.cut);
	ck_assert_uint_eq(stream.body.len, PG_KEEP_BYTES_MAX);
	pg_stream_fini(&stream);
	buf_fini(&bytes);
}
END_TEST

START_TEST(a_parameter_status_is_two_texts_exactly)
{
	const char *name, *value;

	ck_assert(pg_parse_param((struct slice){ "a\0b", 4 }, &name, &value));
	ck_assert_str_eq(value, "b");
	ck_assert(pg_parse_param((struct slice){ "a\0", 3 }, &name, &value));
	ck_assert(!pg_parse_param((struct slice){ "a\0b", 3 }, &name, &value));
	ck_assert(
	    !pg_parse_param((struct slice){ "a\0b\0", 5 }, &name, &value));
	ck_assert(!pg_parse_param((struct slice){ "\0b", 3 }, &name, &value));
	ck_assert(!pg_parse_param((struct slice){ "a\0", 2 }, &name, &value));
	ck_assert(!pg_parse_param((struct slice){ NULL, 0 }, &name, &value));
}
END_TEST

START_TEST(the_last_value_of_a_parameter_counts)
{
	struct pg_params params = { 0 };
	struct buf out = { 0 };

	pg_params_set(&params, "TimeZone", "UTC");
	pg_params_set(&params, "timezone", "CET");
	ck_assert_str_eq(pg_params_get(&params, "TIMEZONE"), "CET");
	pg_params_print(&params, &out);
	EXPECT(&out, "S\0\0\0\21TimeZone\0CET\0");
	pg_params_fini(&params);
}
END_TEST

START_TEST(parameters_are_bounded)
{
	struct pg_params params = { 0 };
	char name[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		pg_params_set(&params, name, "x");
	}
	ck_assert_uint_eq(params.count, PG_PARAMS_MAX);
	pg_params_fini(&params);
}
END_TEST

START_TEST(the_cancel_key_is_found_in_a_trace)
{
	struct pg_key key;

	ck_assert(pg_trace_key("B\t21\tParameterStatus\t \"TimeZone\" \"UTC\"\n"
			       "B\t12\tBackendKeyData\t 16885 -2\n",
	    &key));
	ck_assert_uint_eq(key.pid, 16885);
	ck_assert_uint_eq(key.secret, 0xfffffffe);
	ck_assert(!pg_trace_key("B\t12\tBackendKeyData\t \n", &key));
	ck_assert(!pg_trace_key("", &key));
}
END_TEST

START_TEST(a_refusal_is_found_in_a_trace)
{
	struct pg_refusal r;

	ck_assert(pg_trace_refusal(
	    "B\t89\tErrorResponse\t S \"FATAL\" V \"FATAL\" C \"3D000\" M "
	    "\"database \"no\" does not exist\" F \"postinit.c\" L \"948\" R "
	    "\"InitPostgres\" \\x00\n",
	    &r));
	ck_assert_str_eq(r.sqlstate, "3D000");
	ck_assert_str_eq(r.message, "database \"no\" does not exist");
	ck_assert(!pg_trace_refusal("B\t5\tReadyForQuery\t I\n", &r));
	ck_assert(!pg_trace_refusal("B\t9\tErrorResponse\t C \"", &r));
}
END_TEST

UNIT(pg_proto, messages_are_laid_out_as_the_protocol_says,
    an_error_of_the_server_becomes_fatal_and_keeps_its_fields,
    settings_are_one_pipeline_with_one_sync,
    borders_do_not_depend_on_how_bytes_arrive,
    impossible_lengths_break_the_stream, kept_bodies_are_cut_at_the_limit,
    a_parameter_status_is_two_texts_exactly,
    the_last_value_of_a_parameter_counts, parameters_are_bounded,
    the_cancel_key_is_found_in_a_trace, a_refusal_is_found_in_a_trace)
