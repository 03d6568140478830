/* SPDX-License-Identifier: Apache-2.0 */
/* The strict scanner: what RFC 8259 accepts and what it does not, and the
 * walk over what was accepted. */
#include <stdio.h>
#include <stdlib.h>

#include "common/arena.h"
#include "common/json.h"
#include "t/lib/unit.h"

/* Copies the text to exactly its size, so that asan sees a read past it. */
static enum ms_err
check(const char *text, size_t len, struct json_raw *value_r, struct why *why)
{
	char *copy = malloc(len ? len : 1);
	enum ms_err err;

	memcpy(copy, text, len);
	err = json_check((struct slice){ copy, len }, value_r, why);
	free(copy);
	return err;
}

static void
assert_refused(const char *text, const char *reason)
{
	struct json_raw value;
	struct why why = { "" };

	ck_assert_msg(check(text, strlen(text), &value, &why) == MS_EJSON,
	    "accepted: %s", text);
	if (reason)
		ck_assert_str_eq(why.text, reason);
}

static void
assert_nested(unsigned depth, enum ms_err expected)
{
	char text[512];
	struct json_raw value;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	ck_assert_int_eq(check(text, 2 * depth, &value, NULL), expected);
}

START_TEST(every_well_formed_text_is_accepted)
{
	/* clang-format off */
	static const char *const good[] = {
		"0", "-0", "-1", "10", "0.5", "1e1", "1E+2", "1e-2", "-0.0e0",
		"123456789012345678901234567890", "1e999", "true", "false",
		"null", "\"\"", "\"a\"", " 1 ", "\t\r\n1\n", "[]", "[ ]",
		"{}", "{ }", "[1]", "[1,2]", "[ 1 , 2 ]", "[[],{}]",
		"[null, 1, \"1\"]", "{\"a\":1}", "{ \"a\" : 1 , \"b\" : [] }",
		"{\"a\":{\"b\":{}}}", "{\"\":0}", "{\"a\":1,\"a\":2}",
		"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "\"\\u0000\"",
		"\"\\u00e9\\uABCD\"", "\"\\ud834\\udd1e\"",
		"\"\\uDBFF\\uDFFF\"", "\"\x7f\"", "\"\xc3\xa9\"",
		"\"\xe2\x82\xac\"", "\"\xf0\x9d\x84\x9e\"",
		"\"\xef\xbb\xbf\"",
		"\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"",
		"\"\xe0\xa0\x80\xf0\x90\x80\x80\"", "\"\xef\xbf\xbf\"",
		"[1.5e+9,[\"a long string of plain bytes, \\u0041 and more\"]]",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct json_raw value;
		struct why why = { "" };
		ck_assert_msg(check(good[i], strlen(good[i]), &value, &why) ==
			MS_OK,
		    "refused: %s: %s", good[i], why.text);
	}
}
END_TEST

