/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to message bytes and back, and bytes that nobody should send. */
#include <stdio.h>
#include <stdlib.h>

#include "common/field.h"
#include "common/words.h"
#include "t/lib/unit.h"

struct note {
	bool on;
	uint32_t count;
	uint64_t big;
	int64_t nice;
	char *text;
	struct words words;
	uint64_t wait_ms;
	uint64_t bytes;
	int mode;
	int signo;
	struct span_ms span;
	struct rate rate;
	struct id128 id;
	int custom;
	int local; /* not on the wire */
};

static const struct field_name modes[] = { { "none", 0 }, { "low", -3 },
	{ "high", 7 }, { NULL, 0 } };

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
	if (*(const int *)at)
		buf_printf(out, "x%d", *(const int *)at);
}

#define AT(member) .off = offsetof(struct note, member)
/* clang-format off */
static const struct field rows[] = {
	{ .name = "on", .tag = 1, .type = FIELD_BOOL, AT(on) },
	{ .name = "count", .tag = 2, .type = FIELD_U32, AT(count), .max = 1000 },
	{ .name = "big", .tag = 3, .type = FIELD_U64, AT(big) },
	{ .name = "nice", .tag = 4, .type = FIELD_I64, AT(nice), .min = (uint64_t)-20, .max = 19 },
	{ .name = "text", .tag = 5, .type = FIELD_STR, AT(text), .max = 64 },
	{ .name = "words", .tag = 6, .type = FIELD_WORDS, AT(words), .max = 100 },
	{ .name = "wait", .tag = 7, .type = FIELD_DURATION, AT(wait_ms) },
	{ .name = "bytes", .tag = 8, .type = FIELD_SIZE, AT(bytes) },
	{ .name = "mode", .tag = 9, .type = FIELD_ENUM, AT(mode), .names = modes },
	{ .name = "signal", .tag = 10, .type = FIELD_SIGNAL, AT(signo) },
	{ .name = "span", .tag = 11, .type = FIELD_RANGE, AT(span) },
	{ .name = "rate", .tag = 12, .type = FIELD_RATE, AT(rate) },
	{ .name = "id", .tag = 13, .type = FIELD_ID, AT(id) },
	{ .name = "custom", .tag = 14, .type = FIELD_CUSTOM, AT(custom), .parse = parse_custom, .print = print_custom },
	{ .name = "local", .type = FIELD_U32, AT(local) },
	FIELD_END,
};
static const struct field needy[] = {
	{ .name = "text", .tag = 5, .type = FIELD_STR, AT(text), .flags = FIELD_REQUIRED },
	{ .name = "count", .tag = 2, .type = FIELD_U32, AT(count), .flags = FIELD_REQUIRED },
	FIELD_END,
};
/* clang-format on */

static char *word_list[] = { (char *)"", (char *)"a b", (char *)"\xc3\xa9",
	NULL };
static const struct note full = {
	.on = true,
	.count = 1000,
	.big = UINT64_MAX,
	.nice = -20,
	.text = (char *)"hello",
	.words = { word_list, 3 },
	.wait_ms = UINT64_MAX,
	.bytes = 4096,
	.mode = -3,
	.signo = 15,
	.span = { 100, 30000 },
	.rate = { 3, 60000 },
	.id = { { 1, 2, 3 } },
	.custom = 7,
	.local = 99,
};

/* Exactly as large as the bytes, so that asan sees a read past them. */
static enum ms_err
decode(const struct field *table, struct slice bytes, struct note *note_r,
    struct arena *arena, struct why *why)
{
	char *copy = malloc(bytes.len ? bytes.len : 1);
	enum ms_err err;

	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	*note_r = (struct note){ 0 };
	err = field_decode(table, (struct slice){ copy, bytes.len }, note_r,
	    arena, why);
	free(copy);
	return err;
}

static void
record(struct buf *out, uint16_t tag, enum field_type type, const void *bytes,
    size_t n)
{
	buf_add_u16(out, tag);
	buf_add_u16(out, (uint16_t)type);
	buf_add_u32(out, (uint32_t)n);
	buf_add(out, bytes, n);
	buf_pad(out, 8);
}

