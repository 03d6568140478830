/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing bytes to write into, and a bounds-checked cursor to read from.
 * Numbers are little-endian, as everywhere on our wires.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/defs.h"
#include "common/str.h"

/*
 * Zero-initialised is valid and empty.  A write past limit_bytes (0 = none) or
 * out of memory sets `failed` and writes nothing; check once at the end.
 */
struct buf {
	unsigned char *ptr;
	size_t len;
	size_t cap;
	size_t limit_bytes;
	bool failed;
};

void buf_fini(struct buf *buf);
void buf_reset(struct buf *buf); /* empty, keeps the memory */
/* Room for n more bytes at the end, without moving len; NULL on failure. */
unsigned char *buf_reserve(struct buf *buf, size_t n);
void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_add_slice(struct buf *buf, struct slice s);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_u8(struct buf *buf, uint8_t v);
void buf_add_u16(struct buf *buf, uint16_t v);
void buf_add_u32(struct buf *buf, uint32_t v);
void buf_add_u64(struct buf *buf, uint64_t v);
void buf_printf(struct buf *buf, const char *fmt, ...) MS_PRINTF(2, 3);
void buf_pad(struct buf *buf, size_t align); /* zeros up to the multiple */
void buf_drop(struct buf *buf, size_t n);    /* remove n bytes at the front */
static inline struct slice
buf_slice(const struct buf *buf)
{
	return (struct slice){ (const char *)buf->ptr, buf->len };
}

/*
 * Takes the next whole line (without its \n or \r\n) starting at *off and
 * moves *off behind it.  The slice points into the buffer.
 */
bool buf_line(const struct buf *buf, size_t *off, struct slice *line_r);

/* A read past the end sets `failed` and yields zeros; check once. */
struct cursor {
	const unsigned char *ptr;
	const unsigned char *end;
	bool failed;
};

struct cursor cursor_of(struct slice bytes);
size_t cursor_left(const struct cursor *c);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
struct slice cursor_bytes(struct cursor *c, size_t n);
void cursor_skip(struct cursor *c, size_t n);

/* Little-endian at a fixed place; the caller has checked the bounds. */
uint16_t get_u16(const void *p);
uint32_t get_u32(const void *p);
uint64_t get_u64(const void *p);
void put_u16(void *p, uint16_t v);
void put_u32(void *p, uint32_t v);
void put_u64(void *p, uint64_t v);

#endif
