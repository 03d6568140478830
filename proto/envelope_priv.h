/* SPDX-License-Identifier: Apache-2.0 */
/* The frame's layout, for its writer and its reader; see envelope.c. */
#ifndef PROTO_ENVELOPE_PRIV_H
#define PROTO_ENVELOPE_PRIV_H

#include "common/crc32c.h"
#include "proto/attribute.h"

#define FRAME_MAGIC   UINT32_C(0x3145534d) /* "MSE1" */
#define FRAME_VERSION 1
#define TLV_BYTES     4u

enum frame_offset {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_FLAGS = 5,
	AT_ENCODING = 6,
	AT_COMPRESSION = 7,
	AT_HEADER_LEN = 8,
	AT_STORED_LEN = 12,
	AT_RAW_LEN = 16,
	AT_SCHEMA_ID = 20,
	AT_SEQ = 24,
	AT_LOG_EPOCH = 32,
	AT_DELIVERIES = 36,
	AT_SHARD = 38,
	AT_TIME = 40,
	AT_ID = 48,
	AT_CORRELATION = 64,
	AT_CAUSATION = 80,
	AT_RAW_CRC = 96,
	AT_STORED_CRC = 100,
	AT_RESERVED = 104,
	AT_HEADER_CRC = 108
};

static inline size_t
pad8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* Over everything in front of the checksum and the attributes behind it. */
static inline uint32_t
frame_header_crc(const unsigned char *frame, size_t header_len)
{
	uint32_t crc = crc32c(0, frame, AT_HEADER_CRC);

	return crc32c(crc, frame + ENVELOPE_FIXED_BYTES,
	    header_len - ENVELOPE_FIXED_BYTES);
}

/* Asked-for limits, or the default, under the ceilings. */
struct envelope_limits envelope_limits_of(const struct envelope_limits *limits);
/* Rules that concern more than one member; for writer and reader. */
enum ms_err envelope_check(const struct envelope *event, struct why *why);

#endif
