/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/log/lines.h"

#include <string.h>

#define SEQUENCE_REST 3u /* bytes of a character after its first */

/* At most `limit`, less where that is inside of a character. */
static size_t
cut_before(const char *text, size_t limit)
{
	for (size_t back = 0; back <= SEQUENCE_REST && back < limit; back++)
		if (((unsigned char)text[limit - back] & 0xc0) != 0x80)
			return limit - back;
	return limit; /* not UTF-8 */
}

bool
lines_next(struct slice bytes, size_t limit, bool all, size_t *off,
    struct piece *piece_r)
{
	struct slice rest = { bytes.ptr + *off, bytes.len - *off };
	/* "\r\n" may follow on a line that is just short enough */
	size_t seen = rest.len < limit + 2 ? rest.len : limit + 2;
	const char *end = seen ? memchr(rest.ptr, '\n', seen) : NULL;
	size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
	size_t step = end ? len + 1 : len;
	bool cut;

	if (!end && (rest.len == 0 || (!all && rest.len < limit + 2)))
		return false;
	if (end && len > 0 && rest.ptr[len - 1] == '\r')
		len--;
	cut = len > limit;
	if (cut)
		len = step = cut_before(rest.ptr, limit);
	*piece_r = (struct piece){ { rest.ptr, len }, cut };
	*off += step;
	return true;
}
