/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message borders in a stream of protocol 3 after start-up: u8 type, u32
 * length (counts itself), body.  Bodies are skipped, those of chosen types
 * kept.  An incomplete head is left to the caller, so what has been eaten
 * never ends inside a head.  Pure.
 */
#ifndef WORKERS_POOL_PG_STREAM_H
#define WORKERS_POOL_PG_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

#define PG_HEAD_BYTES        5u
#define PG_MESSAGE_BYTES_MAX 0x40000000u /* the server's own limit, 1 GiB */
#define PG_KEEP_BYTES_MAX    16384u      /* of a body that is kept */

struct pg_stream {
	const char *keep; /* types whose bodies are kept, "ESZ"; NULL = none */
	bool inside;      /* between head and end of a message */
	uint8_t type;     /* of this message or the last one */
	uint32_t left;    /* of its body */
	struct buf body;  /* of the message just ended; cut at the limit */
	bool cut;
};

enum pg_border {
	PG_MORE, /* eaten all but an incomplete head */
	PG_HEAD, /* a head: type and left (the length of the body) are known */
	PG_MESSAGE, /* the message of `type` is complete */
	PG_BROKEN   /* a length that cannot be; nothing eaten */
};

/* Eats from *bytes up to the next border. */
enum pg_border pg_stream_next(struct pg_stream *stream, struct slice *bytes);
void pg_stream_fini(struct pg_stream *stream);

#endif
