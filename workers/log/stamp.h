/* SPDX-License-Identifier: Apache-2.0 */
/* How a collected line looks in its file.  Pure. */
#ifndef WORKERS_LOG_STAMP_H
#define WORKERS_LOG_STAMP_H

#include "common/buf.h"
#include "proto/logs.h"

struct origin {
	const char *name; /* of the worker */
	pid_t pid;        /* 0 = not known */
	uint64_t generation;
	enum logs_format format;
};

/*
 * Text: `2026-11-24T20:15:00.123Z bus[312] line`, control bytes but tabs as
 * \xNN.  JSON: one object with time, name, pid, generation, line.
 */
void stamp_line(const struct origin *from, int64_t wall_ns, struct slice line,
    struct buf *out);

#endif
