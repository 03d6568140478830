/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unit of sending, storing and checking.  Three checksums on purpose: the
 * header's guards the lengths before they are believed, the body's finds a
 * torn write with one pass, a record's costs one event and not the batch when
 * a single sector went bad.
 */
#include "proto/batch.h"

#include "common/crc32c.h"

#define MAGIC UINT32_C(0x3142534d) /* "MSB1" */

enum offset {
	AT_MAGIC = 0,
	AT_HEADER_CRC = 4,
	AT_BODY_BYTES = 8,
	AT_COUNT = 12,
	AT_BASE_SEQ = 16,
	AT_FIRST_TS = 24,
	AT_LAST_TS = 32,
	AT_PREV_CRC = 40,
	AT_BODY_CRC = 44,
	AT_SYNCED_UPTO = 48,
	AT_LOG_EPOCH = 56,
	AT_FLAGS = 60
};

static const unsigned char zeros[BATCH_HEADER_BYTES];

static size_t
padding(size_t n)
{
	return (8 - n % 8) % 8;
}

static uint32_t
header_crc(const unsigned char *at)
{
	return crc32c(0, at + AT_BODY_BYTES,
	    BATCH_HEADER_BYTES - AT_BODY_BYTES);
}

/* ---- writing ------------------------------------------------------------ */

void
batch_begin(struct batch_writer *w, struct buf *out)
{
	*w = (struct batch_writer){ .out = out, .start = out->len };
	buf_add(out, zeros, BATCH_HEADER_BYTES);
}

void
batch_open_record(struct batch_writer *w)
{
	w->record = w->out->len;
	buf_add(w->out, zeros, BATCH_RECORD_BYTES);
}

void
batch_cancel_record(struct batch_writer *w)
{
	if (w->record)
		w->out->len = w->record;
	w->record = 0;
}

void
batch_close_record(struct batch_writer *w)
{
	unsigned char *at;
	size_t frame;

	if (!w->record || w->out->failed ||
	    w->out->len <= w->record + BATCH_RECORD_BYTES) {
		batch_cancel_record(w);
		return;
	}
	frame = w->out->len - w->record - BATCH_RECORD_BYTES;
	buf_add(w->out, zeros, padding(frame));
	if (w->out->failed || frame > BATCH_BODY_MAX) {
		w->out->failed = true;
		batch_cancel_record(w);
		return;
	}
	at = w->out->ptr + w->record;
	put_u32(at, (uint32_t)frame);
	put_u32(at + 4, crc32c(0, at + BATCH_RECORD_BYTES, frame));
	w->count++;
	w->record = 0;
}

void
batch_add(struct batch_writer *w, struct slice frame)
{
	batch_open_record(w);
	buf_add_slice(w->out, frame);
	batch_close_record(w);
}

void
batch_head_put(unsigned char *at, struct batch_head *head)
{
	put_u32(at + AT_MAGIC, MAGIC);
	put_u32(at + AT_BODY_BYTES, head->body_bytes);
	put_u32(at + AT_COUNT, head->count);
	put_u64(at + AT_BASE_SEQ, head->base_seq);
	put_u64(at + AT_FIRST_TS, (uint64_t)head->first_ts_ns);
	put_u64(at + AT_LAST_TS, (uint64_t)head->last_ts_ns);
	put_u32(at + AT_PREV_CRC, head->prev_batch_crc);
	put_u32(at + AT_BODY_CRC, head->body_crc);
	put_u64(at + AT_SYNCED_UPTO, head->synced_upto);
	put_u32(at + AT_LOG_EPOCH, head->log_epoch);
	put_u32(at + AT_FLAGS, head->flags);
	head->header_crc = header_crc(at);
	put_u32(at + AT_HEADER_CRC, head->header_crc);
}

void
batch_end(struct batch_writer *w, const struct batch_head *head)
{
	struct batch_head full = head ? *head : (struct batch_head){ 0 };
	unsigned char *at;
	size_t body;

	batch_cancel_record(w);
	if (w->out->failed)
		return;
	body = w->out->len - w->start - BATCH_HEADER_BYTES;
	if (body > BATCH_BODY_MAX || w->count > BATCH_COUNT_MAX) {
		w->out->failed = true;
		return;
	}
	at = w->out->ptr + w->start;
	full.body_bytes = (uint32_t)body;
	full.count = w->count;
	full.body_crc = crc32c(0, at + BATCH_HEADER_BYTES, body);
	batch_head_put(at, &full);
}

/* ---- reading ------------------------------------------------------------ */

