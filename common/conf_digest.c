/* SPDX-License-Identifier: Apache-2.0 */
/* Each text with its length in front, so that no two sequences look alike. */
#include "common/conf.h"
#include "common/crc32c.h"

static uint32_t
add(uint32_t crc, struct slice text)
{
	uint32_t len = (uint32_t)text.len;

	crc = crc32c(crc, &len, sizeof(len));
	return crc32c(crc, text.ptr, text.len);
}

uint32_t
conf_digest(const struct conf *conf)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *s = &conf->sections[i];

		crc = add(crc, slice_of(s->kind));
		crc = add(crc, slice_of(s->name));
		for (size_t k = 0; k < s->entry_count; k++) {
			crc = add(crc, slice_of(s->entries[k].key));
			for (const struct conf_entry *e = &s->entries[k]; e;
			     e = e->again)
				crc = add(crc, e->value);
		}
	}
	return crc;
}
