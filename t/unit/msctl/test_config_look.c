/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/config_look.h"
#include "t/lib/unit.h"

static const struct look plain = { .utf8 = true };

static struct json *
watchers(const char *text)
{
	struct json *workers = NULL, *root;

	ck_assert(json_parse(slice_of(text), &workers, NULL) == MS_OK);
	root = config_watchers_json(3, 77, 1, workers);
	json_free(&workers);
	return root;
}

START_TEST(workers_are_current_differ_or_have_refused)
{
	struct json *root =
	    watchers("[{\"name\":\"bus\",\"digest\":77,\"errors\":0},"
		     "{\"name\":\"pool\",\"digest\":5,\"errors\":0},"
		     "{\"name\":\"hung\",\"digest\":0,\"errors\":0,"
		     "\"silent\":true},"
		     "{\"name\":\"persist\",\"digest\":5,\"errors\":2}]");
	struct buf out = { 0 };

	ck_assert(!json_get_bool(root, "current", true));
	config_watchers_render(root, &plain, &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((char *)out.ptr,
	    "NAME     STATE    GENERATION  ERRORS\n"
	    "bus      current           3       0\n"
	    "pool     differs           -       0\n"
	    "hung     silent            -       0\n"
	    "persist  refused           -       2\n"
	    "generation 3 is in force, 1 program is told of changes\n");
	buf_fini(&out);
	json_free(&root);
}
END_TEST

START_TEST(all_current_is_current)
{
	struct json *root =
	    watchers("[{\"name\":\"bus\",\"digest\":77,\"errors\":0}]");

	ck_assert(json_get_bool(root, "current", false));
	json_free(&root);
	root = watchers("[]");
	ck_assert(json_get_bool(root, "current", false));
	json_free(&root);
}
END_TEST

UNIT(config_look, workers_are_current_differ_or_have_refused,
    all_current_is_current)
