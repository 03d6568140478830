/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CURSORS.log: where every durable consumer stands.  Each record holds one
 * consumer whole (name, filter, floor), so the last good one is enough; a file
 * that is full is replaced by a fresh one.  Written before anybody is told,
 * synced with the journal, after it.
 */
#ifndef WORKERS_BUS_CURSORS_H
#define WORKERS_BUS_CURSORS_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "workers/bus/consumer.h"

#define CURSORS_FILE_BYTES (4u << 20)

struct cursors;

struct cursors_hooks {
	/* found at opening, oldest first: the last one of a name is right */
	void (*found)(void *arg, struct consumer *consumer); /* now yours */
	/* appends cursor_encode() of every consumer */
	void (*snapshot)(void *arg, struct buf *out);
	/* the disk is full: make room; false when there is none */
	bool (*give_reserve)(void *arg);
	void *arg;
};

/* dir: of the journal, stays the caller's.  expected: consumers exist, so a
 * missing file is MS_ECORRUPT.  *damaged_r counts bad records stepped over. */
enum ms_err cursors_open(int dir, bool expected,
    const struct cursors_hooks *hooks, struct cursors **cursors_r,
    unsigned *damaged_r, struct why *why);
void cursors_close(struct cursors **cursors);
/* MS_ESTORAGE: it could not be written, and must not be tried again. */
enum ms_err cursors_write(struct cursors *cursors, struct consumer *consumer,
    struct why *why);
/* For the first record of a new consumer: written twice, so that one bad
 * place cannot make it unknown. */
enum ms_err cursors_write_new(struct cursors *cursors,
    struct consumer *consumer, struct why *why);
int cursors_fd(const struct cursors *cursors);

void cursor_encode(const struct consumer *consumer, struct buf *out);
/* The record at the start of bytes; *total_r its length.  NULL: none. */
struct consumer *cursor_decode(struct slice bytes, size_t *total_r);

#endif
