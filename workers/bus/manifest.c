/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MANIFEST file: lines `key number [number]`, closed by a line with the
 * CRC of all before it, so that half a file or an edited one is noticed.
 */
#include "workers/bus/manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/crc32c.h"
#include "workers/bus/segment.h"

#define FIRST_LINE "ms-bus manifest 1"

void
manifest_print(const struct manifest *m, struct buf *out)
{
	size_t start = out->len;

	buf_printf(out, FIRST_LINE "\n");
	buf_printf(out, "epoch %" PRIu32 "\n", m->log_epoch);
	buf_printf(out, "last %" PRIu64 "\n", m->last_seq);
	buf_printf(out, "synced %" PRIu64 "\n", m->synced_seq);
	buf_printf(out, "verified %" PRIu64 "\n", m->verified_seq);
	buf_printf(out, "consumers %" PRIu32 "\n", m->consumers);
	for (size_t i = 0; i < m->lost_count; i++)
		buf_printf(out, "lost %" PRIu64 " %" PRIu64 "\n",
		    m->lost[i].first, m->lost[i].last);
	buf_printf(out, "crc %08" PRIx32 "\n",
	    crc32c(0, out->ptr + start, out->len - start));
}

/* The text before the crc line, when that line is right. */
static bool
crc_is_good(struct slice text, struct slice *rest_r)
{
	char line[16];
	char *end;
	uint32_t crc;

	if (text.len < 13 || text.ptr[text.len - 1] != '\n')
		return false;
	memcpy(line, text.ptr + text.len - 13, 13);
	line[12] = '\0';
	if (strncmp(line, "crc ", 4) != 0)
		return false;
	crc = (uint32_t)strtoul(line + 4, &end, 16);
	*rest_r = (struct slice){ text.ptr, text.len - 13 };
	return *end == '\0' && crc == crc32c(0, rest_r->ptr, rest_r->len);
}

static bool
lost_parse(struct slice rest, struct manifest *m)
{
	struct slice word;
	uint64_t first, last;

	if (!slice_cut(&rest, ' ', &word) || !parse_u64(word, &first) ||
	    !parse_u64(rest, &last) || first > last ||
	    m->lost_count == MANIFEST_LOST_MAX)
		return false;
	m->lost[m->lost_count++] = (struct lost_range){ first, last };
	return true;
}

static bool
line_parse(struct slice line, struct manifest *m)
{
	struct slice key;
	uint64_t number;

	if (!slice_cut(&line, ' ', &key))
		return false;
	if (slice_is(key, "lost"))
		return lost_parse(line, m);
	if (!parse_u64(line, &number))
		return false;
	if (slice_is(key, "epoch"))
		m->log_epoch = (uint32_t)number;
	else if (slice_is(key, "last"))
		m->last_seq = number;
	else if (slice_is(key, "synced"))
		m->synced_seq = number;
	else if (slice_is(key, "verified"))
		m->verified_seq = number;
	else if (slice_is(key, "consumers"))
		m->consumers = (uint32_t)number;
	/* a later version may know more */
	return number <= SEQUENCE_MAX;
}

enum ms_err
manifest_parse(struct slice text, struct manifest *m, struct why *why)
{
	struct slice rest, line;

	memset(m, 0, sizeof(*m));
	if (!crc_is_good(text, &rest))
		return why_set(why, MS_ECORRUPT,
		    "MANIFEST: the checksum is missing or wrong");
	if (!slice_cut(&rest, '\n', &line) || !slice_is(line, FIRST_LINE))
		return why_set(why, MS_ECORRUPT,
		    "MANIFEST: of another version");
	while (slice_cut(&rest, '\n', &line)) {
		if (!line_parse(line, m))
			return why_set(why, MS_ECORRUPT,
			    "MANIFEST: bad line \"%.*s\"",
			    (int)(line.len > 80 ? 80 : line.len), line.ptr);
	}
	return MS_OK;
}

void
manifest_lost_add(struct manifest *m, uint64_t first, uint64_t last)
{
	struct lost_range *at;
	size_t i = 0;

	while (i < m->lost_count && m->lost[i].last + 1 < first)
		i++;
	at = &m->lost[i];
	if (i < m->lost_count && at->first <= last + 1) {
		at->first = first < at->first ? first : at->first;
		at->last = last > at->last ? last : at->last;
		while (i + 1 < m->lost_count && at[1].first <= at->last + 1) {
			if (at[1].last > at->last)
				at->last = at[1].last;
			memmove(&at[1], &at[2],
			    (m->lost_count - i - 2) * sizeof(*at));
			m->lost_count--;
		}
		return;
	}
	if (m->lost_count == MANIFEST_LOST_MAX) {
		m->lost[m->lost_count - 1].last = last;
		return;
	}
	memmove(at + 1, at, (m->lost_count - i) * sizeof(*at));
	*at = (struct lost_range){ first, last };
	m->lost_count++;
}

bool
manifest_is_lost(const struct manifest *m, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < m->lost_count; i++) {
		if (m->lost[i].first <= first && last <= m->lost[i].last)
			return true;
	}
	return false;
}
