/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/metrics_set.h"
#include "t/lib/unit.h"

static char dir[64];

static char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
put(const char *name, off_t size, const char *bytes)
{
	int fd = open(path_of(name), O_RDWR | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(pwrite(fd, bytes, strlen(bytes), 0),
	    (ssize_t)strlen(bytes));
	fd_close(&fd);
}

static void
remove_all(const char *const *names)
{
	for (; *names; names++)
		unlink(path_of(*names));
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(segments_come_by_name_and_damage_hides_nobody)
{
	static const struct metric_row row = { .name = "ms_x_total",
		.help = "X.",
		.kind = METRIC_COUNTER };
	const struct metrics_source *good, *bad, *fresh;
	struct metrics_set set;

	snprintf(dir, sizeof(dir), "/tmp/ms-set.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("good", METRICS_SEGMENT_BYTES, "");
	put("bad", 4096, "this is no segment of numbers");
	put("fresh", METRICS_SEGMENT_BYTES, "");
	put(".hidden", 10, "");
	ck_assert_int_eq(metrics_attach(path_of("good"), NULL), MS_OK);
	metric_add(metrics_declare(&row), 7);
	metrics_detach();

	ck_assert_int_eq(metrics_set_read(&set, dir, NULL), MS_OK);
	ck_assert_uint_eq(set.count, 3);
	ck_assert_str_eq(set.sources[0].name, "bad");
	good = metrics_set_find(&set, "good");
	bad = metrics_set_find(&set, "bad");
	fresh = metrics_set_find(&set, "fresh");
	ck_assert_int_eq(good->err, MS_OK);
	ck_assert_int_eq(
	    metrics_snapshot_find(&good->snapshot, "ms_x_total", NULL)->value,
	    7);
	ck_assert_int_eq(bad->err, MS_ECORRUPT);
	ck_assert_uint_eq(bad->snapshot.count, 0);
	ck_assert(bad->why.text[0]);
	ck_assert_int_eq(fresh->err, MS_OK);
	ck_assert_uint_eq(fresh->snapshot.count, 0);
	ck_assert_ptr_null(metrics_set_find(&set, "other"));
	metrics_set_fini(&set);
	remove_all(
	    (const char *const[]){ "good", "bad", "fresh", ".hidden", NULL });
}
END_TEST

START_TEST(no_directory_has_no_segments)
{
	struct why why = { "" };
	struct metrics_set set;

	ck_assert_int_eq(metrics_set_read(&set, "/nonexistent/ms", &why),
	    MS_ENOTFOUND);
	ck_assert_uint_eq(set.count, 0);
	ck_assert(why.text[0]);
	metrics_set_fini(&set);
}
END_TEST

/* A worker that goes between the list and the look. */
START_TEST(a_segment_may_go_before_it_is_read)
{
	struct metrics_set set;

	snprintf(dir, sizeof(dir), "/tmp/ms-set.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("gone", METRICS_SEGMENT_BYTES, "");
	ck_assert_int_eq(metrics_set_open(&set, dir, NULL), MS_OK);
	unlink(path_of("gone"));
	ck_assert(metrics_set_next(&set, NULL));
	ck_assert(!metrics_set_next(&set, NULL));
	ck_assert_int_eq(set.sources[0].err, MS_ENOTFOUND);
	metrics_set_fini(&set);
	remove_all((const char *const[]){ NULL });
}
END_TEST

UNIT(metrics_set, segments_come_by_name_and_damage_hides_nobody,
    no_directory_has_no_segments, a_segment_may_go_before_it_is_read)