static void
assert_refused(struct slice bytes, enum ms_err expected, const char *reason)
{
	struct arena arena;
	struct note note;
	struct why why = { "" };

	arena_init(&arena, 0);
	ck_assert_int_eq(decode(rows, bytes, &note, &arena, &why), expected);
	ck_assert_str_eq(why.text, reason);
	arena_fini(&arena);
}

static void
assert_record_refused(uint16_t tag, enum field_type type, struct slice value,
    enum ms_err expected, const char *reason)
{
	struct buf bytes = { 0 };

	record(&bytes, tag, type, value.ptr, value.len);
	assert_refused(buf_slice(&bytes), expected, reason);
	buf_fini(&bytes);
}

START_TEST(every_type_comes_back)
{
	struct buf bytes = { 0 };
	struct arena arena;
	struct note note;
	struct why why = { "" };

	arena_init(&arena, 0);
	field_encode(rows, &full, &bytes);
	ck_assert(!bytes.failed);
	ck_assert_msg(decode(rows, buf_slice(&bytes), &note, &arena, &why) ==
		MS_OK,
	    "%s", why.text);
	for (const struct field *row = rows; row->tag; row++)
		ck_assert_msg(field_same(row, &full, &note), "%s", row->name);
	ck_assert_ptr_null(note.words.word[3]);
	ck_assert_int_eq(note.local, 0);
	buf_fini(&bytes);
	arena_fini(&arena);
}
END_TEST

START_TEST(records_have_the_promised_form)
{
	static const unsigned char expected[] = { 1, 0, 0, 0, 1, 0, 0, 0, /**/
		1, 0, 0, 0, 0, 0, 0, 0,                                   /**/
		5, 0, 4, 0, 2, 0, 0, 0,                                   /**/
		'h', 'i', 0, 0, 0, 0, 0, 0 };
	struct note note = { .on = true, .text = (char *)"hi" };
	struct buf bytes = { 0 };

	field_encode(rows, &note, &bytes);
	ck_assert_uint_eq(bytes.len, sizeof(expected));
	ck_assert_mem_eq(bytes.ptr, expected, sizeof(expected));
	buf_fini(&bytes);
}
END_TEST

START_TEST(zero_values_are_not_sent)
{
	struct note note = { 0 };
	struct buf bytes = { 0 };

	note.local = 5;
	field_encode(rows, &note, &bytes);
	ck_assert_uint_eq(bytes.len, 0);
	note.text = (char *)""; /* given, though empty */
	field_encode(rows, &note, &bytes);
	ck_assert_uint_eq(bytes.len, 8);
	buf_fini(&bytes);
}
END_TEST

START_TEST(padding_counts_from_the_record_not_from_the_buffer)
{
	struct note note = { .text = (char *)"hi" }, again;
	struct buf bytes = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	buf_add_str(&bytes, "odd");
	field_encode(rows, &note, &bytes);
	ck_assert_uint_eq(bytes.len, 3 + 16);
	ck_assert_int_eq(decode(rows,
			     (struct slice){ (char *)bytes.ptr + 3, 16 },
			     &again, &arena, NULL),
	    MS_OK);
	ck_assert_str_eq(again.text, "hi");
	buf_fini(&bytes);
	arena_fini(&arena);
}
END_TEST

START_TEST(unknown_tags_and_tag_zero_are_skipped)
{
	struct buf bytes = { 0 };
	struct arena arena;
	struct note note;

	arena_init(&arena, 0);
	record(&bytes, 999, FIELD_STR, "whatever this is", 16);
	record(&bytes, 0, FIELD_U32, "\7\0\0\0", 4);
	record(&bytes, 998, (enum field_type)77, NULL, 0);
	record(&bytes, 2, FIELD_U32, "\7\0\0\0", 4);
	ck_assert_int_eq(decode(rows, buf_slice(&bytes), &note, &arena, NULL),
	    MS_OK);
	ck_assert_uint_eq(note.count, 7);
	ck_assert_int_eq(note.local, 0);
	buf_fini(&bytes);
	arena_fini(&arena);
}
END_TEST

