/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settlements: what became of delivered events.  Records one after the other,
 * the body of bus.settle and, piggy-backed, of bus.fetch:
 *
 *  0 u64 first_seq   8 u64 last_seq (both included)   16 u32 delay_ms
 * 20 u8 result      21 u8 0         22 u16 reason_bytes
 * 24 reason (UTF-8), padded to 8
 *
 * Little-endian.  Pure; safe on any bytes.
 */
#ifndef PROTO_SETTLE_H
#define PROTO_SETTLE_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/field.h"

#define SETTLE_FIXED_BYTES 24u
#define SETTLE_REASON_MAX  512u
#define SETTLE_RECORDS_MAX 65536u /* of one body */

enum settle_result {
	SETTLE_SUCCESS,
	SETTLE_RETRY,       /* again after the delay; counts */
	SETTLE_RELEASE,     /* again at once; does not count */
	SETTLE_IN_PROGRESS, /* restarts ack_wait */
	SETTLE_FAILURE,     /* never again: a dead letter */
	SETTLE_RESULTS
};
extern const struct field_name settle_result_names[];

struct settle {
	uint64_t first_seq, last_seq;
	uint32_t delay_ms;   /* SETTLE_RETRY; 0 = what the backoff says */
	int result;          /* enum settle_result */
	struct slice reason; /* SETTLE_RETRY, SETTLE_FAILURE; for people */
};

/* Appends one record.  A reason is cut to SETTLE_REASON_MAX. */
void settle_put(const struct settle *settle, struct buf *out);
/* Takes the next record off the front; reason is borrowed from there.
 * MS_ENOTFOUND at the end; MS_EPROTO, MS_EINVAL (range, result). */
enum ms_err settle_next(struct slice *rest, struct settle *settle_r,
    struct why *why);
/* Every record of a body. */
enum ms_err settle_check(struct slice body, uint32_t *count_r, struct why *why);

#endif
