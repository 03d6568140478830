/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One append-only file that rotates by size: NAME.log, NAME.log.1 (newest) ..
 * NAME.log.<keep>.  A full disk drops and counts, and says so in the file when
 * there is room again; it never blocks or ends the process.
 */
#ifndef WORKERS_LOG_SINK_H
#define WORKERS_LOG_SINK_H

#include <stdint.h>
#include <sys/types.h>

#include "common/mono.h"
#include "common/str.h"

struct sink {
	char *path;
	int fd; /* -1: not open, opened at the next write */
	uint64_t size_bytes;
	uint64_t limit_bytes; /* 0 = never rotate */
	uint32_t keep;
	uint64_t dropped_lines;
	struct mono looked; /* when the file was last checked to be in place */
};

void sink_init(struct sink *sink, const char *path, uint64_t limit_bytes,
    uint32_t keep);
void sink_fini(struct sink *sink);
void sink_set_limits(struct sink *sink, uint64_t limit_bytes, uint32_t keep);
/* text: whole lines, `lines` of them. */
void sink_write(struct sink *sink, struct slice text, uint64_t lines,
    struct mono now);
/* The file may have been moved away: open its name again at the next write. */
void sink_reopen(struct sink *sink);

#endif
