/* SPDX-License-Identifier: Apache-2.0 */
/*
 *  0 u32 magic 'MSC1'   4 u32 crc (bytes 8..)   8 u32 bytes (all, 8-padded)
 * 12 u16 name_bytes    14 u16 patterns         16 u64 ack_floor
 * 24 u64 delivered     32 u64 ack_wait_ms      40 u32 deliver   44 u32 0
 * 48 name, then each pattern as u16 bytes | text
 *
 * The file is allocated ahead, so on a full disk cursors go on for long; when
 * it is full itself, a reserve makes room for its successor.
 */
#include "workers/bus/cursors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/crc32c.h"
#include "common/fd.h"
#include "common/field.h"
#include "proto/subject.h"
#include "workers/bus/segment.h"

#define FILE_NAME   "CURSORS.log"
#define TEMP_NAME   FILE_NAME ".tmp"
#define MAGIC       0x3143534du
#define FIXED_BYTES 48u
#define ALIGN       8u
#define RECORD_MAX                         \
	(FIXED_BYTES + CONSUMER_NAME_MAX + \
	    CONSUMER_FILTER_MAX * (2u + SUBJECT_BYTES_MAX) + ALIGN)
#define FILE_MAX (512u << 20) /* 4096 consumers of the largest kind, twice */

struct cursors {
	int dir;
	int fd;
	uint64_t end; /* of the last record */
	uint64_t size;
	struct cursors_hooks hooks;
	struct buf out;
	bool failed;
};

/* ---- records ------------------------------------------------------------- */

void
cursor_encode(const struct consumer *c, struct buf *out)
{
	size_t start = out->len;
	size_t len;

	buf_add_u32(out, MAGIC);
	buf_add_u32(out, 0);
	buf_add_u32(out, 0);
	buf_add_u16(out, (uint16_t)strlen(c->name));
	buf_add_u16(out, (uint16_t)c->filter_count);
	buf_add_u64(out, c->ack_floor);
	buf_add_u64(out, c->delivered);
	buf_add_u64(out, c->ack_wait_ms);
	buf_add_u32(out, (uint32_t)c->deliver);
	buf_add_u32(out, 0);
	buf_add_str(out, c->name);
	for (size_t i = 0; i < c->filter_count; i++) {
		buf_add_u16(out, (uint16_t)strlen(c->filter[i]));
		buf_add_str(out, c->filter[i]);
	}
	while ((out->len - start) % ALIGN != 0 && !out->failed)
		buf_add_u8(out, 0);
	if (out->failed)
		return;
	len = out->len - start;
	put_u32(out->ptr + start + 8, (uint32_t)len);
	put_u32(out->ptr + start + 4, crc32c(0, out->ptr + start + 8, len - 8));
}

static struct consumer *
decode_rest(struct cursor *in, size_t name_bytes, size_t patterns)
{
	uint64_t floor = cursor_u64(in);
	uint64_t delivered = cursor_u64(in);
	uint64_t ack_wait_ms = cursor_u64(in);
	int deliver = (int)cursor_u32(in);
	struct words filter = { 0 };
	struct consumer *c = NULL;
	struct slice text;
	char *name;

	cursor_u32(in);
	text = cursor_bytes(in, name_bytes);
	name = xstrndup(text.ptr ? text.ptr : "", text.len);
	filter.word = xcalloc(patterns + 1, sizeof(char *));
	for (; filter.count < patterns && !in->failed; filter.count++) {
		text = cursor_bytes(in, cursor_u16(in));
		filter.word[filter.count] =
		    xstrndup(text.ptr ? text.ptr : "", text.len);
	}
	if (!in->failed && floor <= SEQUENCE_MAX && delivered <= SEQUENCE_MAX &&
	    consumer_check(name, &filter, NULL) == MS_OK) {
		c = consumer_new(name, &filter, deliver, ack_wait_ms);
		consumer_set_cursor(c, floor, delivered);
	}
	for (size_t i = 0; i < filter.count; i++)
		free(filter.word[i]);
	free(filter.word);
	free(name);
	return c;
}

