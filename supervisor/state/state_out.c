/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/alloc.h"
#include "proto/base64.h"
#include "supervisor/state/state.h"

void
state_out_init(struct state_out *out)
{
	*out = (struct state_out){ .text.limit_bytes = STATE_BYTES_MAX };
}

void
state_out_fini(struct state_out *out)
{
	buf_fini(&out->text);
	free(out->fds);
	*out = (struct state_out){ .fds = NULL };
}

/* ---- records ------------------------------------------------------------- */

void
state_begin(struct state_out *out, const char *what)
{
	buf_printf(&out->text, "{\"what\":\"%s\"", what);
}

void
state_end(struct state_out *out)
{
	buf_add_str(&out->text, "}\n");
}

/* The comma: not behind the bracket of a list or item that has just begun. */
static void
put_comma(struct state_out *out)
{
	const struct buf *text = &out->text;
	char last = text->len ? (char)text->ptr[text->len - 1] : '{';

	if (last != '{' && last != '[')
		buf_add_u8(&out->text, ',');
}

static void
put_key(struct state_out *out, const char *key)
{
	put_comma(out);
	buf_printf(&out->text, "\"%s\":", key);
}

void
state_open_list(struct state_out *out, const char *key)
{
	put_key(out, key);
	buf_add_u8(&out->text, '[');
}

void
state_open_item(struct state_out *out)
{
	put_comma(out);
	buf_add_u8(&out->text, '{');
}

void
state_close_item(struct state_out *out)
{
	buf_add_u8(&out->text, '}');
}

void
state_close_list(struct state_out *out)
{
	buf_add_u8(&out->text, ']');
}

/* ---- members ------------------------------------------------------------- */

void
state_put_u64(struct state_out *out, const char *key, uint64_t value)
{
	if (value == 0)
		return;
	put_key(out, key);
	buf_printf(&out->text, "\"%" PRIu64 "\"", value);
}

static void
put_i64(struct state_out *out, const char *key, int64_t value)
{
	if (value == 0)
		return;
	put_key(out, key);
	buf_printf(&out->text, "\"%" PRId64 "\"", value);
}

static void
put_number(struct state_out *out, const char *key, long long value)
{
	if (value == 0)
		return;
	put_key(out, key);
	buf_printf(&out->text, "%lld", value);
}

static void
put_bool(struct state_out *out, const char *key, bool value)
{
	if (!value)
		return;
	put_key(out, key);
	buf_add_str(&out->text, "true");
}

void
state_put_text(struct state_out *out, const char *key, const char *text)
{
	if (!text)
		return;
	put_key(out, key);
	json_quote(&out->text, slice_of(text));
}

void
state_put_bytes(struct state_out *out, const char *key, struct slice bytes)
{
	if (bytes.len == 0)
		return;
	put_key(out, key);
	buf_add_u8(&out->text, '"');
	base64_print(bytes, &out->text);
	buf_add_u8(&out->text, '"');
}

void
state_put_fd(struct state_out *out, const char *key, int fd)
{
	if (fd < 0)
		return;
	put_key(out, key);
	buf_printf(&out->text, "%d", fd);
	if (out->fd_count == STATE_FDS_MAX) {
		out->text.failed = true;
		return;
	}
	if (out->fd_count == out->fd_cap) {
		out->fd_cap = out->fd_cap ? out->fd_cap * 2 : 64;
		out->fds = xreallocarray(out->fds, out->fd_cap, sizeof(int));
	}
	out->fds[out->fd_count++] = fd;
}

void
state_put(struct state_out *out, const struct state_row *rows, const void *base)
{
	for (const struct state_row *row = rows; row->name; row++) {
		const void *at = (const char *)base + row->off;

		switch (row->type) {
		case STATE_BOOL:
			put_bool(out, row->name, *(const bool *)at);
			break;
		case STATE_INT:
			put_number(out, row->name, *(const int *)at);
			break;
		case STATE_U32:
			put_number(out, row->name, *(const uint32_t *)at);
			break;
		case STATE_U64:
		case STATE_MONO:
			state_put_u64(out, row->name, *(const uint64_t *)at);
			break;
		case STATE_I64:
			put_i64(out, row->name, *(const int64_t *)at);
			break;
		case STATE_TEXT:
			state_put_text(out, row->name, *(char *const *)at);
			break;
		case STATE_FD:
			state_put_fd(out, row->name, *(const int *)at);
			break;
		}
	}
}
