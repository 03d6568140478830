/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>

#include "common/json.h"
#include "t/lib/unit.h"

static struct json *
parse(const char *text)
{
	struct json *root;
	struct why why = { "" };

	ck_assert_msg(json_parse(slice_of(text), &root, &why) == MS_OK,
	    "%s: %s", text, why.text);
	return root;
}

static void
assert_refused(const char *text, const char *reason)
{
	struct json *root;
	struct why why = { "" };

	ck_assert_int_eq(json_parse(slice_of(text), &root, &why), MS_EJSON);
	ck_assert_str_eq(why.text, reason);
	ck_assert_ptr_null(root);
}

static void
assert_prints(const struct json *root, const char *expected)
{
	struct buf out = { 0 };

	json_print(root, &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((const char *)out.ptr, expected);
	buf_fini(&out);
}

static void
assert_comes_back(const char *text)
{
	struct json *root = parse(text);

	assert_prints(root, text);
	json_free(&root);
}

START_TEST(members_are_found_by_exact_key_and_type)
{
	struct json *root = parse(
	    "{\"name\":\"bus\",\"Name\":1,\"pid\":42,\"up\":true,\"x\":null}");

	ck_assert_str_eq(json_get_str(root, "name", "?"), "bus");
	ck_assert_str_eq(json_get_str(root, "NAME", "?"), "?");
	ck_assert_str_eq(json_get_str(root, "pid", "?"), "?");
	ck_assert_double_eq(json_get_num(root, "pid", -1), 42);
	ck_assert_double_eq(json_get_num(root, "name", -1), -1);
	ck_assert(json_get_bool(root, "up", false));
	ck_assert(!json_get_bool(root, "pid", false));
	ck_assert(json_get_bool(root, "absent", true));
	ck_assert_int_eq(json_type_of(json_get(root, "x")), JSON_NULL);
	ck_assert_ptr_nonnull(json_get(root, "x"));
	ck_assert_ptr_null(json_get(root, "absent"));
	json_free(&root);
	ck_assert_ptr_null(root);
}
END_TEST

START_TEST(nothing_is_found_in_nothing_or_in_a_scalar)
{
	struct json *array = parse("[{\"a\":1}]");

	ck_assert_ptr_null(json_get(NULL, "a"));
	ck_assert_ptr_null(json_get(array, "a"));
	ck_assert_str_eq(json_get_str(NULL, "a", "f"), "f");
	ck_assert_ptr_null(json_first(NULL));
	ck_assert_ptr_null(json_next(NULL));
	ck_assert_ptr_null(json_key(NULL));
	ck_assert_ptr_null(json_text(array));
	ck_assert_uint_eq(json_count(NULL), 0);
	ck_assert_uint_eq(json_count(json_get(json_first(array), "a")), 0);
	json_free(&array);
}
END_TEST

START_TEST(members_come_in_order_with_their_keys)
{
	struct json *root = parse("{\"z\":1,\"a\":[true,\"b\"]}");
	struct json *first = json_first(root), *second = json_next(first);

	ck_assert_uint_eq(json_count(root), 2);
	ck_assert_str_eq(json_key(first), "z");
	ck_assert_str_eq(json_key(second), "a");
	ck_assert_int_eq(json_type_of(second), JSON_ARRAY);
	ck_assert_ptr_null(json_key(json_first(second)));
	ck_assert_str_eq(json_text(json_next(json_first(second))), "b");
	ck_assert_ptr_null(json_next(second));
	json_free(&root);
}
END_TEST

START_TEST(a_key_given_twice_in_one_object_is_refused_by_name)
{
	assert_refused("{\"op\":1,\"x\":2,\"op\":3}",
	    "key \"op\" is given twice");
	assert_refused("[{\"a\":{\"b\":1,\"\\u0062\":2}}]",
	    "key \"b\" is given twice");
	struct json *root = parse("{\"a\":{\"a\":1},\"b\":{\"a\":1},\"A\":0}");
	json_free(&root);
}
END_TEST

START_TEST(what_a_tree_cannot_hold_is_refused)
{
	assert_refused("{\"a\":\"x\\u0000y\"}",
	    "byte 7: \\u0000 is not supported");
	assert_refused("{\"\\u0000\":1}", "byte 2: \\u0000 is not supported");
	assert_refused("{\"big\":1e999}", "number out of range: big");
	assert_refused("[-1e400]", "number out of range");
	assert_refused("[0.000000000000000000000000000000000000000000000000000"
		       "0000000000000001]",
	    "byte 64: a number of more than 63 characters");
	struct json *root = parse("[\"\\\\u0000\"]"); /* an escaped backslash */
	ck_assert_str_eq(json_text(json_first(root)), "\\u0000");
	json_free(&root);
}
END_TEST

START_TEST(lenience_of_the_library_behind_cannot_be_reached)
{
	static const char *const bad[] = { "[1,]", "{\"a\":1} x", "[01]",
		"nulll", "[1]\f", "\"\t\"", "\"\\ud800\"", "[.5]" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct json *root;
		ck_assert_int_eq(json_parse(slice_of(bad[i]), &root, NULL),
		    MS_EJSON);
		ck_assert_ptr_null(root);
	}
}
END_TEST

START_TEST(the_text_need_not_end_with_nul)
{
	struct json *root;

	ck_assert_int_eq(json_parse((struct slice){ "[12]34", 4 }, &root, NULL),
	    MS_OK);
	ck_assert_double_eq(json_num(json_first(root)), 12);
	json_free(&root);
}
END_TEST

START_TEST(a_built_tree_prints_compactly_and_reads_back)
{
	struct json *root = json_object(), *list;

	json_put_str(root, "name", "a \"b\"\n\xff");
	json_put_str(root, "nothing", NULL);
	json_put_num(root, "pid", 312);
	json_put_bool(root, "up", true);
	json_put_bool(root, "down", false);
	json_put_null(root, "null");
	list = json_put_array(root, "list");
	json_put_num(list, NULL, 1.5);
	json_put_str(json_put_object(list, NULL), "k", "v");
	json_put(list, NULL, json_array());
	assert_prints(root,
	    "{\"name\":\"a \\\"b\\\"\\n\xef\xbf\xbd\",\"nothing\":null,"
	    "\"pid\":312,\"up\":true,\"down\":false,\"null\":null,"
	    "\"list\":[1.5,{\"k\":\"v\"},[]]}");
	json_free(&root);
}
END_TEST

START_TEST(integers_up_to_2_53_print_exactly)
{
	assert_comes_back("[0,-1,2147483648,-2147483649,1000000000000000,"
			  "9007199254740991,9007199254740992,"
			  "-9007199254740992]");
}
END_TEST

START_TEST(fractions_print_so_that_they_read_back_the_same)
{
	static const double values[] = { 0.1, 1.0 / 3, 1e-300, 1.7e308,
		123456.789, -2.5e-7, 1e17 };

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct json *root = json_array(), *again;
		struct buf out = { 0 };
		json_put_num(root, NULL, values[i]);
		json_print(root, &out);
		ck_assert_int_eq(json_parse(buf_slice(&out), &again, NULL),
		    MS_OK);
		ck_assert(json_num(json_first(again)) == values[i]);
		buf_fini(&out);
		json_free(&again);
		json_free(&root);
	}
}
END_TEST