START_TEST(bytes_cut_off_anywhere_are_never_read_past)
{
	struct buf bytes = { 0 };
	struct arena arena;
	struct note note;
	size_t refused = 0;

	field_encode(rows, &full, &bytes);
	for (size_t n = 0; n < bytes.len; n++) {
		arena_init(&arena, 0);
		enum ms_err err =
		    decode(rows, (struct slice){ (char *)bytes.ptr, n }, &note,
			&arena, NULL);
		ck_assert(err == MS_OK || err == MS_EPROTO);
		refused += err == MS_EPROTO;
		if (n % 8) /* never the end of a record */
			ck_assert_int_eq(err, MS_EPROTO);
		arena_fini(&arena);
	}
	ck_assert_uint_gt(refused, bytes.len * 7 / 8);
	buf_fini(&bytes);
}
END_TEST

START_TEST(a_known_tag_of_another_type_length_or_number_is_malformed)
{
	struct buf twice = { 0 };

	assert_record_refused(2, FIELD_U64, SLICE_LIT("\1\0\0\0\0\0\0\0"),
	    MS_EPROTO, "field count: wrong type");
	assert_record_refused(2, FIELD_U32, SLICE_LIT("\1\0\0"), MS_EPROTO,
	    "field count: wrong length");
	assert_record_refused(13, FIELD_ID, SLICE_LIT("123"), MS_EPROTO,
	    "field id: wrong length");
	assert_record_refused(11, FIELD_RANGE, SLICE_LIT(""), MS_EPROTO,
	    "field span: wrong length");
	record(&twice, 2, FIELD_U32, "\1\0\0\0", 4);
	record(&twice, 2, FIELD_U32, "\2\0\0\0", 4);
	assert_refused(buf_slice(&twice), MS_EPROTO,
	    "field count: given twice");
	buf_fini(&twice);
}
END_TEST

START_TEST(a_length_past_the_end_is_malformed)
{
	assert_refused(SLICE_LIT("\5\0\4\0\xff\xff\xff\xffhi\0\0\0\0\0\0"),
	    MS_EPROTO, "fields are cut off");
	assert_refused(SLICE_LIT("\5\0\4\0\2\0\0\0hi"), MS_EPROTO,
	    "fields are cut off"); /* no padding */
	assert_refused(SLICE_LIT("\5"), MS_EPROTO, "fields are cut off");
}
END_TEST

START_TEST(values_outside_the_rows_bounds_are_refused)
{
	char text[66] = { 0 };

	assert_record_refused(2, FIELD_U32, SLICE_LIT("\xe9\3\0\0"), MS_EINVAL,
	    "field count: 1001 is above the maximum 1000");
	assert_record_refused(4, FIELD_I64, SLICE_LIT("\x14\0\0\0\0\0\0\0"),
	    MS_EINVAL, "field nice: 20 is out of bounds");
	memset(text, 'a', 65);
	assert_record_refused(5, FIELD_STR, slice_of(text), MS_EINVAL,
	    "field text: 65 is above the maximum 64");
	assert_record_refused(9, FIELD_ENUM, SLICE_LIT("\1\0\0\0"), MS_EINVAL,
	    "field mode: unknown value 1");
	assert_record_refused(1, FIELD_BOOL, SLICE_LIT("\2"), MS_EPROTO,
	    "field on: neither true nor false");
	assert_record_refused(10, FIELD_SIGNAL, SLICE_LIT("\x41\0\0\0"),
	    MS_EPROTO, "field signal: not a signal");
	assert_record_refused(10, FIELD_SIGNAL, SLICE_LIT("\x21\0\0\0"),
	    MS_EPROTO, "field signal: not a signal");
	assert_record_refused(11, FIELD_RANGE,
	    SLICE_LIT("\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"), MS_EPROTO,
	    "field span: a range with MIN above MAX");
	assert_record_refused(12, FIELD_RATE,
	    SLICE_LIT("\1\0\0\0\0\0\0\0\0\0\0\0"), MS_EPROTO,
	    "field rate: a rate without a period");
	assert_record_refused(14, FIELD_CUSTOM, SLICE_LIT("y1"), MS_EINVAL,
	    "field custom: not x and a digit");
}
END_TEST

