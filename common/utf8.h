/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One well-formed UTF-8 sequence (RFC 3629, table in section 4): overlong
 * forms, surrogates and anything past U+10FFFF are refused by the range of
 * the second byte.  Inline, because scanners ask it inside their loops.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

static inline bool
utf8_is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Bytes of the sequence at p (1-4); 0 when it is cut off or ill-formed. */
static inline size_t
utf8_sequence(const unsigned char *p, const unsigned char *end)
{
	size_t left = (size_t)(end - p);

	if (left == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || left < 2 || !utf8_is_tail(p[1]))
		return 0;
	if (p[0] < 0xe0)
		return 2;
	if (left < 3 || !utf8_is_tail(p[2]))
		return 0;
	if (p[0] < 0xf0) {
		if ((p[0] == 0xe0 && p[1] < 0xa0) ||
		    (p[0] == 0xed && p[1] > 0x9f))
			return 0;
		return 3;
	}
	if (p[0] > 0xf4 || left < 4 || !utf8_is_tail(p[3]))
		return 0;
	if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return 4;
}

#endif