START_TEST(numbers_that_json_does_not_have_print_as_null)
{
	struct json *root = json_array();

	json_put_num(root, NULL, (double)INFINITY);
	json_put_num(root, NULL, (double)NAN);
	assert_prints(root, "[null,null]");
	json_free(&root);
}
END_TEST

START_TEST(pretty_text_is_indented_by_two)
{
	struct json *root = parse("{\"a\":[1,{}],\"b\":{\"c\":null},\"d\":[]}");
	struct buf out = { 0 };

	json_print_pretty(root, &out);
	ck_assert(slice_is(buf_slice(&out),
	    "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n"
	    "    \"c\": null\n  },\n  \"d\": []\n}"));
	buf_fini(&out);
	json_free(&root);
}
END_TEST

START_TEST(a_full_buffer_is_reported)
{
	struct json *root = parse("[1,2,3,\"a long enough text\"]");
	struct buf out = { .limit_bytes = 8 };

	json_print(root, &out);
	ck_assert(out.failed);
	buf_fini(&out);
	json_free(&root);
}
END_TEST

UNIT(json, members_are_found_by_exact_key_and_type,
    nothing_is_found_in_nothing_or_in_a_scalar,
    members_come_in_order_with_their_keys,
    a_key_given_twice_in_one_object_is_refused_by_name,
    what_a_tree_cannot_hold_is_refused,
    lenience_of_the_library_behind_cannot_be_reached,
    the_text_need_not_end_with_nul,
    a_built_tree_prints_compactly_and_reads_back,
    integers_up_to_2_53_print_exactly,
    fractions_print_so_that_they_read_back_the_same,
    numbers_that_json_does_not_have_print_as_null,
    pretty_text_is_indented_by_two, a_full_buffer_is_reported)