START_TEST(text_is_utf8_without_nul)
{
	static const char reason[] =
	    "field text: text is not UTF-8 without NUL";

	assert_record_refused(5, FIELD_STR, SLICE_LIT("a\0b"), MS_EPROTO,
	    reason);
	assert_record_refused(5, FIELD_STR, SLICE_LIT("\xff"), MS_EPROTO,
	    reason);
	assert_record_refused(5, FIELD_STR, SLICE_LIT("\xed\xa0\x80"),
	    MS_EPROTO, reason);
}
END_TEST

START_TEST(words_that_do_not_add_up_are_malformed)
{
	assert_record_refused(6, FIELD_WORDS, SLICE_LIT(""), MS_EPROTO,
	    "field words: more words than bytes");
	assert_record_refused(6, FIELD_WORDS, SLICE_LIT("\2\0\0\0\0\0\0\0"),
	    MS_EPROTO, "field words: more words than bytes");
	assert_record_refused(6, FIELD_WORDS,
	    SLICE_LIT("\xff\xff\xff\xff\0\0\0\0"), MS_EINVAL,
	    "field words: 4294967295 is above the maximum 100");
	assert_record_refused(6, FIELD_WORDS,
	    SLICE_LIT("\1\0\0\0\xff\xff\xff\xff"
		      "a"),
	    MS_EPROTO, "field words: a word is cut off or not text");
	assert_record_refused(6, FIELD_WORDS,
	    SLICE_LIT("\1\0\0\0\2\0\0\0"
		      "a\0"),
	    MS_EPROTO, "field words: a word is cut off or not text");
	assert_record_refused(6, FIELD_WORDS,
	    SLICE_LIT("\1\0\0\0\1\0\0\0"
		      "ab"),
	    MS_EPROTO, "field words: bytes behind the last word");
}
END_TEST

START_TEST(required_text_must_be_there_and_required_numbers_may_be_zero)
{
	struct buf bytes = { 0 };
	struct arena arena;
	struct note note;
	struct why why = { "" };

	arena_init(&arena, 0);
	ck_assert_int_eq(decode(needy, buf_slice(&bytes), &note, &arena, &why),
	    MS_EINVAL);
	ck_assert_str_eq(why.text, "field text is required");
	record(&bytes, 5, FIELD_STR, "", 0);
	ck_assert_int_eq(decode(needy, buf_slice(&bytes), &note, &arena, &why),
	    MS_OK);
	ck_assert_str_eq(note.text, "");
	buf_fini(&bytes);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_full_arena_is_no_memory_and_a_full_buffer_fails)
{
	struct buf bytes = { 0 }, small = { .limit_bytes = 20 };
	struct arena arena;
	struct note note;

	field_encode(rows, &full, &bytes);
	arena_init(&arena, 8);
	ck_assert_int_eq(decode(rows, buf_slice(&bytes), &note, &arena, NULL),
	    MS_ENOMEM);
	field_encode(rows, &full, &small);
	ck_assert(small.failed);
	buf_fini(&small);
	buf_fini(&bytes);
	arena_fini(&arena);
}
END_TEST

UNIT(field_wire, every_type_comes_back, records_have_the_promised_form,
    zero_values_are_not_sent,
    padding_counts_from_the_record_not_from_the_buffer,
    unknown_tags_and_tag_zero_are_skipped,
    bytes_cut_off_anywhere_are_never_read_past,
    a_known_tag_of_another_type_length_or_number_is_malformed,
    a_length_past_the_end_is_malformed,
    values_outside_the_rows_bounds_are_refused, text_is_utf8_without_nul,
    words_that_do_not_add_up_are_malformed,
    required_text_must_be_there_and_required_numbers_may_be_zero,
    a_full_arena_is_no_memory_and_a_full_buffer_fails)
