/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of publishing share: checking, taking, answering. */
#ifndef WORKERS_BUS_PUBLISH_IMPL_H
#define WORKERS_BUS_PUBLISH_IMPL_H

#include "proto/batch.h"
#include "proto/traceparent.h"
#include "workers/bus/bus.h"
#include "workers/bus/ops.h"

#define SCRATCH_KEEP 4096u /* checked frames kept allocated */

/* One publish that waits for its answer. */
struct waiting {
	struct call *call;
	struct bus_publish_out out;
	struct mono received;       /* before it waited for its turn */
	uint64_t last[STREAMS_MAX]; /* sequence in each stream; 0: none */
	struct traceparent trace;   /* of the first event that has one */
	bool has_trace;
	bool wants_sync;
};

/* A frame that has passed its check. */
struct checked {
	struct slice frame;
	struct slice subject;
	struct slice traceparent;
	struct stream *stream;
	struct topic topic;
	struct id128 identity;
	bool known; /* it is in the log already */
};

struct publish_queue {
	struct waiting *waiting; /* this turn's at the end */
	size_t count, cap;
	size_t written; /* waiting[0..written) wait for their sync only */
	size_t turn_bytes;
	struct shed shed;
	struct checked *checked;
	size_t checked_cap;
	/* of this turn, for what it cost */
	struct mono turn_begun;
	uint64_t turn_events;
	uint32_t judged; /* batches, by flow validation */
	struct ops *ops;
};

/* ---- publish_check.c */
/* The batch and every frame of it, into queue->checked; nothing is taken yet.
 * Flow is judged where a subject's policy refuses what is unsound. */
enum ms_err publish_check(struct bus *bus, struct slice bytes,
    struct batch_head *head_r, struct waiting *waiting, struct why *why);

/* ---- publish_expect.c */
/* What the request wants to be true of the log and of who is there; fills
 * matched_*.  MS_ESEQUENCE, MS_ECONFLICT, MS_ENOMATCH, MS_EINVAL, MS_ETOOBIG,
 * MS_EBUSY (the index of subjects is being built). */
enum ms_err publish_expect(struct bus *bus, uint32_t count,
    const struct bus_publish_in *in, struct bus_publish_out *out,
    struct why *why);

/* ---- publish_answer.c */
static inline uint64_t
publish_events_of(const struct waiting *waiting)
{
	return waiting->out.count + waiting->out.duplicates;
}

#endif
