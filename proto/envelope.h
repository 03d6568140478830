/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event and its frame: a fixed header of 112 bytes, attributes (CloudEvents
 * 1.0 names), payload.  Little-endian, 8-aligned; every length lies under the
 * header's CRC-32C.  The layout is documented in envelope.c.  Pure.
 */
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/field.h"

#define ENVELOPE_FIXED_BYTES      112u
#define ENVELOPE_HEADER_BYTES_MAX 65536u
#define ENVELOPE_PAYLOAD_DEFAULT  (1u << 20)
#define ENVELOPE_PAYLOAD_CEILING  (8u << 20)
#define ENVELOPE_ATTRIBUTES_MAX   64u

enum envelope_flag {
	ENVELOPE_STRING_ID = 1, /* id[] is XXH3-128 of the `id` attribute */
	ENVELOPE_SIGNED = 2,
	ENVELOPE_REPLAY = 4,
	ENVELOPE_TOMBSTONE = 8,
	ENVELOPE_BATCH = 16,
	ENVELOPE_DEAD_LETTER = 32,
	ENVELOPE_REDELIVERED = 64,
	ENVELOPE_END_OF_BATCH = 128
};
enum envelope_encoding {
	ENCODING_RAW,
	ENCODING_JSON,
	ENCODING_MSGPACK,
	ENCODING_PROTOBUF,
	ENCODING_AVRO,
	ENCODING_AVRO_SINGLE
};
enum envelope_compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_LZ4
};

/* How a CloudEvents attribute is written in JSON; 0 unless somebody cares. */
enum attribute_type {
	ATTRIBUTE_TEXT,
	ATTRIBUTE_BYTES,  /* any bytes; base64 in JSON */
	ATTRIBUTE_BOOL,   /* value is "true" or "false" */
	ATTRIBUTE_INTEGER /* value is a 32-bit decimal number */
};
struct attribute {
	struct slice name; /* extension attributes only */
	struct slice value;
	uint8_t type; /* enum attribute_type */
};

/* Slices are borrowed: from the frame after decoding, from the caller before
 * encoding.  An empty slice means "not given". */
struct envelope {
	uint8_t flags;
	uint8_t encoding;
	uint8_t compression;
	uint32_t schema_id;
	uint64_t seq; /* 0 until the broker has stored it */
	uint32_t log_epoch;
	uint16_t deliveries;
	uint16_t shard;
	int64_t time_ns;
	struct id128 id;
	struct id128 correlation;
	struct id128 causation;
	struct slice id_text; /* given: ENVELOPE_STRING_ID is set by encode */
	struct slice type;    /* required */
	struct slice source;  /* required */
	struct slice subject; /* required, checked by proto/subject */
	struct slice content_type;
	struct slice data_schema;
	struct slice traceparent;
	struct slice tracestate;
	struct slice partition_key;
	struct slice expiry_time;
	struct slice recorded_time;
	struct slice data_ref;
	struct slice producer;
	struct slice producer_seq;
	struct slice signature;
	const struct attribute *extensions;
	size_t extension_count;
	struct slice
	    payload;      /* as carried: compressed when compression says so */
	uint32_t raw_len; /* uncompressed; encode fills it when 0 */
	uint32_t raw_crc; /* of the uncompressed bytes; encode fills it when
	                         compression is NONE */
};

struct envelope_limits {
	uint32_t payload_bytes; /* <= ENVELOPE_PAYLOAD_CEILING */
	uint32_t header_bytes;
};
extern const struct envelope_limits envelope_limits_default;

/* limits NULL: envelope_limits_default, here and below. */
/* Appends one frame, padded to 8.  MS_EATTRIBUTE, MS_ESUBJECT, MS_ETOOBIG,
 * MS_EINVAL (encoding, compression, raw_len); nothing appended then. */
enum ms_err envelope_encode(const struct envelope *event,
    const struct envelope_limits *limits, struct buf *out, struct why *why);

/* Length of the frame at the start of bytes (with padding), from lengths
 * checked against the limits and bytes.len; no checksum is looked at. */
enum ms_err frame_length(struct slice bytes,
    const struct envelope_limits *limits, size_t *bytes_r, struct why *why);
/* Everything: CRCs, attribute rules, subject.  frame is exactly one frame.
 * Only extensions allocate, from arena. */
enum ms_err envelope_decode(struct slice frame,
    const struct envelope_limits *limits, struct arena *arena,
    struct envelope *event_r, struct why *why);
/* As decode, without the payload's CRC and without extensions: what a broker
 * needs to route.  Never allocates. */
enum ms_err envelope_peek(struct slice frame,
    const struct envelope_limits *limits, struct envelope *event_r,
    struct why *why);

/* Writes seq, log_epoch, deliveries and extra flags into a valid frame and
 * renews its header CRC. */
void frame_stamp(unsigned char *frame, uint64_t seq, uint32_t log_epoch,
    uint16_t deliveries, uint8_t set_flags);
uint64_t frame_seq(const void *frame);
struct frame_ids { /* as in the frame */
	struct id128 id, correlation, causation;
};
void frame_ids(const void *frame, struct frame_ids *ids_r);
/* What stands in id[] for an id that is no UUID: its XXH3-128. */
struct id128 envelope_text_id(struct slice text);
/* Identity for deduplication: XXH3-128 over source and id. */
struct id128 envelope_identity(const struct envelope *event);

#endif
