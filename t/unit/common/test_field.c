/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, text and structs; words and their quoting. */
#include <signal.h>
#include <stdio.h>

#include "common/field.h"
#include "common/mono.h"
#include "common/words.h"
#include "t/lib/unit.h"

struct thing {
	bool on;
	uint32_t count;
	uint64_t big;
	int64_t nice;
	char *text;
	struct words words, again;
	uint64_t wait_ms, limit_ms;
	uint64_t bytes;
	int mode;
	int signo;
	struct span_ms span;
	struct rate rate;
	struct id128 id;
	int custom;
	char *secret;
};

static const struct field_name modes[] = { { "one_for_one", 1 },
	{ "rest_for_one", 2 }, { "one_for_all", 3 }, { NULL, 0 } };

/* "x<digit>" */
static enum ms_err
parse_custom(struct slice text, void *at, struct arena *arena, struct why *why)
{
	(void)arena;
	if (text.len != 2 || text.ptr[0] != 'x')
		return why_set(why, MS_EINVAL, "not x and a digit");
	*(int *)at = text.ptr[1] - '0';
	return MS_OK;
}

static void
print_custom(const void *at, struct buf *out)
{
	buf_printf(out, "x%d", *(const int *)at);
}

#define AT(member) .off = offsetof(struct thing, member)
/* clang-format off */
static const struct field rows[] = {
	{ .name = "on", .type = FIELD_BOOL, AT(on), .def = "yes" },
	{ .name = "count", .type = FIELD_U32, AT(count), .def = "5", .min = 1, .max = 100 },
	{ .name = "big", .type = FIELD_U64, AT(big) },
	{ .name = "nice", .type = FIELD_I64, AT(nice), .min = (uint64_t)-20, .max = 19 },
	{ .name = "text", .type = FIELD_STR, AT(text), .def = "hello" },
	{ .name = "words", .type = FIELD_WORDS, AT(words) },
	{ .name = "again", .type = FIELD_WORDS, AT(again), .flags = FIELD_REPEAT },
	{ .name = "wait", .type = FIELD_DURATION, AT(wait_ms), .def = "10s" },
	{ .name = "limit", .type = FIELD_DURATION, AT(limit_ms), .min = 1000, .max = 60000 },
	{ .name = "bytes", .type = FIELD_SIZE, AT(bytes), .min = 4096 },
	{ .name = "mode", .type = FIELD_ENUM, AT(mode), .names = modes, .def = "one_for_one" },
	{ .name = "signal", .type = FIELD_SIGNAL, AT(signo), .def = "TERM" },
	{ .name = "span", .type = FIELD_RANGE, AT(span), .def = "100ms..30s" },
	{ .name = "rate", .type = FIELD_RATE, AT(rate), .def = "0" },
	{ .name = "id", .type = FIELD_ID, AT(id) },
	{ .name = "custom", .type = FIELD_CUSTOM, AT(custom), .parse = parse_custom, .print = print_custom },
	{ .name = "secret", .type = FIELD_STR, AT(secret), .flags = FIELD_SECRET, .max = 4 },
	FIELD_END,
};
/* clang-format on */

static struct arena arena;

static const struct field *
row_of(const char *name)
{
	const struct field *row = field_find(rows, slice_of(name));

	ck_assert_ptr_nonnull(row);
	return row;
}

static void
set(struct thing *thing, const char *name, const char *text)
{
	struct why why = { "" };

	ck_assert_msg(field_set(row_of(name), thing, slice_of(text), &arena,
			  &why) == MS_OK,
	    "%s = %s: %s", name, text, why.text);
}

