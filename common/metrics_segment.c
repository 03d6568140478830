/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging a segment.  Whoever wrote it may have been killed, be of another
 * version, or not be ours at all: what passes here can be read without any
 * further doubt.
 */
#include "common/metrics_segment.h"

#include <string.h>

#include "common/crc32c.h"
#include "common/str.h"

#define BITS_WORD                                       \
	(HISTOGRAM_BITS | HISTOGRAM_BITS_PRECISE << 8 | \
	    HISTOGRAM_VALUE_BITS << 16)

void
segment_head_init(struct segment_head *head)
{
	*head = (struct segment_head){
		.magic = SEGMENT_MAGIC,
		.version = SEGMENT_VERSION,
		.head_bytes = METRICS_HEAD_BYTES,
		.shard_count = METRICS_SHARDS,
		.shard_bytes = METRICS_SHARD_BYTES,
		.family_max = SEGMENT_FAMILY_MAX,
		.series_max = METRIC_SERIES_MAX,
		.family_bytes = sizeof(struct segment_family),
		.series_bytes = sizeof(struct segment_series),
		.bits = BITS_WORD,
		.strings_used = 1, /* 0 is the empty string */
		.values_used = SEGMENT_VALUES_AT,
	};
	head->crc = crc32c(0, head, offsetof(struct segment_head, crc));
}

/* Its first words are zeros, or already what they will be. */
bool
segment_head_is_blank(const struct segment_head *head)
{
	const unsigned char *at = (const void *)head;
	struct segment_head ours;

	if (head->magic != 0)
		return false;
	segment_head_init(&ours);
	for (size_t i = sizeof(head->magic);
	     i < offsetof(struct segment_head, space); i++) {
		if (at[i] != 0 && at[i] != ((unsigned char *)&ours)[i])
			return false;
	}
	return true;
}

static enum ms_err
check_counts(const struct segment_head *head, struct why *why)
{
	if (head->family_count > SEGMENT_FAMILY_MAX)
		return why_set(why, MS_ECORRUPT, "%u families, at most %u",
		    head->family_count, SEGMENT_FAMILY_MAX);
	if (head->series_count > METRIC_SERIES_MAX)
		return why_set(why, MS_ECORRUPT, "%u series, at most %u",
		    head->series_count, METRIC_SERIES_MAX);
	if (head->strings_used < 1 ||
	    head->strings_used > SEGMENT_STRINGS_BYTES)
		return why_set(why, MS_ECORRUPT, "%u bytes of strings of %u",
		    head->strings_used, SEGMENT_STRINGS_BYTES);
	if (head->values_used < SEGMENT_VALUES_AT ||
	    head->values_used > METRICS_SHARD_BYTES ||
	    head->values_used % sizeof(uint64_t))
		return why_set(why, MS_ECORRUPT, "%u bytes of values of %u",
		    head->values_used, METRICS_SHARD_BYTES);
	if (head->shards_used >> METRICS_SHARDS)
		return why_set(why, MS_ECORRUPT, "shards that there are not");
	if (head->life.phase > LIFE_DRAINING)
		return why_set(why, MS_ECORRUPT, "a phase that there is not");
	return MS_OK;
}

enum ms_err
segment_head_check(const struct segment_head *head, struct why *why)
{
	struct segment_head ours;

	if (head->magic != SEGMENT_MAGIC)
		return why_set(why, MS_ECORRUPT, "not a metrics segment");
	if (head->version != SEGMENT_VERSION)
		return why_set(why, MS_ECORRUPT,
		    "a segment of version %u, this is %u", head->version,
		    SEGMENT_VERSION);
	segment_head_init(&ours);
	if (memcmp(head, &ours, offsetof(struct segment_head, space)) != 0)
		return why_set(why, MS_ECORRUPT,
		    "a segment of another layout, or a damaged header");
	return check_counts(head, why);
}

/* ---- the directory ----------------------------------------------------------- */

