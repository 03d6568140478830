/* SPDX-License-Identifier: Apache-2.0 */
/* A message's length is written when its end is known: begin() and end(). */
#include "workers/pool/pg_proto.h"

#include <arpa/inet.h>
#include <string.h>

#define CANCEL_CODE  80877102u /* 1234,5678 */
#define CANCEL_BYTES 16u
#define SET_CONFIG   "select pg_catalog.set_config($1, $2, false)"

uint32_t
pg_get_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return ntohl(v);
}

void
pg_put_u32(struct buf *out, uint32_t v)
{
	v = htonl(v);
	buf_add(out, &v, sizeof(v));
}

static void
put_int16(struct buf *out, uint16_t v)
{
	v = htons(v);
	buf_add(out, &v, sizeof(v));
}

static void
put_text(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text) + 1);
}

static size_t
begin(struct buf *out, char type)
{
	buf_add_u8(out, (uint8_t)type);
	pg_put_u32(out, 0);
	return out->len;
}

static void
end(struct buf *out, size_t start)
{
	uint32_t len;

	if (out->failed)
		return;
	len = htonl((uint32_t)(out->len - start + sizeof(len)));
	memcpy(out->ptr + start - sizeof(len), &len, sizeof(len));
}

void
pg_put_auth_ok(struct buf *out)
{
	size_t start = begin(out, 'R');

	pg_put_u32(out, 0);
	end(out, start);
}

void
pg_put_param(struct buf *out, const char *name, const char *value)
{
	size_t start = begin(out, 'S');

	put_text(out, name);
	put_text(out, value);
	end(out, start);
}

void
pg_put_backend_key(struct buf *out, struct pg_key key)
{
	size_t start = begin(out, 'K');

	pg_put_u32(out, key.pid);
	pg_put_u32(out, key.secret);
	end(out, start);
}

void
pg_put_ready(struct buf *out)
{
	size_t start = begin(out, 'Z');

	buf_add_u8(out, 'I');
	end(out, start);
}

static void
put_field(struct buf *out, char field, const char *text)
{
	buf_add_u8(out, (uint8_t)field);
	put_text(out, text);
}

void
pg_put_fatal(struct buf *out, const char *sqlstate, const char *message)
{
	size_t start = begin(out, 'E');

	put_field(out, 'S', "FATAL");
	put_field(out, 'V', "FATAL");
	put_field(out, 'C', sqlstate);
	put_field(out, 'M', message);
	buf_add_u8(out, 0);
	end(out, start);
}

/* The next field of an error; false at its end or when it is malformed. */
static bool
next_field(struct slice *rest, char *field_r, const char **text_r)
{
	const char *nul;
	size_t used;

	if (rest->len < 2 || rest->ptr[0] == 0)
		return false;
	nul = memchr(rest->ptr + 1, 0, rest->len - 1);
	if (!nul)
		return false;
	*field_r = rest->ptr[0];
	*text_r = rest->ptr + 1;
	used = (size_t)(nul + 1 - rest->ptr);
	rest->ptr += used;
	rest->len -= used;
	return true;
}

void
pg_put_error_as_fatal(struct buf *out, struct slice body)
{
	size_t start = begin(out, 'E');
	const char *text;
	char field;

	while (next_field(&body, &field, &text))
		put_field(out, field,
		    field == 'S' || field == 'V' ? "FATAL" : text);
	buf_add_u8(out, 0);
	end(out, start);
}

const char *
pg_error_field(struct slice body, char field)
{
	const char *text;
	char found;

	while (next_field(&body, &found, &text))
		if (found == field)
			return text;
	return NULL;
}

void
pg_put_negotiate(struct buf *out, const char *const *options, size_t count)
{
	size_t start = begin(out, 'v');

	pg_put_u32(out, 3u << 16);
	pg_put_u32(out, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		put_text(out, options[i]);
	end(out, start);
}

void
pg_put_query(struct buf *out, const char *text)
{
	size_t start = begin(out, 'Q');

	put_text(out, text);
	end(out, start);
}

static void
put_empty(struct buf *out, char type)
{
	end(out, begin(out, type));
}

void
pg_put_sync(struct buf *out)
{
	put_empty(out, 'S');
}

void
pg_put_terminate(struct buf *out)
{
	put_empty(out, 'X');
}

static void
put_parse(struct buf *out, const char *text)
{
	size_t start = begin(out, 'P');

	put_text(out, "");
	put_text(out, text);
	put_int16(out, 0);
	end(out, start);
}

static void
put_value(struct buf *out, const char *text)
{
	pg_put_u32(out, (uint32_t)strlen(text));
	buf_add_str(out, text);
}

static void
put_bind(struct buf *out, const struct pg_setting *setting)
{
	size_t start = begin(out, 'B');

	put_text(out, "");
	put_text(out, "");
	put_int16(out, 0); /* all parameters are texts */
	put_int16(out, 2);
	put_value(out, setting->name);
	put_value(out, setting->value);
	put_int16(out, 0); /* and so are results */
	end(out, start);
}

static void
put_execute(struct buf *out)
{
	size_t start = begin(out, 'E');

	put_text(out, "");
	pg_put_u32(out, 0);
	end(out, start);
}

/* The unnamed statement is closed: the client must not find ours. */
static void
put_close_unnamed(struct buf *out)
{
	size_t start = begin(out, 'C');

	buf_add_u8(out, 'S');
	put_text(out, "");
	end(out, start);
}

void
pg_put_settings(struct buf *out, const struct pg_setting *settings,
    size_t count)
{
	put_parse(out, SET_CONFIG);
	for (size_t i = 0; i < count; i++) {
		put_bind(out, &settings[i]);
		put_execute(out);
	}
	put_close_unnamed(out);
	pg_put_sync(out);
}

void
pg_put_cancel(struct buf *out, struct pg_key key)
{
	pg_put_u32(out, CANCEL_BYTES);
	pg_put_u32(out, CANCEL_CODE);
	pg_put_u32(out, key.pid);
	pg_put_u32(out, key.secret);
}

bool
pg_parse_param(struct slice body, const char **name_r, const char **value_r)
{
	const char *nul = body.len ? memchr(body.ptr, 0, body.len) : NULL;
	size_t name_bytes;

	if (!nul)
		return false;
	name_bytes = (size_t)(nul + 1 - body.ptr);
	if (name_bytes == 1 || body.len == name_bytes ||
	    memchr(nul + 1, 0, body.len - name_bytes) !=
		body.ptr + body.len - 1)
		return false;
	*name_r = body.ptr;
	*value_r = nul + 1;
	return true;
}
