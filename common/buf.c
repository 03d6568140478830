/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers and readers that remember their failure instead of returning it, so
 * that code which lays out a frame reads like the frame.
 */
#include "common/buf.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MIN_BYTES 64

void
buf_fini(struct buf *buf)
{
	free(buf->ptr);
	*buf = (struct buf){ .limit_bytes = buf->limit_bytes };
}

void
buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

static bool
grow_to(struct buf *buf, size_t need)
{
	size_t cap = buf->cap < BUF_MIN_BYTES ? BUF_MIN_BYTES : buf->cap;
	unsigned char *ptr;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	ptr = realloc(buf->ptr, cap);
	if (!ptr)
		return false;
	buf->ptr = ptr;
	buf->cap = cap;
	return true;
}

/* Room for n bytes and `spare` more that do not count against the limit. */
static bool
make_room(struct buf *buf, size_t n, size_t spare)
{
	size_t limit = buf->limit_bytes ? buf->limit_bytes : SIZE_MAX / 2;

	if (buf->failed)
		return false;
	if (buf->len > limit || n > limit - buf->len ||
	    ((!buf->ptr || n + spare > buf->cap - buf->len) &&
		!grow_to(buf, buf->len + n + spare)))
		buf->failed = true;
	return !buf->failed;
}

unsigned char *
buf_reserve(struct buf *buf, size_t n)
{
	return make_room(buf, n, 0) ? buf->ptr + buf->len : NULL;
}

void
buf_add(struct buf *buf, const void *bytes, size_t n)
{
	if (n == 0 || !make_room(buf, n, 0))
		return;
	memcpy(buf->ptr + buf->len, bytes, n);
	buf->len += n;
}

void
buf_add_slice(struct buf *buf, struct slice s)
{
	buf_add(buf, s.ptr, s.len);
}

void
buf_add_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_add_u8(struct buf *buf, uint8_t v)
{
	buf_add(buf, &v, sizeof(v));
}

void
buf_add_u16(struct buf *buf, uint16_t v)
{
	unsigned char bytes[sizeof(v)];

	put_u16(bytes, v);
	buf_add(buf, bytes, sizeof(bytes));
}

void
buf_add_u32(struct buf *buf, uint32_t v)
{
	unsigned char bytes[sizeof(v)];

	put_u32(bytes, v);
	buf_add(buf, bytes, sizeof(bytes));
}

void
buf_add_u64(struct buf *buf, uint64_t v)
{
	unsigned char bytes[sizeof(v)];

	put_u64(bytes, v);
	buf_add(buf, bytes, sizeof(bytes));
}

void
buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0) {
		buf->failed = true;
		return;
	}
	if (!make_room(buf, (size_t)n, 1)) /* 1: vsnprintf's NUL */
		return;
	va_start(args, fmt);
	vsnprintf((char *)buf->ptr + buf->len, (size_t)n + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)n;
}

void
buf_pad(struct buf *buf, size_t align)
{
	size_t over = align ? buf->len % align : 0;
	size_t n = over ? align - over : 0;

	if (n == 0 || !make_room(buf, n, 0))
		return;
	memset(buf->ptr + buf->len, 0, n);
	buf->len += n;
}

void
buf_drop(struct buf *buf, size_t n)
{
	if (n >= buf->len) {
		buf->len = 0;
		return;
	}
	memmove(buf->ptr, buf->ptr + n, buf->len - n);
	buf->len -= n;
}

bool
buf_line(const struct buf *buf, size_t *off, struct slice *line_r)
{
	const unsigned char *start, *end;
	size_t len;

	if (*off >= buf->len)
		return false;
	start = buf->ptr + *off;
	end = memchr(start, '\n', buf->len - *off);
	if (!end)
		return false;
	len = (size_t)(end - start);
	*off += len + 1;
	if (len > 0 && start[len - 1] == '\r')
		len--;
	*line_r = (struct slice){ (const char *)start, len };
	return true;
}

struct cursor
cursor_of(struct slice bytes)
{
	const unsigned char *ptr = (const unsigned char *)bytes.ptr;

	return (struct cursor){ ptr, ptr ? ptr + bytes.len : ptr, false };
}

size_t
cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->ptr);
}

static const unsigned char *
cursor_take(struct cursor *c, size_t n)
{
	const unsigned char *at = c->ptr;

	if (n > cursor_left(c)) {
		c->failed = true;
		return NULL;
	}
	if (n)
		c->ptr += n;
	return at;
}

uint8_t
cursor_u8(struct cursor *c)
{
	const unsigned char *at = cursor_take(c, 1);

	return at ? *at : 0;
}

uint16_t
cursor_u16(struct cursor *c)
{
	const unsigned char *at = cursor_take(c, sizeof(uint16_t));

	return at ? get_u16(at) : 0;
}

uint32_t
cursor_u32(struct cursor *c)
{
	const unsigned char *at = cursor_take(c, sizeof(uint32_t));

	return at ? get_u32(at) : 0;
}

uint64_t
cursor_u64(struct cursor *c)
{
	const unsigned char *at = cursor_take(c, sizeof(uint64_t));

	return at ? get_u64(at) : 0;
}

struct slice
cursor_bytes(struct cursor *c, size_t n)
{
	const unsigned char *at = cursor_take(c, n);

	return (struct slice){ (const char *)at, at ? n : 0 };
}

void
cursor_skip(struct cursor *c, size_t n)
{
	cursor_take(c, n);
}

/* The compiler turns these into one load or store where the processor is
 * little-endian; memcpy keeps unaligned places legal. */
uint16_t
get_u16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

uint32_t
get_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

uint64_t
get_u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

void
put_u16(void *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

void
put_u32(void *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

void
put_u64(void *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}
