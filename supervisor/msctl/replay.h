/* SPDX-License-Identifier: Apache-2.0 */
/* The history that ms-metrics has written, read as a whole. */
#ifndef SUPERVISOR_MSCTL_REPLAY_H
#define SUPERVISOR_MSCTL_REPLAY_H

#include "proto/history.h"

struct replay {
	struct buf bytes;
	uint64_t period_ms;
	uint64_t seqs[HISTORY_FRAMES]; /* of whole frames, oldest first */
	size_t count;
	size_t torn; /* frames that are damaged */
};

/* MS_ENOTFOUND, MS_ECORRUPT (empty, foreign, no whole frame): a reason that
 * says what to do. */
enum ms_err replay_open(const char *run_dir, struct replay *replay_r,
    struct why *why);
void replay_close(struct replay *replay);
/* The i-th; *before_r (to be ended too) is the one before it when no step lies
 * between, else it has no time.  MS_ECORRUPT, MS_ENOMEM. */
enum ms_err replay_frame(const struct replay *replay, size_t i,
    struct top_frame *frame_r, struct top_frame *before_r);

#endif
