/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/replay.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/fd.h"

static struct slice
frame_bytes(const struct replay *r, size_t at)
{
	struct slice all = buf_slice(&r->bytes);

	if (at >= all.len)
		return (struct slice){ "", 0 };
	all.ptr += at;
	all.len -= at;
	if (all.len > HISTORY_FRAME_BYTES)
		all.len = HISTORY_FRAME_BYTES;
	return all;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A frame that was being written while we read is damaged for us. */
static void
find_frames(struct replay *r)
{
	for (uint64_t i = 0; i < HISTORY_FRAMES; i++) {
		struct slice bytes = frame_bytes(r, history_frame_at(i));
		uint64_t seq;

		if (history_frame_check(bytes, &seq) &&
		    seq % HISTORY_FRAMES == i)
			r->seqs[r->count++] = seq;
		else if (bytes.len >= 4 && get_u32(bytes.ptr) != 0)
			r->torn++;
	}
	qsort(r->seqs, r->count, sizeof(r->seqs[0]), by_number);
}

enum ms_err
replay_open(const char *run_dir, struct replay *r, struct why *why)
{
	char *path = xasprintf("%s/" HISTORY_FILE, run_dir);
	struct why detail = { "" };
	enum ms_err err;

	*r = (struct replay){ .count = 0 };
	err = file_read(path, HISTORY_FILE_BYTES, &r->bytes, &detail);
	if (err == MS_ENOTFOUND)
		err = why_set(why, err,
		    "there is no history at %s: does ms-metrics run?", path);
	else if (err)
		err = why_set(why, err, "%s", detail.text);
	else if ((err = history_head_parse(buf_slice(&r->bytes), &r->period_ms,
		      &detail)) != MS_OK)
		err = why_set(why, err, "no history can be read from %s: %s",
		    path, detail.text);
	if (!err) {
		find_frames(r);
		if (!r->count)
			err = why_set(why, MS_ENOTFOUND,
			    "the history at %s has no step yet%s", path,
			    r->torn ? " that is whole" : "");
	}
	free(path);
	return err;
}

void
replay_close(struct replay *r)
{
	buf_fini(&r->bytes);
	r->count = 0;
}

enum ms_err
replay_frame(const struct replay *r, size_t i, struct top_frame *frame_r,
    struct top_frame *before_r)
{
	*before_r = (struct top_frame){ .wall_ns = 0 };
	if (i > 0 && r->seqs[i - 1] + 1 == r->seqs[i])
		(void)history_frame_parse(frame_bytes(r,
					      history_frame_at(r->seqs[i - 1])),
		    before_r);
	return history_frame_parse(frame_bytes(r, history_frame_at(r->seqs[i])),
	    frame_r);
}
