/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One append-only file that rotates by size and age.  It is opened when there
 * is something to write, and again when its name has come to mean another
 * file.  Nothing here waits: what a full disk, a pipe without a reader or a
 * missing directory does not take is not written, and the caller is told.
 */
#ifndef WORKERS_LOG_SINK_H
#define WORKERS_LOG_SINK_H

#include <stdint.h>
#include <sys/types.h>

#include "common/metrics.h"
#include "common/mono.h"
#include "common/str.h"
#include "workers/log/rotation.h"

struct sink {
	char *path;
	int fd;       /* -1: not open */
	bool is_file; /* a regular one: it can be rotated */
	bool has_tidied;
	struct rotation limits;
	uint64_t size_bytes;
	struct mono opened;
	uint64_t age_ms;    /* when it was opened */
	struct mono looked; /* last at its name, or last tried to open it */
	struct metric rotations, failures; /* may be zeroed */
	int error; /* why the last write failed, 0: it did not */
};

void sink_init(struct sink *sink, const char *path,
    const struct rotation *limits);
void sink_fini(struct sink *sink);
void sink_set_limits(struct sink *sink, const struct rotation *limits);
/* text: whole lines.  Returns how many of its bytes are written: all, or up to
 * the end of a line. */
size_t sink_write(struct sink *sink, struct slice text, struct mono now);
/* The file may have been moved away: open its name again at the next write. */
void sink_reopen(struct sink *sink);

#endif
