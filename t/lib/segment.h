/* SPDX-License-Identifier: Apache-2.0 */
/* A metrics segment in a file of its own, for unit tests. */
#ifndef T_LIB_SEGMENT_H
#define T_LIB_SEGMENT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/metrics_read.h"
#include "t/lib/unit.h"

/* As msd makes it; removed by segment_remove(). */
static inline const char *
segment_make(char path[static 64])
{
	int fd;

	snprintf(path, 64, "/tmp/ms-segment.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, METRICS_SEGMENT_BYTES), 0);
	close(fd);
	return path;
}

static inline void
segment_attach(const char *path)
{
	struct why why = { "" };
	enum ms_err err = metrics_attach(path, &why);

	ck_assert_msg(err == MS_OK, "%s", why.text);
	ck_assert_str_eq(why.text, "");
}

static inline void
segment_snapshot(const char *path, struct metrics_snapshot *snapshot_r)
{
	struct why why = { "" };
	enum ms_err err = metrics_snapshot_read(path, snapshot_r, &why);

	ck_assert_msg(err == MS_OK, "%s", why.text);
}

/* Of a series without labels; -1: it is not there. */
static inline int64_t
segment_value(const char *path, const char *name)
{
	struct metrics_snapshot snapshot;
	const struct metrics_series *s;
	int64_t value;

	segment_snapshot(path, &snapshot);
	s = metrics_snapshot_find(&snapshot, name, NULL);
	value = s ? s->value : -1;
	metrics_snapshot_fini(&snapshot);
	return value;
}

static inline void
segment_remove(const char *path)
{
	metrics_detach();
	unlink(path);
}

#endif