static enum ms_err
check_lengths(const struct batch_head *head, struct why *why)
{
	if (head->body_bytes > BATCH_BODY_MAX)
		return why_set(why, MS_ETOOBIG,
		    "batch: a body of %u bytes is larger than %u",
		    head->body_bytes, BATCH_BODY_MAX);
	if (head->count > BATCH_COUNT_MAX)
		return why_set(why, MS_ETOOBIG,
		    "batch: %u events are more than %u", head->count,
		    BATCH_COUNT_MAX);
	if (head->body_bytes % 8 ||
	    head->count > head->body_bytes / (BATCH_RECORD_BYTES + 8) ||
	    (head->count == 0 && head->body_bytes))
		return why_set(why, MS_EPROTO,
		    "batch: %u events cannot fill a body of %u bytes",
		    head->count, head->body_bytes);
	return MS_OK;
}

static void
take_head(const unsigned char *at, struct batch_head *head)
{
	*head = (struct batch_head){
		.body_bytes = get_u32(at + AT_BODY_BYTES),
		.count = get_u32(at + AT_COUNT),
		.base_seq = get_u64(at + AT_BASE_SEQ),
		.first_ts_ns = (int64_t)get_u64(at + AT_FIRST_TS),
		.last_ts_ns = (int64_t)get_u64(at + AT_LAST_TS),
		.prev_batch_crc = get_u32(at + AT_PREV_CRC),
		.body_crc = get_u32(at + AT_BODY_CRC),
		.synced_upto = get_u64(at + AT_SYNCED_UPTO),
		.log_epoch = get_u32(at + AT_LOG_EPOCH),
		.flags = get_u32(at + AT_FLAGS),
		.header_crc = get_u32(at + AT_HEADER_CRC),
	};
}

enum ms_err
batch_head_get(struct slice bytes, struct batch_head *head_r, struct why *why)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;

	if (bytes.len < BATCH_HEADER_BYTES)
		return why_set(why, MS_EPROTO,
		    "batch: %zu bytes are less than its header (%u)", bytes.len,
		    BATCH_HEADER_BYTES);
	if (get_u32(at + AT_MAGIC) != MAGIC)
		return why_set(why, MS_EPROTO, "batch: byte 0: not a batch");
	take_head(at, head_r);
	if (head_r->header_crc != header_crc(at))
		return why_set(why, MS_ECHECKSUM,
		    "batch: byte 4: checksum of the header does not match");
	return check_lengths(head_r, why);
}

enum ms_err
batch_check(struct slice bytes, struct batch_head *head_r, size_t *total_r,
    struct why *why)
{
	enum ms_err err = batch_head_get(bytes, head_r, why);

	if (err != MS_OK)
		return err;
	if (bytes.len - BATCH_HEADER_BYTES < head_r->body_bytes)
		return why_set(why, MS_EPROTO,
		    "batch: its body has %u bytes, only %zu are here",
		    head_r->body_bytes, bytes.len - BATCH_HEADER_BYTES);
	if (crc32c(0, bytes.ptr + BATCH_HEADER_BYTES, head_r->body_bytes) !=
	    head_r->body_crc)
		return why_set(why, MS_ECHECKSUM,
		    "batch: byte 44: checksum of the body does not match");
	*total_r = BATCH_HEADER_BYTES + head_r->body_bytes;
	return MS_OK;
}

struct batch_reader
batch_read(struct slice body, uint32_t count)
{
	return (struct batch_reader){ body, count };
}

static enum ms_err
broken(struct batch_reader *r)
{
	*r = (struct batch_reader){ { NULL, 0 }, 0 };
	return MS_EPROTO;
}

static bool
is_padding(const char *bytes, size_t n)
{
	return n == 0 || memcmp(bytes, zeros, n) == 0;
}

enum ms_err
batch_next(struct batch_reader *r, struct slice *frame_r, bool *end_r)
{
	const char *at = r->rest.ptr;
	size_t frame, record;
	uint32_t crc;

	*frame_r = (struct slice){ NULL, 0 };
	*end_r = r->left == 0;
	if (r->left == 0)
		return r->rest.len ? broken(r) : MS_OK;
	if (r->rest.len < BATCH_RECORD_BYTES)
		return broken(r);
	frame = get_u32(at);
	crc = get_u32(at + 4);
	record = BATCH_RECORD_BYTES + frame + padding(frame);
	if (frame == 0 || record > r->rest.len)
		return broken(r);
	r->rest = (struct slice){ at + record, r->rest.len - record };
	r->left--;
	if (!is_padding(at + BATCH_RECORD_BYTES + frame, padding(frame)) ||
	    crc32c(0, at + BATCH_RECORD_BYTES, frame) != crc)
		return MS_ECHECKSUM;
	*frame_r = (struct slice){ at + BATCH_RECORD_BYTES, frame };
	return MS_OK;
}
