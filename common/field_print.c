/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a struct to text, in the form field_set() takes, and comparison.
 */
#include <inttypes.h>

#include "common/field.h"
#include "common/id.h"
#include "common/words.h"

static void
print_time(uint64_t ms, struct buf *out)
{
	char text[UNIT_TEXT_BYTES];

	buf_add_str(out, print_duration(ms, text));
}

static void
print_enum(const struct field *row, int value, struct buf *out)
{
	for (const struct field_name *n = row->names; n->name; n++) {
		if (n->value == value) {
			buf_add_str(out, n->name);
			return;
		}
	}
	buf_printf(out, "%d", value); /* not one of ours: show what is there */
}

static void
print_signal(int signo, struct buf *out)
{
	buf_add_str(out, signo ? signal_name(signo) : "none");
}

static void
print_range(const struct span_ms *span, struct buf *out)
{
	print_time(span->min_ms, out);
	buf_add_str(out, "..");
	print_time(span->max_ms, out);
}

static void
print_rate(const struct rate *rate, struct buf *out)
{
	buf_printf(out, "%" PRIu32, rate->count);
	if (rate->period_ms) {
		buf_add_u8(out, '/');
		print_time(rate->period_ms, out);
	}
}

static void
print_value(const struct field *row, const void *at, struct buf *out)
{
	char text[UNIT_TEXT_BYTES], id[ID_TEXT_BYTES];

	switch (row->type) {
	case FIELD_BOOL:
		buf_add_str(out, *(const bool *)at ? "yes" : "no");
		break;
	case FIELD_U32:
		buf_printf(out, "%" PRIu32, *(const uint32_t *)at);
		break;
	case FIELD_U64:
		buf_printf(out, "%" PRIu64, *(const uint64_t *)at);
		break;
	case FIELD_I64:
		buf_printf(out, "%" PRId64, *(const int64_t *)at);
		break;
	case FIELD_STR:
		buf_add_slice(out, slice_of(*(char *const *)at));
		break;
	case FIELD_WORDS:
		words_print(at, out);
		break;
	case FIELD_DURATION:
		print_time(*(const uint64_t *)at, out);
		break;
	case FIELD_SIZE:
		buf_add_str(out, print_size(*(const uint64_t *)at, text));
		break;
	case FIELD_ENUM:
		print_enum(row, *(const int *)at, out);
		break;
	case FIELD_SIGNAL:
		print_signal(*(const int *)at, out);
		break;
	case FIELD_RANGE:
		print_range(at, out);
		break;
	case FIELD_RATE:
		print_rate(at, out);
		break;
	case FIELD_ID:
		buf_add_str(out, id_print(at, id));
		break;
	case FIELD_CUSTOM:
		if (row->print)
			row->print(at, out);
		break;
	}
}

void
field_print(const struct field *row, const void *base, struct buf *out)
{
	if (row->flags & FIELD_SECRET)
		buf_add_str(out, "***");
	else
		print_value(row, (const char *)base + row->off, out);
}

/* ---- comparison --------------------------------------------------------- */

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What prints the same is the same; what does not print is taken as
 * changed, so that nobody overlooks a change. */
static bool
same_custom(const struct field *row, const void *a, const void *b)
{
	struct buf text_a = { 0 }, text_b = { 0 };
	bool same;

	if (!row->print)
		return false;
	row->print(a, &text_a);
	row->print(b, &text_b);
	same = !text_a.failed && !text_b.failed &&
	    slice_eq(buf_slice(&text_a), buf_slice(&text_b));
	buf_fini(&text_a);
	buf_fini(&text_b);
	return same;
}

bool
field_same(const struct field *row, const void *a, const void *b)
{
	const void *at = (const char *)a + row->off;
	const void *bt = (const char *)b + row->off;
	const struct rate *rate_a = at, *rate_b = bt;

	switch (row->type) {
	case FIELD_BOOL:
		return *(const bool *)at == *(const bool *)bt;
	case FIELD_U32:
		return *(const uint32_t *)at == *(const uint32_t *)bt;
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_DURATION:
	case FIELD_SIZE:
		return memcmp(at, bt, sizeof(uint64_t)) == 0;
	case FIELD_ENUM:
	case FIELD_SIGNAL:
		return *(const int *)at == *(const int *)bt;
	case FIELD_STR:
		return same_text(*(char *const *)at, *(char *const *)bt);
	case FIELD_WORDS:
		return words_same(at, bt);
	case FIELD_RANGE:
		return memcmp(at, bt, sizeof(struct span_ms)) == 0;
	case FIELD_RATE: /* has padding */
		return rate_a->count == rate_b->count &&
		    rate_a->period_ms == rate_b->period_ms;
	case FIELD_ID:
		return memcmp(at, bt, sizeof(struct id128)) == 0;
	case FIELD_CUSTOM:
		return same_custom(row, at, bt);
	}
	return false;
}
