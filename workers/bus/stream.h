/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream: the log of some subjects, with sequences, cursors and a window of
 * duplicates of its own.  The first one of a bus is "main": it takes what no
 * other takes, and lives in the bus's directory itself; the others live below
 * streams/NAME in it.  A stream belongs to its bus and lives as long.
 */
#ifndef WORKERS_BUS_STREAM_H
#define WORKERS_BUS_STREAM_H

#include "proto/conf/stream.h"
#include "workers/bus/cursors.h"
#include "workers/bus/dedup.h"
#include "workers/bus/journal.h"
#include "workers/bus/journal_read.h"

struct bus;
struct live;
struct subject_index;

struct stream {
	struct bus *bus;
	char *name;
	char *dir;
	struct stream_conf conf; /* its words belong to `strings` */
	struct arena strings;
	size_t index; /* in bus->streams */
	struct journal *journal;
	struct cursors *cursors;
	struct dedup *dedup;
	struct live *live;
	struct subject_index *subjects; /* NULL: nobody asked yet */
	uint64_t live_seq;              /* visible = synced: told up to here */
};

/* Those that the configuration names, recovered and ready; main is the first.
 * MS_ECORRUPT, MS_ECONFLICT, MS_EIO, MS_ESTORAGE, MS_EINVAL. */
enum ms_err streams_open(struct bus *bus, struct why *why);
void streams_close(struct bus *bus);
/* What may change does; a new stream is opened, one that is not named any more
 * goes on until the next start. */
void streams_reload(struct bus *bus);

/* NULL or "": main.  NULL: there is none of this name. */
struct stream *stream_find(const struct bus *bus, const char *name);

/* Writes what was added to any of them.  False: a log has failed, everybody
 * was answered. */
bool streams_commit(struct bus *bus);
bool streams_have_failed(const struct bus *bus);
/* Forgets what is older than the window of duplicates; how many are left. */
uint64_t streams_expire(struct bus *bus, int64_t now_ms);
/* Duplicates are looked for in any of them. */
bool streams_remember(const struct bus *bus);
void streams_sync_soon(struct bus *bus);
struct stream_totals {
	uint64_t bytes, segments, dedup_entries;
	uint64_t dedup_window_ms; /* the shortest */
};
struct stream_totals streams_totals(const struct bus *bus, int64_t now_ms);
/* The log could not be read, or a cursor not be written: this process ends,
 * and the next start looks at every byte when err is MS_ECORRUPT. */
void stream_broken(struct stream *stream, enum ms_err err,
    const struct why *why);

/* ---- for stream_open.c only */
void stream_synced(void *arg, uint64_t synced_seq);
void stream_failed(void *arg, const struct why *why);
/* From here on what is published is told to subscribers. */
void stream_go_live(struct stream *stream);

#endif