uint32_t
segment_cells(const struct segment_family *family)
{
	if (family->kind != METRIC_HISTOGRAM)
		return 1;
	return 1 + HISTOGRAM_BUCKETS(segment_histogram_bits(family)) +
	    (family->flags & METRIC_EXEMPLAR ? SEGMENT_EXEMPLAR_CELLS : 0);
}

unsigned
segment_histogram_bits(const struct segment_family *family)
{
	return family->flags & METRIC_PRECISE ? HISTOGRAM_BITS_PRECISE
					      : HISTOGRAM_BITS;
}

/* NULL: does not begin or end in the strings, or is too long. */
static const char *
string_at(const struct segment_tables *t, uint32_t at, size_t max)
{
	size_t left;

	if (at >= t->head->strings_used)
		return NULL;
	left = t->head->strings_used - at;
	if (strnlen(t->strings + at, left) >= (left < max + 1 ? left : max + 1))
		return NULL;
	return t->strings + at;
}

static bool
is_name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || c == '_' ||
	    (!first && c >= '0' && c <= '9');
}

bool
metric_name_is_valid(const char *name)
{
	size_t len = name ? strnlen(name, METRIC_NAME_BYTES_MAX + 1) : 0;

	if (len == 0 || len > METRIC_NAME_BYTES_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_name_char(name[i], i == 0))
			return false;
	}
	return true;
}

static bool
name_at(const struct segment_tables *t, uint32_t at)
{
	return metric_name_is_valid(string_at(t, at, METRIC_NAME_BYTES_MAX));
}

static bool
text_at(const struct segment_tables *t, uint32_t at, size_t max)
{
	const char *text = string_at(t, at, max);

	return text && utf8_is_valid(slice_of(text));
}

static bool
family_is_good(const struct segment_tables *t, const struct segment_family *f)
{
	if (f->kind < METRIC_COUNTER || f->kind > METRIC_HISTOGRAM ||
	    f->unit > METRIC_UNIT_RATIO ||
	    f->flags > (METRIC_PRECISE | METRIC_EXEMPLAR | METRIC_EXACT) ||
	    (f->state != FAMILY_CURRENT && f->state != FAMILY_RETIRED) ||
	    f->label_count > METRIC_LABELS_MAX || !name_at(t, f->name_at) ||
	    !text_at(t, f->help_at, METRIC_HELP_BYTES_MAX))
		return false;
	for (uint32_t i = 0; i < f->label_count; i++) {
		if (!name_at(t, f->label_at[i]))
			return false;
	}
	return true;
}

static bool
series_is_good(const struct segment_tables *t, const struct segment_series *s,
    uint32_t *end)
{
	const struct segment_family *f;

	if (s->family >= t->head->family_count)
		return false;
	f = &t->families[s->family];
	/* appended, so each begins where the one before has ended, or later */
	if (s->offset < *end || s->offset % sizeof(uint64_t) ||
	    s->offset > t->head->values_used ||
	    segment_cells(f) * sizeof(uint64_t) >
		t->head->values_used - s->offset)
		return false;
	for (uint32_t i = 0; i < f->label_count; i++) {
		if (!text_at(t, s->value_at[i], METRIC_LABEL_BYTES_MAX))
			return false;
	}
	*end = s->offset + segment_cells(f) * (uint32_t)sizeof(uint64_t);
	return true;
}

enum ms_err
segment_tables_check(const struct segment_tables *t, struct why *why)
{
	uint32_t end = SEGMENT_VALUES_AT;

	if (t->strings[0] != '\0')
		return why_set(why, MS_ECORRUPT, "its strings are damaged");
	for (uint32_t i = 0; i < t->head->family_count; i++) {
		if (!family_is_good(t, &t->families[i]))
			return why_set(why, MS_ECORRUPT,
			    "its family %u is damaged", i);
	}
	for (uint32_t i = 0; i < t->head->series_count; i++) {
		if (!series_is_good(t, &t->series[i], &end))
			return why_set(why, MS_ECORRUPT,
			    "its series %u is damaged", i);
	}
	return MS_OK;
}
