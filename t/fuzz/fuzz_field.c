/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First byte 0xff: the rest is message bytes; what decodes must encode and
 * decode to the same.  Any other first byte picks a row and the rest is text;
 * what can be set must print and set to the same.
 */
#include "common/field.h"
#include "common/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct note {
	bool on;
	uint32_t u32;
	uint64_t u64;
	int64_t i64;
	char *text;
	struct words words;
	uint64_t wait_ms, bytes;
	int mode, signo;
	struct span_ms span;
	struct rate rate;
	struct id128 id;
};

static const struct field_name modes[] = { { "none", 0 }, { "low", -3 },
	{ "high", 7 }, { NULL, 0 } };

#define AT(member) .off = offsetof(struct note, member)
/* clang-format off */
static const struct field rows[] = {
	{ .name = "on", .tag = 1, .type = FIELD_BOOL, AT(on) },
	{ .name = "u32", .tag = 2, .type = FIELD_U32, AT(u32), .max = 1000 },
	{ .name = "u64", .tag = 3, .type = FIELD_U64, AT(u64) },
	{ .name = "i64", .tag = 4, .type = FIELD_I64, AT(i64), .min = (uint64_t)-20, .max = 19 },
	{ .name = "text", .tag = 5, .type = FIELD_STR, AT(text) },
	{ .name = "words", .tag = 6, .type = FIELD_WORDS, AT(words) },
	{ .name = "wait", .tag = 7, .type = FIELD_DURATION, AT(wait_ms) },
	{ .name = "bytes", .tag = 8, .type = FIELD_SIZE, AT(bytes) },
	{ .name = "mode", .tag = 9, .type = FIELD_ENUM, AT(mode), .names = modes },
	{ .name = "signo", .tag = 10, .type = FIELD_SIGNAL, AT(signo) },
	{ .name = "span", .tag = 11, .type = FIELD_RANGE, AT(span) },
	{ .name = "rate", .tag = 12, .type = FIELD_RATE, AT(rate) },
	{ .name = "id", .tag = 13, .type = FIELD_ID, AT(id) },
	FIELD_END,
};
/* clang-format on */

static void
decode(struct slice bytes, struct arena *arena)
{
	struct note note = { 0 }, again = { 0 };
	struct buf first = { 0 }, second = { 0 };
	struct why why = { "" };

	if (field_decode(rows, bytes, &note, arena, &why) != MS_OK) {
		ms_assert(why.text[0]);
		return;
	}
	field_encode(rows, &note, &first);
	ms_assert(first.len % 8 == 0 && first.len <= bytes.len);
	ms_assert(field_decode(rows, buf_slice(&first), &again, arena, &why) ==
	    MS_OK);
	field_encode(rows, &again, &second);
	ms_assert(slice_eq(buf_slice(&first), buf_slice(&second)));
	for (const struct field *row = rows; row->name; row++)
		ms_assert(field_same(row, &note, &again));
	buf_fini(&first);
	buf_fini(&second);
}

static void
set(const struct field *row, struct slice text, struct arena *arena)
{
	struct note note = { 0 }, again = { 0 };
	struct buf out = { 0 };
	struct why why = { "" };

	if (field_set(row, &note, text, arena, &why) != MS_OK) {
		ms_assert(why.text[0] && utf8_is_valid(slice_of(why.text)));
		return;
	}
	field_print(row, &note, &out);
	ms_assert(
	    field_set(row, &again, buf_slice(&out), arena, &why) == MS_OK);
	ms_assert(field_same(row, &note, &again));
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data + 1, size - 1 };
	struct arena arena;

	if (size == 0)
		return 0;
	arena_init(&arena, 1u << 22);
	if (data[0] == 0xff)
		decode(rest, &arena);
	else
		set(&rows[data[0] % (ARRAY_LEN(rows) - 1)], rest, &arena);
	arena_fini(&arena);
	return 0;
}
