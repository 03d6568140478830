/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame of `msctl top` as text and as JSON.  Pure: two frames in (rates are
 * their difference), lines out, never more than the terminal has.
 */
#ifndef SUPERVISOR_MSCTL_TOP_VIEW_H
#define SUPERVISOR_MSCTL_TOP_VIEW_H

#include "common/json.h"
#include "proto/top_frame.h"
#include "supervisor/msctl/look.h"

enum top_what {
	TOP_WORKERS,
	TOP_BUS,
	TOP_POOLS
};
enum top_sort {
	TOP_BY_CPU,
	TOP_BY_MEMORY,
	TOP_BY_RESTARTS,
	TOP_BY_NAME
};

struct top_view {
	enum top_what what;
	enum top_sort sort;
	unsigned rows;      /* of the terminal; 0 = no limit */
	bool keys;          /* the last line says which there are */
	const char *replay; /* "12:03:10, 37 of 360, paused"; NULL: live */
};

/* before: an earlier frame, NULL = none. */
void top_render(const struct top_frame *now, const struct top_frame *before,
    const struct top_view *view, const struct look *look, struct buf *out);
/* Everything, whatever the view. */
struct json *top_json(const struct top_frame *now,
    const struct top_frame *before);

#endif
