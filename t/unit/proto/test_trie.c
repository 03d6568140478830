/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/backoff.h"
#include "proto/subject.h"
#include "proto/trie.h"
#include "t/lib/unit.h"

#define ROUNDS   300u
#define PATTERNS 40u
#define SUBJECTS 60u

static struct trie *
trie_of(const char *const *patterns)
{
	struct trie *t = trie_new();

	for (uint32_t i = 0; patterns[i]; i++)
		ck_assert_int_eq(trie_add(t, slice_of(patterns[i]), i), MS_OK);
	return t;
}

static uint32_t
best(const struct trie *t, const char *subject)
{
	return trie_best(t, slice_of(subject));
}

START_TEST(the_most_literal_pattern_decides)
{
	static const char *const patterns[] = { ">", "a.>", "a.*.c", "a.b.*",
		"a.b.c", "*.b.c", NULL };
	struct trie *t = trie_of(patterns);

	ck_assert_uint_eq(best(t, "x"), 0);
	ck_assert_uint_eq(best(t, "a.x"), 1);
	ck_assert_uint_eq(best(t, "a.x.c"), 2);
	ck_assert_uint_eq(best(t, "a.b.x"), 3);
	ck_assert_uint_eq(best(t, "a.b.c"), 4);
	ck_assert_uint_eq(best(t, "x.b.c"), 5);
	ck_assert_uint_eq(best(t, "a.b.c.d"), 1);
	trie_free(&t);
}
END_TEST

START_TEST(of_equals_the_longer_and_then_the_first_decides)
{
	static const char *const patterns[] = { "a.>", "a.*", "*.b", NULL };
	struct trie *t = trie_of(patterns);

	ck_assert_uint_eq(best(t, "a.x"), 1);
	ck_assert_uint_eq(best(t, "a.b"), 1);
	ck_assert_uint_eq(best(t, "c.b"), 2);
	ck_assert_uint_eq(best(t, "a.b.c"), 0);
	trie_free(&t);
}
END_TEST

START_TEST(rest_takes_one_token_at_least)
{
	static const char *const patterns[] = { "a.>", NULL };
	struct trie *t = trie_of(patterns);

	ck_assert_uint_eq(best(t, "a"), TRIE_NONE);
	ck_assert_uint_eq(best(t, "a.b"), 0);
	trie_free(&t);
}
END_TEST

START_TEST(wildcards_leave_the_systems_subjects_alone)
{
	static const char *const patterns[] = { ">", "*.x", "$DLQ.*", NULL };
	struct trie *t = trie_of(patterns);

	ck_assert_uint_eq(best(t, "$ADV.x"), TRIE_NONE);
	ck_assert_uint_eq(best(t, "$DLQ.x"), 2);
	trie_free(&t);
}
END_TEST

START_TEST(a_pattern_is_added_once)
{
	static const char *const patterns[] = { "a.*", "a.>", NULL };
	struct trie *t = trie_of(patterns);

	ck_assert_int_eq(trie_add(t, slice_of("a.*"), 7), MS_EEXISTS);
	ck_assert_int_eq(trie_add(t, slice_of("a.>"), 7), MS_EEXISTS);
	ck_assert_int_eq(trie_add(t, slice_of("a"), 7), MS_OK);
	ck_assert_uint_eq(best(t, "a.b"), 0);
	trie_free(&t);
}
END_TEST

START_TEST(an_empty_trie_matches_nothing)
{
	struct trie *t = trie_new();

	ck_assert_uint_eq(best(t, "a"), TRIE_NONE);
	trie_free(&t);
	trie_free(&t);
}
END_TEST

/* ---- against the plain matcher ----------------------------------------------- */

/* Few words, so that patterns and subjects often meet. */
static void
random_text(uint64_t *dice, bool wildcards, char *text)
{
	static const char *const words[] = { "a", "b", "cc", "d-1" };
	unsigned tokens = 1 + dice_next(dice) % 5;

	*text = '\0';
	for (unsigned i = 0; i < tokens; i++) {
		unsigned roll = dice_next(dice) % 10;

		if (i > 0)
			strcat(text, ".");
		else if (roll == 9)
			strcat(text, "$");
		if (wildcards && i + 1 == tokens && roll < 3 &&
		    text[strlen(text) ? strlen(text) - 1 : 0] != '$') {
			strcat(text, ">");
			return;
		}
		if (wildcards && roll < 5)
			strcat(text, "*");
		else
			strcat(text, words[dice_next(dice) % 4]);
	}
}

struct seen {
	unsigned times[PATTERNS];
};

static void
on_match(void *arg, uint32_t value)
{
	struct seen *seen = arg;

	seen->times[value]++;
}

static unsigned
literals(const char *pattern)
{
	struct slice rest = slice_of(pattern), token;
	unsigned n = 0;

	while (slice_cut(&rest, '.', &token))
		n += !slice_is(token, "*") && !slice_is(token, ">");
	return n;
}

static void
compare(const struct trie *t, char patterns[][64], const bool *there,
    const char *subject)
{
	struct seen seen = { { 0 } };
	uint32_t found = trie_best(t, slice_of(subject));
	unsigned most = 0;
	bool any = false;

	trie_each(t, slice_of(subject), on_match, &seen);
	for (unsigned i = 0; i < PATTERNS; i++) {
		bool matches = there[i] &&
		    pattern_matches(slice_of(patterns[i]), slice_of(subject));

		ck_assert_msg(seen.times[i] == matches, "%s and %s: %u times",
		    patterns[i], subject, seen.times[i]);
		any |= matches;
		if (matches && literals(patterns[i]) > most)
			most = literals(patterns[i]);
	}
	ck_assert_msg(any == (found != TRIE_NONE), "%s", subject);
	if (any)
		ck_assert_uint_eq(literals(patterns[found]), most);
}

START_TEST(it_says_what_the_plain_matcher_says)
{
	uint64_t dice = 4711;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct trie *t = trie_new();
		char patterns[PATTERNS][64], subject[64];
		bool there[PATTERNS];

		for (uint32_t i = 0; i < PATTERNS; i++) {
			random_text(&dice, true, patterns[i]);
			there[i] = pattern_check(slice_of(patterns[i]), NULL) ==
				MS_OK &&
			    trie_add(t, slice_of(patterns[i]), i) == MS_OK;
		}
		for (unsigned i = 0; i < SUBJECTS; i++) {
			random_text(&dice, false, subject);
			if (subject_check(slice_of(subject), NULL) == MS_OK)
				compare(t, patterns, there, subject);
		}
		trie_free(&t);
	}
}
END_TEST

START_TEST(thousands_of_patterns_are_told_apart)
{
	struct trie *t = trie_new();
	char text[64];

	for (uint32_t i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "a.n%u.%s", i,
		    i % 2 ? "*" : "made");
		ck_assert_int_eq(trie_add(t, slice_of(text), i), MS_OK);
	}
	for (uint32_t i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "a.n%u.made", i);
		ck_assert_uint_eq(best(t, text), i);
	}
	trie_free(&t);
}
END_TEST

UNIT(trie, the_most_literal_pattern_decides,
    of_equals_the_longer_and_then_the_first_decides,
    rest_takes_one_token_at_least, wildcards_leave_the_systems_subjects_alone,
    a_pattern_is_added_once, an_empty_trie_matches_nothing,
    it_says_what_the_plain_matcher_says, thousands_of_patterns_are_told_apart)
