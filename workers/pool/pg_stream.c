/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are big-endian here, unlike on our own wires. */
#include "workers/pool/pg_stream.h"

#include <string.h>

#include "workers/pool/pg_proto.h"

static bool
is_kept(const struct pg_stream *stream)
{
	return stream->keep && strchr(stream->keep, stream->type) != NULL &&
	    stream->type != 0;
}

static enum pg_border
eat_head(struct pg_stream *stream, struct slice *bytes)
{
	uint32_t len;

	if (bytes->len < PG_HEAD_BYTES)
		return PG_MORE;
	len = pg_get_u32(bytes->ptr + 1);
	if (len < sizeof(len) || len > PG_MESSAGE_BYTES_MAX)
		return PG_BROKEN;
	stream->type = (uint8_t)bytes->ptr[0];
	stream->left = len - (uint32_t)sizeof(len);
	stream->inside = true;
	stream->cut = false;
	buf_reset(&stream->body);
	bytes->ptr += PG_HEAD_BYTES;
	bytes->len -= PG_HEAD_BYTES;
	return PG_HEAD;
}

static void
keep_body(struct pg_stream *stream, struct slice part)
{
	size_t room = PG_KEEP_BYTES_MAX - stream->body.len;

	if (part.len > room) {
		stream->cut = true;
		part.len = room;
	}
	buf_add_slice(&stream->body, part);
}

enum pg_border
pg_stream_next(struct pg_stream *stream, struct slice *bytes)
{
	struct slice part = *bytes;

	if (!stream->inside)
		return eat_head(stream, bytes);
	if (part.len > stream->left)
		part.len = stream->left;
	if (is_kept(stream))
		keep_body(stream, part);
	stream->left -= (uint32_t)part.len;
	if (part.len > 0) {
		bytes->ptr += part.len;
		bytes->len -= part.len;
	}
	if (stream->left > 0)
		return PG_MORE;
	stream->inside = false;
	return PG_MESSAGE;
}

void
pg_stream_fini(struct pg_stream *stream)
{
	buf_fini(&stream->body);
}
