/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state comes from another build of this program, so it is read like any
 * foreign text: every member is checked, and one that is not as it should be
 * fails the whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "proto/base64.h"
#include "supervisor/state/state.h"

#define READ_BYTES (1u << 20)

void
state_fail(struct state_in *in, const char *fmt, ...)
{
	va_list args;

	if (in->failed)
		return;
	in->failed = true;
	va_start(args, fmt);
	vsnprintf(in->why.text, sizeof(in->why.text), fmt, args);
	va_end(args);
}

/* ---- lines --------------------------------------------------------------- */

/* All text, checked once, so that state_next() need not fail. */
static void
check_lines(struct state_in *in)
{
	struct slice line;
	struct json_raw value;
	size_t off = 0, n = 0;

	while (!in->failed && buf_line(&in->text, &off, &line)) {
		struct why why = { "" };

		n++;
		if (json_check(line, &value, &why) != MS_OK ||
		    value.type != JSON_OBJECT)
			state_fail(in, "line %zu is no record: %s", n,
			    why.text);
	}
	if (off != in->text.len)
		state_fail(in, "the last line is cut off");
}

static void
check_schema(struct state_in *in)
{
	size_t off = 0;
	struct json *head = state_next(in, "state", &off);
	double schema = head ? json_get_num(head, "schema", -1) : -1;

	if (schema < 1)
		state_fail(in, "it is not the state of an msd");
	else if (schema > STATE_SCHEMA)
		state_fail(in,
		    "its schema %.0f is newer than %u, which this msd " MS_VERSION
		    " understands",
		    schema, STATE_SCHEMA);
	json_free(&head);
}

bool
state_in_read(struct state_in *in, int fd)
{
	ssize_t n;

	in->text = (struct buf){ .limit_bytes = STATE_BYTES_MAX };
	if (lseek(fd, 0, SEEK_SET) < 0) {
		state_fail(in, "cannot read the state: %s", strerror(errno));
		return false;
	}
	while ((n = fd_read_some(fd, &in->text, READ_BYTES)) > 0)
		;
	if (n < 0)
		state_fail(in, "cannot read the state: %s", strerror(errno));
	check_lines(in);
	if (!in->failed)
		check_schema(in);
	return !in->failed;
}

void
state_in_fini(struct state_in *in)
{
	buf_fini(&in->text);
}

struct json *
state_next(struct state_in *in, const char *what, size_t *off)
{
	char head[64];
	struct slice line;
	int n = snprintf(head, sizeof(head), "{\"what\":\"%s\"", what);

	while (!in->failed && buf_line(&in->text, off, &line)) {
		struct json *record = NULL;

		if (line.len < (size_t)n || memcmp(line.ptr, head, (size_t)n))
			continue;
		if (json_parse(line, &record, &in->why) == MS_OK)
			return record;
		in->failed = true;
	}
	return NULL;
}

/* ---- members ------------------------------------------------------------- */

static const struct json *
get(struct state_in *in, const struct json *record, const char *key,
    enum json_type type)
{
	const struct json *node = json_get(record, key);

	if (!node || json_type_of(node) == type)
		return node;
	state_fail(in, "%s: %s is of another type",
	    json_get_str(record, "what", "item"), key);
	return NULL;
}

const char *
state_get_text(struct state_in *in, const struct json *record, const char *key)
{
	const struct json *node = get(in, record, key, JSON_STRING);

	return node ? json_text(node) : NULL;
}

const struct json *
state_get_list(struct state_in *in, const struct json *record, const char *key)
{
	const struct json *node = get(in, record, key, JSON_ARRAY);
	const struct json *first = node ? json_first(node) : NULL;

	for (const struct json *n = first; n; n = json_next(n))
		if (json_type_of(n) != JSON_OBJECT)
			state_fail(in, "%s: holds what is no object", key);
	return in->failed ? NULL : first;
}

uint64_t
state_get_u64(struct state_in *in, const struct json *record, const char *key)
{
	const char *text = state_get_text(in, record, key);
	uint64_t n = 0;

	if (text && !parse_u64(slice_of(text), &n))
		state_fail(in, "%s: '%.40s' is no number", key, text);
	return n;
}

static int64_t
get_i64(struct state_in *in, const struct json *record, const char *key)
{
	const char *text = state_get_text(in, record, key);
	char *end;
	long long n;

	if (!text)
		return 0;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		state_fail(in, "%s: '%.40s' is no number", key, text);
	return n;
}

static int64_t
get_number(struct state_in *in, const struct json *record, const char *key,
    int64_t min, int64_t max)
{
	const struct json *node = get(in, record, key, JSON_NUMBER);
	double n = node ? json_num(node) : 0;

	if (n >= (double)min && n <= (double)max)
		return (int64_t)n;
	state_fail(in, "%s: %g is out of range", key, n);
	return 0;
}

static bool
get_bool(struct state_in *in, const struct json *record, const char *key)
{
	const struct json *node = json_get(record, key);
	enum json_type type = node ? json_type_of(node) : JSON_FALSE;

	if (type != JSON_FALSE && type != JSON_TRUE)
		state_fail(in, "%s: is neither true nor false", key);
	return type == JSON_TRUE;
}

int
state_get_fd(struct state_in *in, const struct json *record, const char *key)
{
	int fd;

	if (!json_get(record, key))
		return -1;
	fd = (int)get_number(in, record, key, 0, INT32_MAX);
	if (in->failed)
		return -1;
	if (in->rehearsal) {
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0)
			state_fail(in, "%s: %s", key, strerror(errno));
		return fd;
	}
	if (fd_set_cloexec(fd, true))
		return fd;
	state_fail(in, "%s: descriptor %d is not there", key, fd);
	return -1;
}

void
state_get_bytes(struct state_in *in, const struct json *record, const char *key,
    struct buf *bytes)
{
	const char *text = state_get_text(in, record, key);
	struct slice from = slice_of(text ? text : "");
	unsigned char *room;
	size_t n;

	if (from.len == 0)
		return;
	room = buf_reserve(bytes, base64_decoded_max(from.len));
	if (room && base64_decode(from, room, &n))
		bytes->len += n;
	else
		state_fail(in, "%s: is damaged", key);
}

void
state_get(struct state_in *in, const struct json *record,
    const struct state_row *rows, void *base)
{
	for (const struct state_row *row = rows; row->name; row++) {
		void *at = (char *)base + row->off;
		const char *text;

		switch (row->type) {
		case STATE_BOOL:
			*(bool *)at = get_bool(in, record, row->name);
			break;
		case STATE_INT:
			*(int *)at = (int)get_number(in, record, row->name,
			    INT32_MIN, INT32_MAX);
			break;
		case STATE_U32:
			*(uint32_t *)at = (uint32_t)get_number(in, record,
			    row->name, 0, UINT32_MAX);
			break;
		case STATE_U64:
		case STATE_MONO:
			*(uint64_t *)at = state_get_u64(in, record, row->name);
			break;
		case STATE_I64:
			*(int64_t *)at = get_i64(in, record, row->name);
			break;
		case STATE_TEXT:
			text = state_get_text(in, record, row->name);
			free(*(char **)at);
			*(char **)at = text ? xstrdup(text) : NULL;
			break;
		case STATE_FD:
			*(int *)at = state_get_fd(in, record, row->name);
			break;
		}
	}
}
