/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/conf_json.h"
#include "t/lib/unit.h"

static struct conf *
read_text(const char *text, char **env)
{
	struct conf_errors errors;
	struct conf *conf;

	conf_errors_init(&errors);
	conf = conf_read_text("a.conf", slice_of(text), env, &errors);
	ck_assert_uint_eq(errors.count, 0);
	conf_errors_fini(&errors);
	return conf;
}

static struct conf *
copy(const struct conf *conf)
{
	struct buf out = { 0 };
	struct json *json = NULL;
	struct why why = { "" };
	struct conf *back;

	conf_print_json(conf, &out);
	ck_assert_int_eq(json_parse(buf_slice(&out), &json, &why), MS_OK);
	back = conf_from_json(json, &why);
	ck_assert_ptr_nonnull(back);
	json_free(&json);
	buf_fini(&out);
	return back;
}

static void
same_entry(const struct conf_entry *a, const struct conf_entry *b)
{
	ck_assert_str_eq(a->key, b->key);
	ck_assert(slice_eq(a->value, b->value));
	ck_assert_str_eq(a->place.file, b->place.file);
	ck_assert_uint_eq(a->place.line, b->place.line);
	ck_assert_uint_eq(a->place.column, b->place.column);
	ck_assert_uint_eq(a->key_place.line, b->key_place.line);
	ck_assert_int_eq(!a->again, !b->again);
	if (a->again)
		same_entry(a->again, b->again);
}

START_TEST(what_is_printed_comes_back)
{
	struct conf *a = read_text("[msd]\nrun_dir = /run\n"
				   "[worker a]\n"
				   "env = A=1\nenv = B=2\nenv = C=3\n"
				   "command = sh -c \"echo $$HOME; \\\n"
				   "   sleep 1\"\n"
				   "[worker b]\ncommand = x\n",
	    NULL);
	struct conf *b = copy(a);

	ck_assert_uint_eq(a->section_count, b->section_count);
	ck_assert_uint_eq(a->file_count, b->file_count);
	for (size_t i = 0; i < a->section_count; i++) {
		const struct conf_section *x = &a->sections[i];
		const struct conf_section *y = &b->sections[i];

		ck_assert_str_eq(x->kind, y->kind);
		ck_assert_str_eq(x->name, y->name);
		ck_assert_uint_eq(x->place.line, y->place.line);
		ck_assert_uint_eq(x->entry_count, y->entry_count);
		for (size_t k = 0; k < x->entry_count; k++)
			same_entry(&x->entries[k], &y->entries[k]);
	}
	conf_free(&a);
	conf_free(&b);
}
END_TEST

START_TEST(values_that_no_file_could_hold_come_back)
{
	char *env[] = { "ODD= ends in a backslash \\\nand a line \t", NULL };
	struct conf *a = read_text("[worker a]\nenv = ${ODD}\n", env);
	struct conf *b = copy(a);

	same_entry(a->sections[0].entries, b->sections[0].entries);
	conf_free(&a);
	conf_free(&b);
}
END_TEST

START_TEST(anything_else_is_refused)
{
	static const char *const texts[] = { "{}",
		"{\"read\":0,\"files\":[],\"sections\":3}",
		"{\"read\":2,\"files\":[\"a\"],\"sections\":[]}",
		"{\"read\":0,\"files\":[\"a\"],\"sections\":[{\"kind\":\"a\","
		"\"name\":\"b\",\"at\":[1,1,1],\"entries\":[]}]}",
		"{\"read\":0,\"files\":[\"a\"],\"sections\":[{\"kind\":\"a\","
		"\"name\":\"b\",\"at\":[0,1,1],\"entries\":[[]]}]}",
		"{\"read\":0,\"files\":[\"a\"],\"sections\":[{\"kind\":\"a\","
		"\"name\":\"b\",\"at\":[0,1,1],\"entries\":[[\"k\",1,"
		"[0,1,1],[0,1,1]]]}]}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct json *json = NULL;
		struct why why = { "" };

		ck_assert_int_eq(json_parse(slice_of(texts[i]), &json, &why),
		    MS_OK);
		ck_assert_ptr_null(conf_from_json(json, &why));
		ck_assert_str_ne(why.text, "");
		json_free(&json);
	}
}
END_TEST

UNIT(conf_json, what_is_printed_comes_back,
    values_that_no_file_could_hold_come_back, anything_else_is_refused)
