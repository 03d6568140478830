/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/settle.h"

#include <inttypes.h>

#define PADDED(bytes) (((bytes) + 7u) & ~(size_t)7u)

const struct field_name settle_result_names[] = {
	{ "success", SETTLE_SUCCESS },
	{ "retry", SETTLE_RETRY },
	{ "release", SETTLE_RELEASE },
	{ "in_progress", SETTLE_IN_PROGRESS },
	{ "failure", SETTLE_FAILURE },
	{ NULL, 0 },
};

/* At a boundary of characters. */
static size_t
reason_bytes(struct slice reason)
{
	size_t len = reason.len;

	if (len <= SETTLE_REASON_MAX)
		return len;
	len = SETTLE_REASON_MAX;
	while (len > 0 && ((unsigned char)reason.ptr[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void
settle_put(const struct settle *settle, struct buf *out)
{
	static const char zeros[8];
	unsigned char head[SETTLE_FIXED_BYTES] = { 0 };
	size_t len = reason_bytes(settle->reason);

	put_u64(head, settle->first_seq);
	put_u64(head + 8, settle->last_seq);
	put_u32(head + 16, settle->delay_ms);
	head[20] = (unsigned char)settle->result;
	put_u16(head + 22, (uint16_t)len);
	buf_add(out, head, sizeof(head));
	buf_add(out, settle->reason.ptr, len);
	buf_add(out, zeros, PADDED(len) - len);
}

static enum ms_err
judge(const struct settle *s, struct why *why)
{
	if (s->first_seq == 0 || s->first_seq > s->last_seq)
		return why_set(why, MS_EINVAL,
		    "%" PRIu64 "..%" PRIu64 " is not a range of sequences",
		    s->first_seq, s->last_seq);
	if (s->result >= SETTLE_RESULTS)
		return why_set(why, MS_EINVAL, "result %d is unknown",
		    s->result);
	return MS_OK;
}

enum ms_err
settle_next(struct slice *rest, struct settle *settle_r, struct why *why)
{
	const char *at = rest->ptr;
	size_t len, total;

	if (rest->len == 0)
		return MS_ENOTFOUND;
	if (rest->len < SETTLE_FIXED_BYTES)
		return why_set(why, MS_EPROTO, "a settlement is cut off");
	len = get_u16(at + 22);
	total = SETTLE_FIXED_BYTES + PADDED(len);
	if (len > SETTLE_REASON_MAX || total > rest->len)
		return why_set(why, MS_EPROTO,
		    "a settlement's reason of %zu bytes does not fit", len);
	*settle_r = (struct settle){ .first_seq = get_u64(at),
		.last_seq = get_u64(at + 8),
		.delay_ms = get_u32(at + 16),
		.result = (unsigned char)at[20],
		.reason = { at + SETTLE_FIXED_BYTES, len } };
	rest->ptr += total;
	rest->len -= total;
	return judge(settle_r, why);
}

enum ms_err
settle_check(struct slice body, uint32_t *count_r, struct why *why)
{
	struct settle settle;
	enum ms_err err;

	for (*count_r = 0; *count_r < SETTLE_RECORDS_MAX; ++*count_r) {
		err = settle_next(&body, &settle, why);
		if (err)
			return err == MS_ENOTFOUND ? MS_OK : err;
	}
	return body.len == 0
	    ? MS_OK
	    : why_set(why, MS_ETOOBIG, "more than %u settlements",
		  SETTLE_RECORDS_MAX);
}
