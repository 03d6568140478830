/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner on any bytes; then, on what it accepted: every part is itself
 * well-formed, strings survive quoting, trees survive printing.
 */
#include "common/arena.h"
#include "common/json.h"
#include "common/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
quote_comes_back(struct json_raw value, struct arena *arena)
{
	struct slice text, again;
	struct json_raw quoted;
	struct buf out = { 0 };

	ms_assert(json_string(value, arena, &text));
	json_quote(&out, text);
	ms_assert(json_check(buf_slice(&out), &quoted, NULL) == MS_OK);
	ms_assert(json_string(quoted, arena, &again));
	ms_assert(slice_eq(text, again));
	buf_fini(&out);
}

/* Scans each level again, so deep input is bounded by its length. */
static void
parts_are_well_formed(struct json_raw value, struct arena *arena)
{
	struct json_walk walk = json_walk_of(value);
	struct json_raw part, again;
	struct slice key;

	if (value.type == JSON_STRING)
		quote_comes_back(value, arena);
	while (json_walk_next(&walk, &key, &part)) {
		ms_assert(part.raw.ptr >= value.raw.ptr);
		ms_assert(part.raw.ptr + part.raw.len <
		    value.raw.ptr + value.raw.len);
		ms_assert(json_check(part.raw, &again, NULL) == MS_OK);
		ms_assert(again.type == part.type);
		ms_assert(slice_eq(again.raw, part.raw));
		parts_are_well_formed(part, arena);
	}
}

static void
tree_comes_back(const struct json *root)
{
	struct buf first = { 0 }, second = { 0 }, pretty = { 0 };
	struct json *again;

	json_print(root, &first);
	ms_assert(json_parse(buf_slice(&first), &again, NULL) == MS_OK);
	json_print(again, &second);
	ms_assert(slice_eq(buf_slice(&first), buf_slice(&second)));
	json_free(&again);
	json_print_pretty(root, &pretty);
	ms_assert(json_parse(buf_slice(&pretty), &again, NULL) == MS_OK);
	json_free(&again);
	buf_fini(&first);
	buf_fini(&second);
	buf_fini(&pretty);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct json_raw value;
	struct json *root;
	struct arena arena;
	struct why why = { "" };
	enum ms_err checked = json_check(text, &value, &why);
	enum ms_err parsed = json_parse(text, &root, &why);

	ms_assert(checked == MS_OK || (parsed == MS_EJSON && *why.text));
	if (checked != MS_OK)
		return 0;
	arena_init(&arena, 0);
	parts_are_well_formed(value, &arena);
	arena_fini(&arena);
	if (parsed == MS_OK)
		tree_comes_back(root);
	json_free(&root);
	return 0;
}
