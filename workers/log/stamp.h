/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a collected line looks in its file.  Pure.
 *
 * Text: `2026-11-24T20:15:00.123Z bus[312] line`, control bytes but tabs as
 * \xNN; a piece of a line that goes on ends in a backslash.  JSON: one object
 * with time, name, pid, generation, line, and "more":true where it goes on.
 */
#ifndef WORKERS_LOG_STAMP_H
#define WORKERS_LOG_STAMP_H

#include "common/buf.h"
#include "proto/logs.h"
#include "workers/log/lines.h"

struct origin {
	const char *name; /* of the worker */
	pid_t pid;        /* 0 = not known */
	uint64_t generation;
	enum logs_format format;
};

/* What the lines of one moment have in common. */
struct stamp {
	enum logs_format format;
	char head[256];
	size_t head_len;
};

void stamp_init(struct stamp *stamp, const struct origin *from,
    int64_t wall_ns);
void stamp_line(const struct stamp *stamp, const struct piece *piece,
    struct buf *out);
/* Instead of lines that are nowhere; in JSON with a member "dropped". */
void stamp_dropped(const struct stamp *stamp, uint64_t lines, const char *cause,
    struct buf *out);
/* When a file that starts with these bytes was begun; false: not ours. */
bool stamp_time(struct slice start, int64_t *wall_ns_r);

#endif
