/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many frames, one unit: on the wire (publish, fetch, live) and in the log.
 *
 *  0 u32 magic 'MSB1'   4 u32 header_crc (bytes 8..63)   8 u32 body_bytes
 * 12 u32 count         16 u64 base_seq (0 on the way to the broker)
 * 24 i64 first_ts_ns   32 i64 last_ts_ns   40 u32 prev_batch_crc
 * 44 u32 body_crc      48 u64 synced_upto  56 u32 log_epoch  60 u32 flags
 * 64 body: count records of  u32 frame_bytes | u32 frame_crc | frame (8-padded)
 *
 * prev_batch_crc chains batches of the log: it is the header_crc of the batch
 * before.  Pure.
 */
#ifndef PROTO_BATCH_H
#define PROTO_BATCH_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

#define BATCH_HEADER_BYTES 64u
#define BATCH_RECORD_BYTES 8u
#define BATCH_BODY_DEFAULT (64u << 10) /* what publishers fill */
#define BATCH_BODY_MAX     (16u << 20)
#define BATCH_COUNT_MAX    65536u

struct batch_head {
	uint32_t body_bytes;
	uint32_t count;
	uint64_t base_seq;
	int64_t first_ts_ns;
	int64_t last_ts_ns;
	uint32_t prev_batch_crc;
	uint32_t body_crc;
	uint64_t synced_upto;
	uint32_t log_epoch;
	uint32_t flags;
	uint32_t header_crc; /* filled by both directions */
};

/* ---- writing: begin, add frames (or encode straight into the buffer), end */
struct batch_writer {
	struct buf *out;
	size_t start; /* offset of the header in out */
	uint32_t count;
	size_t record; /* offset of the open record, 0 = none */
};
void batch_begin(struct batch_writer *w, struct buf *out);
void batch_add(struct batch_writer *w, struct slice frame);
/* Between these two the caller appends exactly one frame to w->out. */
void batch_open_record(struct batch_writer *w);
void batch_close_record(struct batch_writer *w); /* pads, CRC */
void batch_cancel_record(struct batch_writer *w);
/* Fills counts and CRCs into the header; head gives the rest (may be NULL). */
void batch_end(struct batch_writer *w, const struct batch_head *head);
/* Recomputes header_crc in place from head (body untouched). */
void batch_head_put(unsigned char *at, struct batch_head *head);

/* ---- reading */
/* MS_EPROTO / MS_ECHECKSUM / MS_ETOOBIG; never looks past bytes. */
enum ms_err batch_head_get(struct slice bytes, struct batch_head *head_r,
    struct why *why);
/* Header and body CRC of a whole batch; bytes may be longer, *total_r is its
 * length. */
enum ms_err batch_check(struct slice bytes, struct batch_head *head_r,
    size_t *total_r, struct why *why);

struct batch_reader {
	struct slice rest;
	uint32_t left;
};
struct batch_reader batch_read(struct slice body, uint32_t count);
/* The next frame; false at the end.  A record whose lengths break the body is
 * MS_EPROTO, one whose own CRC fails is MS_ECHECKSUM and is stepped over. */
enum ms_err batch_next(struct batch_reader *r, struct slice *frame_r,
    bool *end_r);

#endif
