/* SPDX-License-Identifier: Apache-2.0 */
/* One text for each sequence of bytes: what decodes, prints the same again. */
#include "proto/base64.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- decoding ------------------------------------------------------------- */

#define BAD 64u

static uint32_t
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0' + 52);
	if (c == '+')
		return 62;
	return c == '/' ? 63 : BAD;
}

/* Four letters to 24 bits, the last `pad` of them being '='. */
static bool
decode_group(const char *text, size_t pad, uint32_t *bits_r)
{
	uint32_t bits = 0, any = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t v = i < 4 - pad ? value_of(text[i]) : 0;

		any |= v;
		bits = bits << 6 | (v & 63);
	}
	*bits_r = bits;
	return !(any & BAD) && (bits & ((1u << (8 * pad)) - 1)) == 0;
}

static size_t
padding_of(struct slice text)
{
	if (text.len == 0 || text.ptr[text.len - 1] != '=')
		return 0;
	return text.ptr[text.len - 2] == '=' ? 2 : 1;
}

bool
base64_decode(struct slice text, unsigned char *out, size_t *bytes_r)
{
	size_t pad, n = 0;

	if (text.len % 4)
		return false;
	pad = padding_of(text);
	for (size_t i = 0; i < text.len; i += 4) {
		size_t missing = i + 4 == text.len ? pad : 0;
		uint32_t bits;

		if (!decode_group(text.ptr + i, missing, &bits))
			return false;
		for (size_t k = 0; k < 3 - missing; k++)
			out[n++] = (unsigned char)(bits >> (16 - 8 * k));
	}
	*bytes_r = n;
	return true;
}

/* ---- printing ------------------------------------------------------------- */

static void
put_group(const unsigned char *bytes, size_t n, unsigned char *text)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < n ? bytes[i] : 0);
	for (size_t i = 0; i < 4; i++)
		text[i] = i <= n
		    ? (unsigned char)letters[bits >> (18 - 6 * i) & 63]
		    : '=';
}

void
base64_print(struct slice bytes, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)bytes.ptr;
	size_t text_bytes = (bytes.len + 2) / 3 * 4;
	unsigned char *at = buf_reserve(out, text_bytes);

	if (!at)
		return;
	for (size_t left = bytes.len; left > 0; at += 4) {
		size_t n = left < 3 ? left : 3;

		put_group(p, n, at);
		p += n;
		left -= n;
	}
	out->len += text_bytes;
}
