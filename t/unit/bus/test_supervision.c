/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/envelope.h"
#include "t/lib/unit.h"
#include "workers/bus/supervision.h"

static const char line[] =
    "{\"seq\":7,\"at\":\"2026-11-24T20:15:00.123Z\",\"mono_ms\":1,"
    "\"event\":\"exited\",\"name\":\"bus@1\",\"pid\":9}";

START_TEST(event_of_msd_is_an_event_of_the_bus)
{
	struct buf a = { 0 }, b = { 0 };
	struct envelope event, again;
	struct id128 x, y;
	uint64_t seq;

	ck_assert_int_eq(supervision_frame(slice_of(line), "l1", &a, &seq,
			     NULL),
	    MS_OK);
	ck_assert_uint_eq(seq, 7);
	ck_assert_int_eq(envelope_peek(buf_slice(&a), NULL, &event, NULL),
	    MS_OK);
	ck_assert(slice_is(event.subject, "supervision.exited"));
	ck_assert(slice_is(event.partition_key, "bus@1"));
	ck_assert(slice_is(event.payload, line));
	ck_assert_int_eq(event.time_ns, INT64_C(1795551300123000000));
	x = envelope_identity(&event);
	ck_assert_int_eq(supervision_frame(slice_of(line), "l2", &b, &seq,
			     NULL),
	    MS_OK);
	ck_assert_int_eq(envelope_peek(buf_slice(&b), NULL, &again, NULL),
	    MS_OK);
	y = envelope_identity(&again);
	ck_assert_int_ne(memcmp(&x, &y, sizeof(x)), 0);
	buf_fini(&a);
	buf_fini(&b);
}
END_TEST

START_TEST(what_is_no_event_is_refused)
{
	static const char *const bad[] = { "", "nonsense", "[]", "{}",
		"{\"seq\":1}", "{\"seq\":0,\"event\":\"ready\"}",
		"{\"seq\":1,\"event\":\"a.b\"}", "{\"seq\":1,\"event\":\"\"}",
		"{\"seq\":1,\"event\":\">\"}" };
	struct buf out = { 0 };
	uint64_t seq;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(supervision_frame(slice_of(bad[i]), "l", &out,
				     &seq, NULL),
		    MS_EPROTO);
	ck_assert_uint_eq(out.len, 0);
	buf_fini(&out);
}
END_TEST

START_TEST(note_is_understood_or_refused)
{
	static const char *const bad[] = { "", "abc", "abc x\n", " 12\n",
		"0123456789012345678901234567890123456789 1\n" };
	char life[SUPERVISION_LIFE_BYTES];
	uint64_t seq;

	ck_assert(supervision_parse(SLICE_LIT("abc 12\n"), life, &seq));
	ck_assert_str_eq(life, "abc");
	ck_assert_uint_eq(seq, 12);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert(!supervision_parse(slice_of(bad[i]), life, &seq));
}
END_TEST

UNIT(supervision, event_of_msd_is_an_event_of_the_bus,
    what_is_no_event_is_refused, note_is_understood_or_refused)
