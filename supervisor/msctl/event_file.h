/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of events: NDJSON, one CloudEvent or bare JSON value a line.  It is
 * judged as a whole before its first event is sent, so that bad input changes
 * nothing.
 */
#ifndef SUPERVISOR_MSCTL_EVENT_FILE_H
#define SUPERVISOR_MSCTL_EVENT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "proto/envelope.h"

#define EVENT_FILE_REPORT_MAX 20u         /* bad lines shown */
#define EVENT_STDIN_BYTES_MAX (64u << 20) /* what cannot be mapped */

struct event_file {
	const char *name; /* for messages */
	struct slice bytes;
	void *map; /* NULL: bytes are in copy */
	struct buf copy;
};

/* "-" is standard input.  MS_ENOTFOUND, MS_EPERM, MS_ETOOBIG, MS_EIO. */
enum ms_err event_file_open(const char *path, struct event_file *file_r,
    struct why *why);
/* One text, as --data gives it; borrowed. */
void event_file_of(const char *name, struct slice bytes,
    struct event_file *file_r);
void event_file_close(struct event_file *file);

/* The next line that is not blank; *number_r counts all lines from 1. */
struct event_lines {
	struct slice rest;
	uint64_t number;
};
struct event_lines event_lines_of(const struct event_file *file);
bool event_lines_next(struct event_lines *lines, struct slice *line_r);

struct event_check {
	uint64_t events;
	uint64_t bad;
};
/* Every line as it would be sent; FILE:LINE: reason lines into report, the
 * first EVENT_FILE_REPORT_MAX of them. */
struct event_check event_file_check(const struct event_file *file,
    const struct envelope *defaults, struct buf *report);

#endif