struct consumer *
cursor_decode(struct slice bytes, size_t *total_r)
{
	struct cursor in = cursor_of(bytes);
	size_t name_bytes, patterns;
	uint32_t len;

	if (bytes.len < FIXED_BYTES || get_u32(bytes.ptr) != MAGIC)
		return NULL;
	len = get_u32(bytes.ptr + 8);
	if (len < FIXED_BYTES || len > RECORD_MAX || len > bytes.len ||
	    len % ALIGN != 0 ||
	    crc32c(0, bytes.ptr + 8, len - 8) != get_u32(bytes.ptr + 4))
		return NULL;
	cursor_skip(&in, 12);
	in.end = (const unsigned char *)bytes.ptr + len;
	name_bytes = cursor_u16(&in);
	patterns = cursor_u16(&in);
	if (name_bytes > CONSUMER_NAME_MAX || patterns > CONSUMER_FILTER_MAX)
		return NULL;
	*total_r = len;
	return decode_rest(&in, name_bytes, patterns);
}

/* ---- the file ------------------------------------------------------------ */

/* A fresh file beside the old one; -1 with why. */
static int
create_temp(struct cursors *c, uint64_t size, struct why *why)
{
	for (int tries = 0; tries < 2; tries++) {
		int fd;

		unlinkat(c->dir, TEMP_NAME, 0);
		fd = openat(c->dir, TEMP_NAME,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		if (fd >= 0 && segment_allocate(fd, size))
			return fd;
		why_set(why, MS_ESTORAGE, "cannot make room for cursors: %s",
		    strerror(errno));
		fd_close(&fd);
		unlinkat(c->dir, TEMP_NAME, 0);
		if (!c->hooks.give_reserve ||
		    !c->hooks.give_reserve(c->hooks.arg))
			break;
	}
	return -1;
}

/* Every record twice: one bad place cannot make a consumer unknown. */
static enum ms_err
write_snapshot(struct cursors *c, int fd, struct why *why)
{
	struct slice twice[2] = { buf_slice(&c->out), buf_slice(&c->out) };
	enum ms_err err = fd_pwritev_all(fd, twice, 2, 0, why);

	if (err)
		return MS_ESTORAGE;
	if (fdatasync(fd) < 0 ||
	    renameat(c->dir, TEMP_NAME, c->dir, FILE_NAME) < 0 ||
	    fsync(c->dir) < 0)
		return why_set(why, MS_ESTORAGE,
		    "cannot replace " FILE_NAME ": %s", strerror(errno));
	return MS_OK;
}

static enum ms_err
compact(struct cursors *c, struct why *why)
{
	uint64_t size = CURSORS_FILE_BYTES;
	enum ms_err err;
	int fd;

	buf_reset(&c->out);
	c->hooks.snapshot(c->hooks.arg, &c->out);
	if (c->out.failed)
		return why_set(why, MS_ENOMEM, "no memory for cursors");
	while (size < 4 * (uint64_t)c->out.len)
		size *= 2;
	fd = create_temp(c, size, why);
	if (fd < 0)
		return MS_ESTORAGE;
	err = write_snapshot(c, fd, why);
	if (err) {
		fd_close(&fd);
		return err;
	}
	/* the same number for the new file: a sync of it may be at work */
	if (c->fd < 0) {
		c->fd = fd;
	} else if (fd_move(fd, c->fd, true) < 0) {
		err = why_set(why, MS_ESTORAGE, "cannot move a descriptor: %s",
		    strerror(errno));
		fd_close(&fd);
		return err;
	}
	c->size = size;
	c->end = 2 * (uint64_t)c->out.len;
	return MS_OK;
}

/* Appends what is in c->out; `consumers` know the same already, so that a
 * full file's successor has it as well. */
static enum ms_err
append(struct cursors *c, struct why *why)
{
	struct slice part = buf_slice(&c->out);
	enum ms_err err;

	if (c->failed)
		return why_set(why, MS_ESTORAGE, "cursors have failed");
	if (c->out.failed)
		return why_set(why, MS_ENOMEM, "no memory for a cursor");
	if (c->end + part.len > c->size) {
		err = compact(c, why);
	} else {
		err = fd_pwritev_all(c->fd, &part, 1, (off_t)c->end, why);
		c->end += part.len;
	}
	if (!err)
		return MS_OK;
	c->failed = true;
	return MS_ESTORAGE;
}

enum ms_err
cursors_write(struct cursors *c, struct consumer *consumer, struct why *why)
{
	enum ms_err err;

	buf_reset(&c->out);
	cursor_encode(consumer, &c->out);
	err = append(c, why);
	if (!err)
		consumer->dirty = false;
	return err;
}

enum ms_err
cursors_write_new(struct cursors *c, struct consumer *consumer, struct why *why)
{
	buf_reset(&c->out);
	cursor_encode(consumer, &c->out);
	cursor_encode(consumer, &c->out);
	consumer->dirty = false;
	return append(c, why);
}

int
cursors_fd(const struct cursors *c)
{
	return c->fd;
}

/* ---- opening ------------------------------------------------------------- */

/* Hands out all good records; returns how many places were bad. */
static unsigned
replay(struct cursors *c, struct slice bytes)
{
	size_t used = bytes.len; /* what follows is zero */
	unsigned damaged = 0;
	size_t off = 0;
	bool bad = false;

	while (used > 0 && bytes.ptr[used - 1] == 0)
		used--;
	while (off < used) {
		struct slice rest = { bytes.ptr + off, bytes.len - off };
		struct consumer *consumer;
		size_t total = ALIGN;

		consumer = cursor_decode(rest, &total);
		if (consumer) {
			c->hooks.found(c->hooks.arg, consumer);
			c->end = off + total;
		} else if (!bad) {
			damaged++;
		}
		bad = !consumer;
		off += consumer ? total : ALIGN;
	}
	return damaged;
}

static enum ms_err
read_file(struct cursors *c, bool expected, struct buf *bytes, struct why *why)
{
	ssize_t n = 1;

	c->fd = openat(c->dir, FILE_NAME, O_RDWR | O_CLOEXEC);
	if (c->fd < 0 && errno == ENOENT && !expected)
		return MS_OK;
	if (c->fd < 0 && errno == ENOENT)
		return why_set(why, MS_ECORRUPT,
		    FILE_NAME " is missing, though consumers exist; restore "
			      "it, or remove MANIFEST to let them start anew");
	bytes->limit_bytes = FILE_MAX;
	while (c->fd >= 0 && n > 0)
		n = fd_read_some(c->fd, bytes, 1u << 20);
	if (c->fd < 0 || n < 0)
		return why_set(why, MS_EIO, "cannot read " FILE_NAME ": %s",
		    strerror(errno));
	c->size = bytes->len;
	return MS_OK;
}

enum ms_err
cursors_open(int dir, bool expected, const struct cursors_hooks *hooks,
    struct cursors **cursors_r, unsigned *damaged_r, struct why *why)
{
	struct cursors *c = xcalloc(1, sizeof(*c));
	struct buf bytes = { 0 };
	enum ms_err err;

	c->dir = dir;
	c->fd = -1;
	c->hooks = *hooks;
	err = read_file(c, expected, &bytes, why);
	*damaged_r = err ? 0 : replay(c, buf_slice(&bytes));
	buf_fini(&bytes);
	/* a fresh file where this one is new, damaged or soon full */
	if (!err && (c->fd < 0 || *damaged_r > 0 || c->end > c->size / 2))
		err = compact(c, why);
	if (err) {
		cursors_close(&c);
		return err;
	}
	*cursors_r = c;
	return MS_OK;
}

void
cursors_close(struct cursors **cursors)
{
	struct cursors *c = *cursors;

	if (!c)
		return;
	*cursors = NULL;
	fd_close(&c->fd);
	buf_fini(&c->out);
	free(c);
}
