/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last hour in a file (run_dir/metrics.history): a head and a ring of
 * frames of one size, each with its number and a checksum, written by ms-metrics
 * alone.  Frame N stands at N modulo HISTORY_FRAMES; a frame that was being
 * written when its writer died is recognised and left out.  Pure: bytes in,
 * bytes out.
 *
 *   head   "MSHISTRY" | u32 version | u32 frame bytes | u32 frames
 *          | u64 period ms | u32 crc32c of what stands before
 *   frame  u32 magic | u32 crc32c of the rest | u64 number | u32 bytes | data
 */
#ifndef PROTO_HISTORY_H
#define PROTO_HISTORY_H

#include "common/buf.h"
#include "proto/top_frame.h"

#define HISTORY_FILE        "metrics.history" /* below run_dir */
#define HISTORY_HEAD_BYTES  4096u
#define HISTORY_FRAME_BYTES 16384u
#define HISTORY_FRAMES      360u
#define HISTORY_FILE_BYTES \
	(HISTORY_HEAD_BYTES + (size_t)HISTORY_FRAMES * HISTORY_FRAME_BYTES)

void history_head_print(uint64_t period_ms, struct buf *out);
/* MS_ECORRUPT with a reason: empty, foreign, of another version. */
enum ms_err history_head_parse(struct slice bytes, uint64_t *period_ms_r,
    struct why *why);
/* Where a frame stands in the file. */
size_t history_frame_at(uint64_t seq);

/* At most HISTORY_FRAME_BYTES: with very many workers those that are not as
 * they should be and then the biggest are kept, and left_out says how many are
 * not. */
enum ms_err history_frame_print(const struct top_frame *frame, uint64_t seq,
    struct buf *out);
/* The number of a whole frame.  False: never written, or torn. */
bool history_frame_check(struct slice bytes, uint64_t *seq_r);
/* MS_ECORRUPT, MS_ENOMEM; frame_r is to be ended in any case. */
enum ms_err history_frame_parse(struct slice bytes, struct top_frame *frame_r);

#endif