static void
assert_refused(const char *name, const char *text, const char *reason)
{
	struct thing thing, before;
	struct why why = { "" };

	memset(&thing, 0x5a, sizeof(thing));
	memset(&thing.again, 0, sizeof(thing.again));
	before = thing;
	ck_assert_int_eq(field_set(row_of(name), &thing, slice_of(text), &arena,
			     &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, reason);
	ck_assert_mem_eq(&thing, &before, sizeof(thing));
}

static void
assert_prints(const struct thing *thing, const char *name, const char *text)
{
	struct buf out = { 0 };

	field_print(row_of(name), thing, &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((const char *)out.ptr, text);
	buf_fini(&out);
}

START_TEST(a_row_is_found_by_its_whole_name)
{
	ck_assert_ptr_eq(field_find(rows, SLICE_LIT("on")), &rows[0]);
	ck_assert_ptr_null(field_find(rows, SLICE_LIT("o")));
	ck_assert_ptr_null(field_find(rows, SLICE_LIT("onn")));
	ck_assert_ptr_null(field_find(rows, SLICE_LIT("")));
}
END_TEST

START_TEST(defaults_fill_the_struct)
{
	struct thing t = { 0 };

	ck_assert_int_eq(field_set_defaults(rows, &t, &arena, NULL), MS_OK);
	ck_assert(t.on);
	ck_assert_uint_eq(t.count, 5);
	ck_assert_str_eq(t.text, "hello");
	ck_assert_uint_eq(t.wait_ms, 10000);
	ck_assert_int_eq(t.mode, 1);
	ck_assert_int_eq(t.signo, SIGTERM);
	ck_assert_uint_eq(t.span.min_ms, 100);
	ck_assert_uint_eq(t.span.max_ms, 30000);
	ck_assert_uint_eq(t.rate.count, 0);
	ck_assert_ptr_null(t.words.word);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_wrong_default_names_its_row)
{
	static const struct field wrong[] = {
		{ .name = "n", .type = FIELD_U32, .def = "x" }, FIELD_END
	};
	uint32_t n = 0;
	struct why why;

	ck_assert_int_eq(field_set_defaults(wrong, &n, &arena, &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, "default of n: 'x' is not a whole number");
}
END_TEST

START_TEST(every_type_prints_what_it_was_set_to)
{
	static const struct {
		const char *name, *given, *printed;
	} cases[] = {
		{ "on", "true", "yes" },
		{ "on", "off", "no" },
		{ "count", "100", "100" },
		{ "big", "18446744073709551615", "18446744073709551615" },
		{ "nice", "-20", "-20" },
		{ "nice", "19", "19" },
		{ "text", "a  'b' \xc3\xa9", "a  'b' \xc3\xa9" },
		{ "text", "", "" },
		{ "words", "sh -c 'a  b' \"it's\" \\'x", NULL },
		{ "words", "", "" },
		{ "words", "''", "''" },
		{ "wait", "1500ms", "1500ms" },
		{ "wait", "60s", "1m" },
		{ "wait", "infinity", "infinity" },
		{ "wait", "0", "0" },
		{ "bytes", "64K", "64K" },
		{ "bytes", "5000", "5000" },
		{ "mode", "one_for_all", "one_for_all" },
		{ "signal", "SIGHUP", "HUP" },
		{ "signal", "none", "none" },
		{ "signal", "9", "KILL" },
		{ "span", "100ms .. 30s", "100ms..30s" },
		{ "span", "0..0", "0..0" },
		{ "rate", "3/60s", "3/1m" },
		{ "rate", "0", "0" },
		{ "rate", "0/10s", "0/10s" },
		{ "id", "01890A5D-ac96-774b-bcce-b302099a8057",
		    "01890a5d-ac96-774b-bcce-b302099a8057" },
		{ "custom", "x7", "x7" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct thing first = { 0 }, second = { 0 };
		struct buf out = { 0 };
		const struct field *row = row_of(cases[i].name);
		set(&first, cases[i].name, cases[i].given);
		field_print(row, &first, &out);
		if (cases[i].printed)
			assert_prints(&first, cases[i].name, cases[i].printed);
		buf_add_u8(&out, '\0');
		set(&second, cases[i].name, (const char *)out.ptr);
		ck_assert(field_same(row, &first, &second));
		buf_fini(&out);
	}
	arena_fini(&arena);
}
END_TEST

START_TEST(numbers_out_of_bounds_name_the_bound_and_its_unit)
{
	assert_refused("count", "0", "0 is below the minimum 1");
	assert_refused("count", "101", "101 is above the maximum 100");
	assert_refused("nice", "-21", "-21 is below the minimum -20");
	assert_refused("nice", "20", "20 is above the maximum 19");
	assert_refused("limit", "10ms", "10ms is below the minimum 1s");
	assert_refused("limit", "2m", "2m is above the maximum 1m");
	assert_refused("limit", "infinity", "infinity is above the maximum 1m");
	assert_refused("bytes", "1K", "1K is below the minimum 4K");
}
END_TEST

START_TEST(a_u32_without_bounds_still_fits_its_type)
{
	static const struct field row = { .name = "n", .type = FIELD_U32 };
	uint32_t n = 0;
	struct why why;

	ck_assert_int_eq(field_set(&row, &n, SLICE_LIT("4294967295"), &arena,
			     &why),
	    MS_OK);
	ck_assert_uint_eq(n, UINT32_MAX);
	ck_assert_int_eq(field_set(&row, &n, SLICE_LIT("4294967296"), &arena,
			     &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text,
	    "4294967296 is above the maximum 4294967295");
}
END_TEST

START_TEST(text_that_is_no_such_value_says_what_would_be)
{
	assert_refused("on", "maybe",
	    "'maybe' is not yes or no (true, false, on, off)");
	assert_refused("count", "five", "'five' is not a whole number");
	assert_refused("count", "", "'' is not a whole number");
	assert_refused("count", "-1", "'-1' is not a whole number");
	assert_refused("count", "5 ", "'5 ' is not a whole number");
	assert_refused("nice", "x", "'x' is not a whole number");
	assert_refused("wait", "5",
	    "'5' is not a duration: it has no unit (250ms, 5s, 10m, 2h, 1d)");
	assert_refused("wait", "soon",
	    "'soon' is not a duration (such as 250ms, 5s, 10m, 2h, 1d)");
	assert_refused("bytes", "64X",
	    "'64X' is not a size (such as 100, 64K, 512M, 2G)");
	assert_refused("signal", "FOO",
	    "'FOO' is not a signal (such as TERM, HUP, USR1) or none");
	assert_refused("signal", "33",
	    "'33' is not a signal (such as TERM, HUP, USR1) or none");
	assert_refused("id", "7", "'7' is not an id (8-4-4-4-12 hex digits)");
	assert_refused("custom", "y1", "not x and a digit");
}
END_TEST

START_TEST(a_wrong_word_lists_the_words_and_the_nearest)
{
	assert_refused("mode", "one_for_al",
	    "'one_for_al' is not one of one_for_one, rest_for_one, "
	    "one_for_all (did you mean one_for_all?)");
	assert_refused("mode", "zzz",
	    "'zzz' is not one of one_for_one, rest_for_one, one_for_all");
}
END_TEST

START_TEST(a_range_has_both_ends_in_order)
{
	static const char what[] =
	    "' is not a range MIN..MAX (such as 100ms..30s)";
	char reason[128];

	snprintf(reason, sizeof(reason), "'100ms%s", what);
	assert_refused("span", "100ms", reason);
	snprintf(reason, sizeof(reason), "'%s", what);
	assert_refused("span", "", reason);
	assert_refused("span", "5s..1s",
	    "'5s..1s' is not a range MIN..MAX: MIN is above MAX");
	assert_refused("span", "..1s",
	    "'' is not a duration (such as 250ms, 5s, 10m, 2h, 1d)");
	assert_refused("span", "1s..",
	    "'' is not a duration (such as 250ms, 5s, 10m, 2h, 1d)");
	assert_refused("span", "1s...2s",
	    "'.2s' is not a duration (such as 250ms, 5s, 10m, 2h, 1d)");
}
END_TEST

START_TEST(a_rate_has_a_count_and_a_finite_period)
{
	struct thing t = { 0 };

	set(&t, "rate", "3/60s");
	ck_assert_uint_eq(t.rate.count, 3);
	ck_assert_uint_eq(t.rate.period_ms, 60000);
	assert_refused("rate", "3",
	    "'3' is not a rate N/PERIOD (such as 3/60s) or 0");
	assert_refused("rate", "",
	    "'' is not a rate N/PERIOD (such as 3/60s) or 0");
	assert_refused("rate", "/60s",
	    "'/60s' is not a rate N/PERIOD (such as 3/60s) or 0");
	assert_refused("rate", "3/",
	    "'3/' is not a rate N/PERIOD: PERIOD is a duration such as 60s");
	assert_refused("rate", "3/0",
	    "'3/0' is not a rate N/PERIOD: PERIOD is a duration such as 60s");
	assert_refused("rate", "3/infinity",
	    "'3/infinity' is not a rate N/PERIOD: PERIOD is a duration such as "
	    "60s");
	assert_refused("rate", "4294967296/1s",
	    "'4294967296/1s' is not a rate N/PERIOD: N is too large");
}
END_TEST

START_TEST(text_must_be_utf8_without_nul)
{
	struct thing t = { 0 };
	struct why why;

	ck_assert_int_eq(field_set(row_of("text"), &t, SLICE_LIT("a\0b"),
			     &arena, &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, "'a?b' contains a NUL byte");
	assert_refused("text", "a\xff", "'a?' is not valid UTF-8");
	assert_refused("words", "a \xc3", "'a ?' is not valid UTF-8");
	ck_assert_ptr_null(t.text);
}
END_TEST

START_TEST(what_was_given_is_shown_short_and_printable)
{
	assert_refused("count",
	    "\x1b[31m\xc3\xa9 0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789",
	    "'?[31m\xc3\xa9 01234567890123456789012345678901234567890123456789"
	    "01...' is not a whole number");
}
END_TEST

START_TEST(a_secret_is_never_shown)
{
	struct thing t = { 0 };

	set(&t, "secret", "abcd");
	assert_prints(&t, "secret", "***");
	assert_refused("secret", "abcde", "5 bytes are above the maximum 4");
	assert_refused("secret", "a\xff", "'***' is not valid UTF-8");
	arena_fini(&arena);
}
END_TEST

START_TEST(a_repeated_row_appends)
{
	struct thing t = { 0 };

	set(&t, "again", "a b");
	set(&t, "again", "");
	set(&t, "again", "'c d'");
	assert_prints(&t, "again", "a b 'c d'");
	ck_assert_ptr_null(t.again.word[t.again.count]);
	set(&t, "words", "a");
	set(&t, "words", "b");
	assert_prints(&t, "words", "b");
	arena_fini(&arena);
}
END_TEST

START_TEST(a_full_arena_is_no_memory)
{
	struct arena small;
	struct thing t = { 0 };

	arena_init(&small, 4);
	ck_assert_int_eq(field_set(row_of("text"), &t, SLICE_LIT("0123456789"),
			     &small, NULL),
	    MS_ENOMEM);
	ck_assert_int_eq(field_set(row_of("words"), &t, SLICE_LIT("a b c d e"),
			     &small, NULL),
	    MS_ENOMEM);
	ck_assert_ptr_null(t.text);
	arena_fini(&small);
}
END_TEST

START_TEST(difference_is_seen_in_every_type)
{
	static const struct {
		const char *name, *a, *b;
	} cases[] = {
		{ "on", "yes", "no" },
		{ "count", "1", "2" },
		{ "big", "1", "2" },
		{ "nice", "1", "-1" },
		{ "text", "a", "b" },
		{ "words", "a b", "'a b'" },
		{ "wait", "1s", "2s" },
		{ "bytes", "4K", "8K" },
		{ "mode", "one_for_one", "one_for_all" },
		{ "signal", "HUP", "none" },
		{ "span", "1s..2s", "1s..3s" },
		{ "rate", "1/1s", "1/2s" },
		{ "custom", "x1", "x2" },
		{ "secret", "a", "b" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct thing a = { 0 }, b = { 0 };
		set(&a, cases[i].name, cases[i].a);
		set(&b, cases[i].name, cases[i].b);
		ck_assert_msg(!field_same(row_of(cases[i].name), &a, &b), "%s",
		    cases[i].name);
		ck_assert(field_same(row_of(cases[i].name), &a, &a));
	}
	struct thing none = { 0 }, empty = { 0 };
	set(&empty, "text", "");
	ck_assert(!field_same(row_of("text"), &none, &empty));
	arena_fini(&arena);
}
END_TEST

/* ---- words -------------------------------------------------------------- */

static void
assert_words(const char *text, size_t count, const char *const *expected)
{
	struct words words;
	struct why why = { "" };

	ck_assert_msg(words_split(slice_of(text), &arena, &words, &why) ==
		MS_OK,
	    "%s: %s", text, why.text);
	ck_assert_uint_eq(words.count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_str_eq(words.word[i], expected[i]);
	ck_assert_ptr_null(words.word[count]);
	arena_fini(&arena);
}
#define WORDS(text, ...)                                                   \
	assert_words(text,                                                 \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), \
	    (const char *const[]){ __VA_ARGS__ })

START_TEST(words_split_as_a_shell_would_without_expanding)
{
	WORDS("a  b\tc", "a", "b", "c");
	WORDS("  a ", "a");
	WORDS("'a  b'c\"d e\"", "a  bcd e");
	WORDS("a'' '' \"\"", "a", "", "");
	WORDS("a\\ b \\\\ \\'", "a b", "\\", "'");
	WORDS("'\\n' \"\\n\\\"\\\\\"", "\\n", "\\n\"\\");
	WORDS("$HOME `x` *.c ~ # ; | >", "$HOME", "`x`", "*.c", "~", "#", ";",
	    "|", ">");
	WORDS("A=b 'C=d e'", "A=b", "C=d e");
	assert_words("", 0, NULL);
	assert_words(" \t ", 0, NULL);
}
END_TEST

START_TEST(open_quotes_are_refused_with_their_place)
{
	struct words words;
	struct why why;

	ck_assert_int_eq(words_split(SLICE_LIT("ab 'c d"), &arena, &words,
			     &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, "the ' at character 4 is never closed");
	ck_assert_int_eq(words_split(SLICE_LIT("\"a\\\""), &arena, &words,
			     &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, "the \" at character 1 is never closed");
	ck_assert_int_eq(words_split(SLICE_LIT("a\\"), &arena, &words, &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, "nothing follows the last backslash");
	ck_assert_int_eq(words_split(SLICE_LIT("a\0b"), &arena, &words, &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, "contains a NUL byte");
	arena_fini(&arena);
}
END_TEST

START_TEST(printed_words_split_into_the_same_words)
{
	char *list[] = { (char *)"", (char *)"plain", (char *)"a b",
		(char *)"it's", (char *)"\"q\"", (char *)"back\\slash",
		(char *)"'", (char *)"\t\n", (char *)"\xc3\xa9", NULL };
	struct words words = { list, ARRAY_LEN(list) - 1 }, again;
	struct buf out = { 0 };

	words_print(&words, &out);
	ck_assert_int_eq(words_split(buf_slice(&out), &arena, &again, NULL),
	    MS_OK);
	ck_assert(words_same(&words, &again));
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

UNIT(field, a_row_is_found_by_its_whole_name, defaults_fill_the_struct,
    a_wrong_default_names_its_row, every_type_prints_what_it_was_set_to,
    numbers_out_of_bounds_name_the_bound_and_its_unit,
    a_u32_without_bounds_still_fits_its_type,
    text_that_is_no_such_value_says_what_would_be,
    a_wrong_word_lists_the_words_and_the_nearest,
    a_range_has_both_ends_in_order, a_rate_has_a_count_and_a_finite_period,
    text_must_be_utf8_without_nul, what_was_given_is_shown_short_and_printable,
    a_secret_is_never_shown, a_repeated_row_appends, a_full_arena_is_no_memory,
    difference_is_seen_in_every_type,
    words_split_as_a_shell_would_without_expanding,
    open_quotes_are_refused_with_their_place,
    printed_words_split_into_the_same_words)
