/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "t/lib/unit.h"
#include "workers/persist/row.h"

#define FIXED_COLUMNS 15

static struct envelope
event_with(const char *payload)
{
	return (struct envelope){ .seq = 9,
		.encoding = ENCODING_JSON,
		.id.byte = { 1 },
		.source = SLICE_LIT("/a"),
		.subject = SLICE_LIT("agent.p1.started"),
		.type = SLICE_LIT("agent.started"),
		.payload = slice_of(payload) };
}

/* The bytes of column n of the only row, ptr NULL for SQL null. */
static struct slice
column(const struct buf *row, int n)
{
	const unsigned char *p = row->ptr + 2;

	ck_assert_int_eq(row->ptr[0] << 8 | row->ptr[1], FIXED_COLUMNS);
	for (;; n--) {
		uint32_t len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		    (uint32_t)p[2] << 8 | p[3];

		p += 4;
		if (len == UINT32_MAX)
			len = 0;
		if (n == 0)
			return (
			    struct slice){ len ? (const char *)p : NULL, len };
		p += len;
	}
}

enum {
	DATA = 8,
	RAW = 9,
	METADATA = 11,
	CREATED = 14
};

static void
expect_column(const struct envelope *event, bool as_raw, int n,
    const char *wanted)
{
	struct buf row = { 0 };
	struct slice got;

	row_add(event, as_raw, &row);
	got = column(&row, n);
	if (wanted == NULL)
		ck_assert_ptr_null(got.ptr);
	else
		ck_assert_msg(slice_is(got, wanted), "column %d is '%.*s'", n,
		    (int)got.len, got.ptr ? got.ptr : "");
	buf_fini(&row);
}

START_TEST(json_goes_to_event_data)
{
	struct envelope event = event_with("{\"a\":1}");

	expect_column(&event, false, DATA, "\001{\"a\":1}");
	expect_column(&event, false, RAW, NULL);
}
END_TEST

START_TEST(refused_json_goes_to_event_raw_on_request)
{
	struct envelope event = event_with("{\"a\":1}");

	expect_column(&event, true, DATA, NULL);
	expect_column(&event, true, RAW, "{\"a\":1}");
}
END_TEST

START_TEST(json_that_says_nul_goes_to_event_raw)
{
	struct envelope event = event_with("\"x\\u0000\"");

	expect_column(&event, false, DATA, NULL);
	event = event_with("\"x\\\\u0000\"");
	expect_column(&event, false, DATA, "\001\"x\\\\u0000\"");
	event = event_with("\"x\\\\\\u0000\"");
	expect_column(&event, false, DATA, NULL);
}
END_TEST

START_TEST(bytes_that_only_claim_to_be_json_go_to_event_raw)
{
	struct envelope event = event_with("{\"a\":}");

	expect_column(&event, false, DATA, NULL);
	expect_column(&event, false, RAW, "{\"a\":}");
}
END_TEST

START_TEST(aggregate_is_attribute_else_subject_and_key_else_source)
{
	struct envelope event = event_with("1");
	struct attribute extensions[] = {
		{ .name = SLICE_LIT("aggregateid"), .value = SLICE_LIT("7") },
		{ .name = SLICE_LIT("aggregatetype"),
		    .value = SLICE_LIT("order") },
	};

	ck_assert(slice_is(row_aggregate_type(&event), "agent"));
	ck_assert(slice_is(row_aggregate_id(&event), "/a"));
	event.partition_key = SLICE_LIT("p1");
	ck_assert(slice_is(row_aggregate_id(&event), "p1"));
	event.extensions = extensions;
	event.extension_count = 2;
	ck_assert(slice_is(row_aggregate_type(&event), "order"));
	ck_assert(slice_is(row_aggregate_id(&event), "7"));
}
END_TEST

START_TEST(attributes_without_a_column_become_metadata)
{
	struct envelope event = event_with("1");
	struct attribute extra = { .name = SLICE_LIT("tenant"),
		.value = SLICE_LIT("a\"b") };

	expect_column(&event, false, METADATA, NULL);
	event.partition_key = SLICE_LIT("p1");
	event.extensions = &extra;
	event.extension_count = 1;
	expect_column(&event, false, METADATA,
	    "\001{\"partitionkey\":\"p1\",\"tenant\":\"a\\\"b\"}");
}
END_TEST

START_TEST(time_counts_microseconds_from_2000)
{
	struct envelope event = event_with("1");
	struct buf row = { 0 };
	struct slice got;

	event.time_ns = INT64_C(946684800000001000);
	row_add(&event, false, &row);
	got = column(&row, CREATED);
	ck_assert_uint_eq(got.len, 8);
	ck_assert_mem_eq(got.ptr, "\0\0\0\0\0\0\0\001", 8);
	buf_fini(&row);
}
END_TEST

UNIT(row, json_goes_to_event_data, refused_json_goes_to_event_raw_on_request,
    json_that_says_nul_goes_to_event_raw,
    bytes_that_only_claim_to_be_json_go_to_event_raw,
    aggregate_is_attribute_else_subject_and_key_else_source,
    attributes_without_a_column_become_metadata,
    time_counts_microseconds_from_2000)
