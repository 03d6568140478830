/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/subject.h"
#include "t/lib/unit.h"

#define LONGEST                                                                  \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"012345678901234567890123456789012345678901234"

/* reason: a part of the message, NULL = accepted */
struct grammar {
	const char *text;
	const char *as_subject;
	const char *as_pattern;
};
/* clang-format off */
static const struct grammar table[] = {
	{ "agent", NULL, NULL },
	{ "agent.worker-3.started", NULL, NULL },
	{ "A.b_c.0-9.Z", NULL, NULL },
	{ "$SYS.bus", NULL, NULL },
	{ "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p", NULL, NULL },
	{ "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "byte 32: more than 16 tokens", "more than 16" },
	{ LONGEST, NULL, NULL },
	{ LONGEST "x", "256 bytes are more than 255", "256 bytes" },
	{ "", "subject is empty", "pattern is empty" },
	{ ".", "byte 0: an empty token", "byte 0: an empty token" },
	{ ".a", "byte 0: an empty token", "byte 0" },
	{ "a.", "byte 2: an empty token", "byte 2" },
	{ "a..b", "byte 2: an empty token", "byte 2" },
	{ "a b", "byte 1: 0x20 is not one of", "byte 1" },
	{ "a/b", "byte 1: '/' is not one of", "byte 1" },
	{ "a\nb", "byte 1: 0x0a", "byte 1: 0x0a" },
	{ "caf\xc3\xa9", "byte 3: 0xc3", "byte 3: 0xc3" },
	{ "$", "byte 0: '$' without a name", "byte 0" },
	{ "$.a", "byte 0: '$' without a name", "byte 0" },
	{ "a.$b", "byte 2: '$' may only begin", "byte 2" },
	{ "a$b", "byte 1: '$' may only begin", "byte 1" },
	{ "$$a", "byte 1: '$' may only begin", "byte 1" },
	{ "*", "byte 0: wildcards belong in patterns", NULL },
	{ ">", "byte 0: wildcards belong in patterns", NULL },
	{ "a.*", "byte 2: wildcards", NULL },
	{ "a.>", "byte 2: wildcards", NULL },
	{ "*.*.>", "byte 0: wildcards", NULL },
	{ "a.*.b", "byte 2: wildcards", NULL },
	{ ">.a", "byte 0: wildcards", "byte 0: '>' must be the last token" },
	{ "a.>.b", "byte 2: wildcards", "byte 2: '>' must be the last token" },
	{ "a*", "byte 1: wildcards", "byte 1: a wildcard must be a whole token" },
	{ "*a", "byte 0: wildcards", "byte 0: a wildcard must be a whole token" },
	{ "a>", "byte 1: wildcards", "byte 1: a wildcard must be a whole token" },
	{ ">a", "byte 0: wildcards", "byte 0: a wildcard must be a whole token" },
	{ "**", "byte 0: wildcards", "byte 0: a wildcard must be a whole token" },
};
static const struct {
	const char *pattern;
	const char *subject;
	bool matches;
} matches[] = {
	{ ">", "$SYS.bus", false },
	{ "*.bus", "$SYS.bus", false },
	{ "$SYS.>", "$SYS.bus", true },
	{ "$SYS.*", "$SYS.bus", true },
	{ "a", "a", true },
	{ "a", "b", false },
	{ "a", "a.b", false },
	{ "a.b", "a", false },
	{ "a.b", "a.b", true },
	{ "a.b", "a.bc", false },
	{ "a.bc", "a.b", false },
	{ "*", "a", true },
	{ "*", "a.b", false },
	{ "*.*", "a.b", true },
	{ "*.*", "a", false },
	{ "*.b", "a.b", true },
	{ "a.*.c", "a.b.c", true },
	{ "a.*.c", "a.b.d", false },
	{ "a.*.c", "a.c", false },
	{ ">", "a", true },
	{ ">", "a.b.c.d", true },
	{ "a.>", "a", false },
	{ "a.>", "a.b", true },
	{ "a.>", "a.b.c", true },
	{ "a.>", "b.b", false },
	{ "*.>", "a", false },
	{ "*.>", "a.b.c", true },
	{ "a.*.>", "a.b", false },
	{ "a.*.>", "a.b.c", true },
	{ "$SYS.>", "$SYS.bus", true },
};
/* clang-format on */

static void
expect(enum ms_err err, const struct why *why, const char *reason,
    const char *text)
{
	if (!reason) {
		ck_assert_msg(err == MS_OK, "'%s': %s", text, why->text);
		return;
	}
	ck_assert_msg(err == MS_ESUBJECT, "'%s' accepted", text);
	ck_assert_msg(strstr(why->text, reason), "'%s': %s, not %s", text,
	    why->text, reason);
}

START_TEST(subjects_follow_the_grammar)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct why why = { "" };
		enum ms_err err = subject_check(slice_of(table[i].text), &why);

		expect(err, &why, table[i].as_subject, table[i].text);
	}
}
END_TEST

START_TEST(patterns_follow_the_grammar)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct why why = { "" };
		enum ms_err err = pattern_check(slice_of(table[i].text), &why);

		expect(err, &why, table[i].as_pattern, table[i].text);
	}
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	ck_assert_int_eq(subject_check(SLICE_LIT("a\0b"), NULL), MS_ESUBJECT);
	ck_assert_int_eq(pattern_check(SLICE_LIT("a\0"), NULL), MS_ESUBJECT);
	ck_assert_int_eq(subject_check((struct slice){ NULL, 0 }, NULL),
	    MS_ESUBJECT);
}
END_TEST

START_TEST(patterns_match_as_the_table_says)
{
	for (size_t i = 0; i < ARRAY_LEN(matches); i++)
		ck_assert_msg(pattern_matches(slice_of(matches[i].pattern),
				  slice_of(matches[i].subject)) ==
			matches[i].matches,
		    "%s %s", matches[i].pattern, matches[i].subject);
}
END_TEST

START_TEST(the_class_is_the_first_token)
{
	ck_assert(slice_is(subject_class(SLICE_LIT("agent.a.b")), "agent"));
	ck_assert(slice_is(subject_class(SLICE_LIT("agent")), "agent"));
	ck_assert(slice_is(pattern_class(SLICE_LIT("agent.>")), "agent"));
	ck_assert_uint_eq(pattern_class(SLICE_LIT(">")).len, 0);
	ck_assert_uint_eq(pattern_class(SLICE_LIT("*.a")).len, 0);
}
END_TEST

UNIT(subject, subjects_follow_the_grammar, patterns_follow_the_grammar,
    a_nul_byte_is_refused, patterns_match_as_the_table_says,
    the_class_is_the_first_token)
