/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events and what caused them, as a tree: each below the event that its
 * causation names.  Pure.
 */
#ifndef SUPERVISOR_MSCTL_TRACE_TREE_H
#define SUPERVISOR_MSCTL_TRACE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/field.h"

#define TRACE_EVENTS_MAX 10000u
#define TRACE_DEPTH_MAX  64u /* deeper ones are shown at this depth */

struct trace_event {
	struct id128 id, causation, correlation;
	const char *stream, *subject, *type, *source;
	uint64_t seq;
	int64_t time_ns;
	/* filled by trace_tree(): */
	unsigned depth;
	bool is_last;   /* of its siblings */
	bool is_orphan; /* it names a cause that is not among these */
};

/*
 * Orders them as a tree is read: roots by their time, below each what it
 * caused, in the order of the log.  An event that is caused by itself, also
 * by way of others, is a root.  Scratch memory from arena; false: there is none.
 */
bool trace_tree(struct trace_event *events, size_t count, struct arena *arena);

#endif
