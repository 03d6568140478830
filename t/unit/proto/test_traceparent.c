/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/traceparent.h"
#include "t/lib/unit.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"
#define GOOD  "00-" TRACE "-" SPAN "-01"

START_TEST(the_usual_form_is_read_and_printed_as_it_was)
{
	char text[TRACEPARENT_BYTES], id[TRACE_ID_TEXT_BYTES];
	struct traceparent tp;

	ck_assert_int_eq(traceparent_parse(SLICE_LIT(GOOD), &tp, NULL), MS_OK);
	ck_assert_uint_eq(tp.trace_id[0], 0x4b);
	ck_assert_uint_eq(tp.trace_id[15], 0x36);
	ck_assert_uint_eq(tp.span_id[1], 0xf0);
	ck_assert_uint_eq(tp.flags, 1);
	ck_assert_str_eq(traceparent_print(&tp, text), GOOD);
	ck_assert_str_eq(trace_id_print(&tp, id), TRACE);
}
END_TEST

/* reason: a part of the message */
static const struct {
	const char *text;
	const char *reason;
} bad[] = {
	{ "", "0 characters" },
	{ "00-1", "4 characters, not 55" },
	{ GOOD "-x", "57 characters" },
	{ "01-" TRACE "-" SPAN "-01", "byte 0: only version 00" },
	{ "ff-" TRACE "-" SPAN "-01", "byte 0: only version 00" },
	{ "00_" TRACE "-" SPAN "-01", "byte 2: must be '-'" },
	{ "00-" TRACE "_" SPAN "-01", "byte 35: must be '-'" },
	{ "00-" TRACE "-" SPAN "_01", "byte 52: must be '-'" },
	{ "00-4Bf92f3577b34da6a3ce929d0e0e4736-" SPAN "-01", "byte 4: not a" },
	{ "00-gbf92f3577b34da6a3ce929d0e0e4736-" SPAN "-01", "byte 3: not a" },
	{ "00-" TRACE "-00f067aa0ba902b -01", "byte 51: not a" },
	{ "00-" TRACE "-" SPAN "-0A", "byte 54: not a" },
	{ "00-00000000000000000000000000000000-" SPAN "-01",
	    "trace id must not be zero" },
	{ "00-" TRACE "-0000000000000000-01", "span id must not be zero" },
};

START_TEST(what_breaks_the_format_is_refused_by_its_byte)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct traceparent tp = { .flags = 7 };
		struct why why = { "" };

		ck_assert_int_eq(traceparent_parse(slice_of(bad[i].text), &tp,
				     &why),
		    MS_EATTRIBUTE);
		ck_assert_msg(strstr(why.text, bad[i].reason) != NULL,
		    "'%s': %s", bad[i].text, why.text);
		ck_assert_uint_eq(tp.flags, 7);
	}
}
END_TEST

START_TEST(all_flags_are_passed_on)
{
	struct traceparent tp;
	char text[TRACEPARENT_BYTES];

	ck_assert_int_eq(
	    traceparent_parse(SLICE_LIT("00-" TRACE "-" SPAN "-fe"), &tp, NULL),
	    MS_OK);
	ck_assert_uint_eq(tp.flags, 0xfe);
	ck_assert_str_eq(traceparent_print(&tp, text) + 53, "fe");
}
END_TEST

START_TEST(a_child_keeps_the_trace_and_has_a_span_of_its_own)
{
	static const unsigned char dice[SPAN_ID_BYTES] = { 1, 2, 3 };
	struct traceparent parent, child;

	ck_assert_int_eq(traceparent_parse(SLICE_LIT(GOOD), &parent, NULL),
	    MS_OK);
	child = traceparent_child(&parent, dice);
	ck_assert_mem_eq(child.trace_id, parent.trace_id, TRACE_ID_BYTES);
	ck_assert_mem_eq(child.span_id, dice, SPAN_ID_BYTES);
	ck_assert_uint_eq(child.flags, parent.flags);
}
END_TEST

START_TEST(a_new_trace_is_sampled_and_never_zero)
{
	static const unsigned char zeros[TRACEPARENT_DICE_BYTES];
	struct traceparent tp = traceparent_new(zeros), again;
	char text[TRACEPARENT_BYTES];

	ck_assert_uint_eq(tp.flags, TRACEPARENT_SAMPLED);
	ck_assert_int_eq(traceparent_parse(slice_of(
					       traceparent_print(&tp, text)),
			     &again, NULL),
	    MS_OK);
}
END_TEST

UNIT(traceparent, the_usual_form_is_read_and_printed_as_it_was,
    what_breaks_the_format_is_refused_by_its_byte, all_flags_are_passed_on,
    a_child_keeps_the_trace_and_has_a_span_of_its_own,
    a_new_trace_is_sampled_and_never_zero)