START_TEST(no_malformed_structure_is_accepted)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", " ", "[", "]", "{", "}", "[}", "{]", "[1", "[1,", "[1,]",
		"[,1]", "[1,,2]", "[1 2]", "[1}", "{\"a\"}", "{\"a\":}",
		"{\"a\" 1}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
		"{\"a\":1,,\"b\":2}", "{\"a\":1 \"b\":2}", "{1:1}", "{a:1}",
		"{'a':1}", "{\"a\":1]", "{\"a\"::1}", "{\"a\":1:2}",
		"{null:1}", "{[]:1}", "{\"a\":1}}", "[]]", "[][]", "1 2",
		"1,", ",", ":", "[1:2]", "[\"a\":1]", "true false", "[1]x",
		"1#", "/**/1", "1//", "[1]/*c*/", "\xef\xbb\xbf[]",
		"\xef\xbb\xbf", "*", "&", "<null>", "[\x0b]", "[\x0c]",
		"\xc2\xa0" "1", "\xe2\x81\xa0[]", "{\"a\":\"b\"}#",
		"[1,\n1\n,1", "{\"x\", null}", "[][", "[\\n]",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(bad[i], NULL);
}
END_TEST

START_TEST(no_malformed_number_or_word_is_accepted)
{
	/* clang-format off */
	static const char *const bad[] = {
		"01", "-01", "00", "-", "+1", "--1", "-a", "1.", ".5", "-.5",
		"1.e1", "1.5.5", "1e", "1e+", "1e-", "1ee1", "1e1.5", "1E",
		"0e", "0.e1", "0x1", "1a", "1_000", "1 000", "- 1", "1+1",
		"0.1.2", "NaN", "-NaN", "Infinity", "-Infinity", "Inf", "nan",
		"1e1e", "\xef\xbc\x91", "True", "TRUE", "tru", "truee", "nul",
		"nulll", "fals", "falsee", "t", "f", "n", "undefined", "[-]",
		"[1.]", "[0.]", "[2.e3]", "[-2.]", "[1e]", "[012]", "[-012]",
		"[tru]",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(bad[i], NULL);
}
END_TEST

START_TEST(no_malformed_string_is_accepted)
{
	/* clang-format off */
	static const char *const bad[] = {
		"\"", "\"a", "\"\\", "\"\\\"", "'a'", "\"\n\"", "\"\t\"",
		"\"\x01\"", "\"\x1f\"", "\"plain bytes then \x1f\"",
		"\"\\a\"", "\"\\x41\"", "\"\\'\"", "\"\\0\"", "\"\\U0041\"",
		"\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"",
		"\"\\u123g\"", "\"\\u-123\"", "\"\\u 123\"", "\"\\\xc3\xa9\"",
		"\"\\ud800\"", "\"\\udc00\"", "\"\\udfff\\ud800\"",
		"\"\\ud800\\ud800\"", "\"\\ud800\\n\"", "\"\\ud800x\"",
		"\"\\ud800\\u\"", "\"\\ud800\\u0041\"", "\"\\ud834\\\\dd1e\"",
		"\"\\uD800\\", "\"\\uD800\\u\"", "\"a\"b\"", "\"\"x",
		"\\u0022a\"",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(bad[i], NULL);
}
END_TEST

START_TEST(no_byte_that_is_not_utf8_is_accepted)
{
	/* clang-format off */
	static const char *const bad[] = {
		"\"\x80\"", "\"\xbf\"", "\"\xc0\x80\"", "\"\xc0\xaf\"",
		"\"\xc1\xbf\"", "\"\xc3\"", "\"\xc3(\"", "\"\xe0\x80\xaf\"",
		"\"\xe0\x9f\xbf\"", "\"\xe2\x82\"", "\"\xe2(\xa1\"",
		"\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"",
		"\"\xf0\x80\x80\x80\"", "\"\xf0\x8f\xbf\xbf\"",
		"\"\xf4\x90\x80\x80\"", "\"\xf0\x9d\x84\"",
		"\"\xf5\x80\x80\x80\"", "\"\xfe\"", "\"\xff\"", "\"\xe2\x82",
		"\"\xf8\x88\x80\x80\x80\"", "{\"\xe9\":1}",
		"[\"plain bytes before \xff and after\"]", "\xff", "[\xe9]",
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(bad[i], NULL);
}
END_TEST

START_TEST(a_nul_byte_is_accepted_nowhere)
{
	static const char in_string[] = "\"a\0b\"", behind[] = "1\0";

	ck_assert_int_eq(check(in_string, sizeof(in_string) - 1,
			     &(struct json_raw){ 0 }, NULL),
	    MS_EJSON);
	ck_assert_int_eq(check(behind, 2, &(struct json_raw){ 0 }, NULL),
	    MS_EJSON);
}
END_TEST

START_TEST(a_special_byte_is_found_at_every_place_of_a_long_string)
{
	static const char special[] = { '\x1f', '\n', '\xff', '\x80' };
	char text[64];
	struct json_raw value;

	for (size_t at = 1; at < sizeof(text) - 1; at++) {
		for (size_t k = 0; k < sizeof(special); k++) {
			memset(text, 'x', sizeof(text));
			text[0] = text[sizeof(text) - 1] = '"';
			ck_assert_int_eq(check(text, sizeof(text), &value,
					     NULL),
			    MS_OK);
			text[at] = special[k];
			ck_assert_int_eq(check(text, sizeof(text), &value,
					     NULL),
			    MS_EJSON);
		}
		text[at] = '"'; /* a string that ends there, then rubbish */
		ck_assert_int_eq(check(text, at + 1, &value, NULL), MS_OK);
		ck_assert_uint_eq(value.raw.len, at + 1);
		ck_assert_int_eq(check(text, sizeof(text), &value, NULL),
		    MS_EJSON);
	}
}
END_TEST

START_TEST(depth_ends_at_the_bound)
{
	assert_nested(JSON_DEPTH_MAX, MS_OK);
	assert_nested(JSON_DEPTH_MAX + 1, MS_EJSON);
	assert_nested(200, MS_EJSON);
}
END_TEST

START_TEST(a_refusal_says_the_offset_and_what_was_expected)
{
	assert_refused("[1,]", "byte 3: expected a value, found ']'");
	assert_refused("[1",
	    "byte 2: expected the end of an array or object, "
	    "found the end");
	assert_refused("{\"a\" 1}", "byte 5: expected ':', found '1'");
	assert_refused("{\"a\":1,}",
	    "byte 7: expected '\"' to begin a key, found '}'");
	assert_refused("[1 2]", "byte 3: expected ',' or ']', found '2'");
	assert_refused("{\"a\":1 2}", "byte 7: expected ',' or '}', found '2'");
	assert_refused("[01]",
	    "byte 2: expected no digit after a leading 0, found '1'");
	assert_refused("1 x",
	    "byte 2: expected nothing after the value, "
	    "found 'x'");
	assert_refused("\"a\nb\"",
	    "byte 2: expected control characters to be escaped, found 0x0a");
	assert_refused("\"ab\xff\"",
	    "byte 3: expected well-formed UTF-8, found 0xff");
	assert_refused("[\"\\ud800\"]",
	    "byte 2: expected a pair of surrogates, found '\\'");
	assert_refused("", "byte 0: expected a value, found the end");
}
END_TEST

START_TEST(the_value_is_handed_out_with_its_type_and_without_blanks)
{
	static const struct {
		const char *text, *raw;
		enum json_type type;
	} cases[] = {
		{ " {\"a\": 1} ", "{\"a\": 1}", JSON_OBJECT },
		{ "\n[1] ", "[1]", JSON_ARRAY },
		{ " \"a\" ", "\"a\"", JSON_STRING },
		{ "-1.5 ", "-1.5", JSON_NUMBER },
		{ " true", "true", JSON_TRUE },
		{ "false", "false", JSON_FALSE },
		{ "null\t", "null", JSON_NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_raw value;
		ck_assert_int_eq(json_check(slice_of(cases[i].text), &value,
				     NULL),
		    MS_OK);
		ck_assert_int_eq(value.type, cases[i].type);
		ck_assert(slice_is(value.raw, cases[i].raw));
	}
}
END_TEST

START_TEST(a_walk_gives_every_member_in_order)
{
	struct slice text =
	    SLICE_LIT(" { \"a\\\"b\" : [1,{\"]\":\"}\"}] ,\"c\":\"x\\\\"
		      "\",\n\"d\":-1e5 , \"e\" : { } , \"\":null }");
	static const char *const keys[] = { "a\\\"b", "c", "d", "e", "" };
	static const char *const raws[] = { "[1,{\"]\":\"}\"}]", "\"x\\\\\"",
		"-1e5", "{ }", "null" };
	struct json_raw root, value;
	struct slice key;
	size_t n = 0;

	ck_assert_int_eq(json_check(text, &root, NULL), MS_OK);
	struct json_walk walk = json_walk_of(root);
	while (json_walk_next(&walk, &key, &value)) {
		ck_assert_uint_lt(n, ARRAY_LEN(keys));
		ck_assert(slice_is(key, keys[n]));
		ck_assert(slice_is(value.raw, raws[n]));
		n++;
	}
	ck_assert_uint_eq(n, ARRAY_LEN(keys));
	ck_assert(!json_walk_next(&walk, &key, &value));
}
END_TEST

START_TEST(a_walk_over_an_array_has_no_keys_even_when_items_are_strings)
{
	struct json_raw root, value;
	struct slice key;
	size_t n = 0;

	ck_assert_int_eq(json_check(SLICE_LIT("[\"a\",\"b\" , [\"c\"]]"), &root,
			     NULL),
	    MS_OK);
	struct json_walk walk = json_walk_of(root);
	for (; json_walk_next(&walk, &key, &value); n++) {
		ck_assert_uint_eq(key.len, 0);
		ck_assert_int_eq(value.type, n < 2 ? JSON_STRING : JSON_ARRAY);
	}
	ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(a_walk_over_nothing_or_a_scalar_ends_at_once)
{
	static const char *const texts[] = { "{}", "[ ]", "1", "\"a\"",
		"null" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct json_raw root, value;
		struct slice key;
		ck_assert_int_eq(json_check(slice_of(texts[i]), &root, NULL),
		    MS_OK);
		struct json_walk walk = json_walk_of(root);
		ck_assert(!json_walk_next(&walk, &key, &value));
	}
}
END_TEST

START_TEST(escapes_of_a_string_are_resolved)
{
	struct slice expected = SLICE_LIT(
	    "q\"\\/\b\f\n\r\t \xc3\xa9 \xe2\x82\xac \xf0\x9d\x84\x9e|\0|");
	struct json_raw value;
	struct slice text;
	struct arena arena;

	arena_init(&arena, 0);
	ck_assert_int_eq(json_check(SLICE_LIT("\"q\\\"\\\\\\/\\b\\f\\n\\r\\t "
					      "\\u00E9 \\u20ac \\ud834\\udd1e"
					      "|\\u0000|\""),
			     &value, NULL),
	    MS_OK);
	ck_assert(json_string(value, &arena, &text));
	ck_assert(slice_eq(text, expected));
	arena_fini(&arena);
}
END_TEST

START_TEST(a_string_without_escapes_is_borrowed)
{
	struct json_raw value;
	struct slice text, in = SLICE_LIT("\"plain\"");
	struct arena arena;

	arena_init(&arena, 0);
	ck_assert_int_eq(json_check(in, &value, NULL), MS_OK);
	ck_assert(json_string(value, &arena, &text));
	ck_assert_ptr_eq(text.ptr, in.ptr + 1);
	ck_assert(slice_is(text, "plain"));
	ck_assert_uint_eq(arena.used_bytes, 0);
}
END_TEST

START_TEST(a_full_arena_or_another_type_gives_no_string)
{
	struct json_raw value;
	struct slice text;
	struct arena arena;

	arena_init(&arena, 1);
	ck_assert_int_eq(json_check(SLICE_LIT("\"a\\nlong enough to not fit\""),
			     &value, NULL),
	    MS_OK);
	ck_assert(!json_string(value, &arena, &text));
	ck_assert_int_eq(json_check(SLICE_LIT("17"), &value, NULL), MS_OK);
	ck_assert(!json_string(value, &arena, &text));
	arena_fini(&arena);
}
END_TEST

START_TEST(quoting_escapes_what_must_be_and_repairs_what_is_not_utf8)
{
	struct slice text = SLICE_LIT("a\"b\\c\n\x01\xc3\xa9\xff"
				      "d\0\xed\xa0\x80");
	struct slice expected =
	    SLICE_LIT("\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\xef\xbf\xbd"
		      "d\\u0000\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	struct buf out = { 0 };
	struct json_raw value;

	json_quote(&out, text);
	ck_assert(slice_eq(buf_slice(&out), expected));
	ck_assert_int_eq(json_check(buf_slice(&out), &value, NULL), MS_OK);
	buf_fini(&out);
}
END_TEST

UNIT(json_scan, every_well_formed_text_is_accepted,
    no_malformed_structure_is_accepted, no_malformed_number_or_word_is_accepted,
    no_malformed_string_is_accepted, no_byte_that_is_not_utf8_is_accepted,
    a_nul_byte_is_accepted_nowhere,
    a_special_byte_is_found_at_every_place_of_a_long_string,
    depth_ends_at_the_bound, a_refusal_says_the_offset_and_what_was_expected,
    the_value_is_handed_out_with_its_type_and_without_blanks,
    a_walk_gives_every_member_in_order,
    a_walk_over_an_array_has_no_keys_even_when_items_are_strings,
    a_walk_over_nothing_or_a_scalar_ends_at_once,
    escapes_of_a_string_are_resolved, a_string_without_escapes_is_borrowed,
    a_full_arena_or_another_type_gives_no_string,
    quoting_escapes_what_must_be_and_repairs_what_is_not_utf8)
