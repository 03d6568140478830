/* SPDX-License-Identifier: Apache-2.0 */
/* A journal in a folder of its own, and events whose bytes follow from their
 * sequence, so that a reader can tell every one of them. */
#ifndef T_UNIT_BUS_FIXTURE_H
#define T_UNIT_BUS_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/envelope.h"
#include "t/lib/unit.h"
#include "workers/bus/journal_read.h"
#include "workers/bus/segment.h"

struct place {
	char dir[PATH_MAX];
};

/* In memory where that is possible: thousands of logs are opened. */
static inline struct place
place_new(void)
{
	struct place p;

	strcpy(p.dir,
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm/ms-bus.XXXXXX"
					  : "/tmp/ms-bus.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p.dir));
	return p;
}

static inline void
empty_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char *name = xasprintf("%s/%s", path, entry->d_name);

		if (entry->d_name[0] != '.' && unlink(name) < 0) {
			empty_dir(name);
			rmdir(name);
		}
		free(name);
	}
	if (dir)
		closedir(dir);
}

static inline void
place_free(struct place *p)
{
	empty_dir(p->dir);
	ck_assert_int_eq(rmdir(p->dir), 0);
}

static inline char *
place_path(const struct place *p, const char *name, char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%.2000s/%.2000s", p->dir, name);
	return out;
}

static inline char *
place_segment(const struct place *p, uint64_t first, char out[static PATH_MAX])
{
	char name[SEGMENT_NAME_BYTES];

	return place_path(p, segment_name(first, name), out);
}

static inline void
file_get(const char *path, struct buf *bytes)
{
	struct why why;

	buf_reset(bytes);
	if (file_read(path, 64u << 20, bytes, &why))
		ck_abort_msg("%s", why.text);
}

static inline void
file_put(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, bytes, n, NULL), MS_OK);
	fd_close(&fd);
}

/* ---- events -------------------------------------------------------------- */

/* Its payload and id follow from n. */
static inline void
event_encode(uint64_t n, struct buf *out)
{
	char payload[64], subject[32], id[32];
	struct why why;

	snprintf(payload, sizeof(payload), "{\"n\":%llu,\"pad\":\"%.*s\"}",
	    (unsigned long long)n, (int)(n % 17), "abcdefghijklmnopq");
	snprintf(subject, sizeof(subject), "agent.%u.started",
	    (unsigned)(n % 5));
	snprintf(id, sizeof(id), "event-%llu", (unsigned long long)n);
	if (envelope_encode(&(struct envelope){ .type =
						    SLICE_LIT("agent.started"),
				.source = SLICE_LIT("/test"),
				.subject = slice_of(subject),
				.id_text = slice_of(id),
				.time_ns = 1700000000000000000,
				.payload = slice_of(payload) },
		&envelope_limits_default, out, &why))
		ck_abort_msg("%s", why.text);
}

/* The same event, whatever was stamped? */
static inline bool
event_is(struct slice frame, uint64_t n)
{
	struct buf want = { 0 };
	struct envelope a, b;
	struct arena arena;
	bool same;

	arena_init(&arena, 0);
	event_encode(n, &want);
	same = envelope_decode(frame, &envelope_limits_default, &arena, &a,
		   NULL) == MS_OK &&
	    envelope_decode(buf_slice(&want), &envelope_limits_default, &arena,
		&b, NULL) == MS_OK &&
	    slice_eq(a.payload, b.payload) && slice_eq(a.subject, b.subject) &&
	    slice_eq(a.id_text, b.id_text) && a.seq == n;
	arena_fini(&arena);
	buf_fini(&want);
	return same;
}

/* ---- journals ------------------------------------------------------------ */

static inline int
no_sync(int fd)
{
	(void)fd;
	return 0;
}

/* Where journals sync; no thread before the first of them does. */
static struct workq *journal_workq;

static inline struct journal_options
options_for(const struct place *p, bool isolate)
{
	return (struct journal_options){ .dir = p->dir,
		.workq = journal_workq,
		.limits = { .segment_bytes = 64u << 10,
		    .sync_interval_ms = 10000,
		    .retention_bytes = UINT64_C(1) << 40,
		    .retention_age_ms = DURATION_INFINITY },
		.isolate = isolate,
		.sync = no_sync };
}

/* A unit of events whose number is their sequence. */
static inline enum ms_err
try_append(struct journal *j, unsigned count, struct why *why)
{
	struct buf frame = { 0 };
	enum ms_err err = journal_reserve(j, count * 512u, count, why);

	for (unsigned i = 0; i < count && !err; i++) {
		buf_reset(&frame);
		event_encode(journal_given_seq(j) + 1, &frame);
		journal_add(j, buf_slice(&frame));
	}
	buf_fini(&frame);
	return err ? err : journal_commit(j, why);
}

static inline void
append(struct journal *j, unsigned count)
{
	struct why why;

	if (try_append(j, count, &why))
		ck_abort_msg("%s", why.text);
}

static inline void
sync_now(struct loop *loop, struct journal *j)
{
	journal_sync_soon(j);
	while (journal_synced_seq(j) < journal_last_seq(j))
		loop_turn(loop, true);
}

#endif
