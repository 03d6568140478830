/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that nobody of ours has written, or not to the end. */
#include <string.h>

#include "common/backoff.h"
#include "common/fd.h"
#include "common/metrics_read.h"
#include "common/metrics_segment.h"
#include "t/lib/segment.h"

static char path[64];
static unsigned char whole[METRICS_HEAD_BYTES + SEGMENT_PAGE * 4];

static const struct metric_row rows[] = {
	{ .name = "ms_test_total",
	    .help = "Things.",
	    .kind = METRIC_COUNTER,
	    .labels = { "kind" } },
	{ .name = "ms_test_seconds",
	    .help = "Time.",
	    .kind = METRIC_HISTOGRAM,
	    .unit = METRIC_UNIT_SECONDS,
	    .flags = METRIC_PRECISE | METRIC_EXEMPLAR },
	{ .name = "ms_test_open", .help = "Open.", .kind = METRIC_GAUGE },
};

/* A good one, a dead process's. */
static void
make_good(void)
{
	int fd;

	segment_attach(segment_make(path));
	metric_add(metrics_series(&rows[0], (const char *[]){ "a" }), 1);
	metric_add(metrics_series(&rows[0], (const char *[]){ "b" }), 2);
	metric_record(metrics_declare(&rows[1]), 12345);
	metric_set(metrics_declare(&rows[2]), -3);
	metrics_life_begin(1, 1);
	metrics_detach();
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(pread(fd, whole, sizeof(whole), 0), sizeof(whole));
	close(fd);
}

static void
put(uint64_t at, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, bytes, n, (off_t)at), (ssize_t)n);
	close(fd);
}

static enum ms_err
read_it(struct why *why)
{
	struct metrics_snapshot snapshot;
	enum ms_err err = metrics_snapshot_read(path, &snapshot, why);

	metrics_snapshot_fini(&snapshot);
	return err;
}

/* Refused by the reader with the path and a reason, and taken by a writer,
 * who begins it afresh and says so; afterwards it is good. */
static void
is_refused_and_begun_afresh(const char *what)
{
	struct why why = { "" };

	ck_assert_msg(read_it(&why) == MS_ECORRUPT, "%s", what);
	ck_assert_msg(strncmp(why.text, path, strlen(path)) == 0, "%s: %s",
	    what, why.text);
	why.text[0] = '\0';
	ck_assert_int_eq(metrics_attach(path, &why), MS_OK);
	ck_assert_msg(strstr(why.text, "begun afresh"), "%s: %s", what,
	    why.text);
	metric_add(metrics_declare(&rows[2]), 1);
	metrics_detach();
	ck_assert_msg(read_it(&why) == MS_OK, "%s: %s", what, why.text);
}

START_TEST(a_negative_gauge_is_read_as_such)
{
	make_good();
	ck_assert_int_eq(segment_value(path, "ms_test_open"), -3);
	unlink(path);
}
END_TEST

START_TEST(a_file_nobody_has_written_is_no_series)
{
	struct metrics_snapshot snapshot;
	struct metrics_life life;
	struct why why = { "" };

	segment_make(path);
	for (int i = 0; i < 2; i++) {
		segment_snapshot(path, &snapshot);
		ck_assert_uint_eq(snapshot.count, 0);
		ck_assert_uint_eq(snapshot.life.pid, 0);
		metrics_snapshot_fini(&snapshot);
		ck_assert_int_eq(metrics_life_read(path, &life, &why), MS_OK);
		ck_assert_uint_eq(life.pid, 0);
		/* as it is between open and ftruncate of who makes it */
		ck_assert_int_eq(truncate(path, 0), 0);
	}
	segment_attach(path);
	metric_add(metrics_declare(&rows[2]), 1);
	ck_assert_int_eq(segment_value(path, "ms_test_open"), 1);
	segment_remove(path);
}
END_TEST

START_TEST(every_byte_that_says_what_it_is_matters)
{
	make_good();
	for (size_t at = 0; at < offsetof(struct segment_head, space); at++) {
		unsigned char bad = whole[at] ^ 0x41;
		char what[32];

		snprintf(what, sizeof(what), "byte %zu", at);
		put(0, whole, sizeof(whole));
		put(at, &bad, 1);
		is_refused_and_begun_afresh(what);
	}
	unlink(path);
}
END_TEST

static void
head_with(size_t at, uint32_t value)
{
	put(0, whole, sizeof(whole));
	put(at, &value, sizeof(value));
}

#define HEAD(field) offsetof(struct segment_head, field)

START_TEST(counts_beyond_all_bounds_are_refused)
{
	static const struct {
		size_t at;
		uint32_t value;
	} bad[] = {
		{ HEAD(family_count), SEGMENT_FAMILY_MAX + 1 },
		{ HEAD(family_count), UINT32_MAX },
		{ HEAD(series_count), METRIC_SERIES_MAX + 1 },
		{ HEAD(series_count), UINT32_MAX },
		{ HEAD(series_count), 100 }, /* entries of zeros */
		{ HEAD(family_count), 100 },
		{ HEAD(family_count), 1 },
		{ HEAD(strings_used), 0 },
		{ HEAD(strings_used), 5 },
		{ HEAD(strings_used), SEGMENT_STRINGS_BYTES + 1 },
		{ HEAD(values_used), 0 },
		{ HEAD(values_used), SEGMENT_VALUES_AT + 8 },
		{ HEAD(values_used), SEGMENT_VALUES_AT + 12 },
		{ HEAD(values_used), METRICS_SHARD_BYTES + 8 },
		{ HEAD(shards_used), 1u << METRICS_SHARDS },
		{ HEAD(life) + offsetof(struct segment_life, phase), 9 },
	};

	make_good();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char what[32];

		snprintf(what, sizeof(what), "case %zu", i);
		head_with(bad[i].at, bad[i].value);
		is_refused_and_begun_afresh(what);
	}
	unlink(path);
}
END_TEST

#define FAMILY(n, field)                                             \
	(SEGMENT_FAMILIES_AT + (n) * sizeof(struct segment_family) + \
	    offsetof(struct segment_family, field))
#define SERIES(n, field)                                           \
	(SEGMENT_SERIES_AT + (n) * sizeof(struct segment_series) + \
	    offsetof(struct segment_series, field))

START_TEST(entries_that_point_elsewhere_are_refused)
{
	static const struct {
		size_t at;
		uint32_t value;
	} bad[] = {
		{ FAMILY(3, name_at), UINT32_MAX },
		{ FAMILY(3, name_at), 0 }, /* an empty name */
		{ FAMILY(3, help_at), SEGMENT_STRINGS_BYTES },
		{ FAMILY(3, label_at), 1u << 31 },
		{ FAMILY(3, label_count), 4 },
		{ FAMILY(3, kind), 0 },
		{ FAMILY(3, kind), 4 },
		{ FAMILY(3, kind), METRIC_COUNTER | 99u << 16 }, /* unit */
		{ FAMILY(3, flags), 64 },
		{ FAMILY(3, state), 0 },
		{ SERIES(4, family), UINT32_MAX },
		{ SERIES(4, family), 6 },
		{ SERIES(4, offset), 0 },
		{ SERIES(4, offset), UINT32_MAX },
		{ SERIES(4, offset), METRICS_SHARD_BYTES },
		{ SERIES(4, offset), SEGMENT_VALUES_AT + 1 },
		{ SERIES(4, offset), SEGMENT_VALUES_AT }, /* another's */
		{ SERIES(4, value_at), UINT32_MAX },
	};

	make_good();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char what[32];

		snprintf(what, sizeof(what), "case %zu", i);
		head_with(bad[i].at, bad[i].value);
		is_refused_and_begun_afresh(what);
	}
	unlink(path);
}
END_TEST

START_TEST(two_series_of_a_name_and_labels_are_refused)
{
	make_good();
	/* the second label value becomes the first */
	put(0, whole, sizeof(whole));
	put(SERIES(4, value_at), whole + SERIES(3, value_at), 4);
	ck_assert_int_eq(read_it(NULL), MS_ECORRUPT);
	unlink(path);
}
END_TEST

START_TEST(strings_of_anything_are_refused)
{
	static const unsigned char bad[] = { 0xff, '\n', '{' };
	uint32_t name_at;

	make_good();
	memcpy(&name_at, whole + FAMILY(3, name_at), sizeof(name_at));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put(0, whole, sizeof(whole));
		put(SEGMENT_STRINGS_AT + name_at + 3, &bad[i], 1);
		is_refused_and_begun_afresh("a name");
	}
	unlink(path);
}
END_TEST

START_TEST(what_is_cut_off_is_refused_at_any_length)
{
	static const off_t lengths[] = { 8, 100, 4095, SEGMENT_SERIES_AT,
		SEGMENT_STRINGS_AT + 3, METRICS_HEAD_BYTES,
		METRICS_HEAD_BYTES + 600, METRICS_SEGMENT_BYTES - 1,
		METRICS_SEGMENT_BYTES + 1 };

	make_good();
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		ck_assert_int_eq(truncate(path, 0), 0);
		put(0, whole, sizeof(whole));
		ck_assert_int_eq(truncate(path, lengths[i]), 0);
		is_refused_and_begun_afresh("cut");
	}
	unlink(path);
}
END_TEST

START_TEST(damage_anywhere_ends_nobody)
{
	uint64_t state = 5;
	int refused = 0;

	make_good();
	for (int round = 0; round < 3000; round++) {
		/* where something is */
		static const struct {
			uint32_t at, bytes;
		} parts[] = {
			{ 0, 256 },
			{ SEGMENT_FAMILIES_AT, 512 },
			{ SEGMENT_SERIES_AT, 256 },
			{ SEGMENT_STRINGS_AT, 512 },
			{ METRICS_HEAD_BYTES, 16384 },
		};
		unsigned part = dice_next(&state) % ARRAY_LEN(parts);
		uint64_t bytes =
		    (uint64_t)dice_next(&state) << 32 | dice_next(&state);

		put(0, whole, METRICS_HEAD_BYTES);
		for (int n = 0; n < 3; n++)
			put(parts[part].at +
				dice_next(&state) % parts[part].bytes,
			    &bytes, 1 + dice_next(&state) % 8);
		refused += read_it(NULL) != MS_OK;
	}
	ck_assert_int_gt(refused, 500);
	unlink(path);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	struct metrics_snapshot snapshot;
	struct why why = { "" };

	ck_assert_int_eq(metrics_snapshot_read("/tmp", &snapshot, &why),
	    MS_EIO);
	ck_assert_int_eq(metrics_snapshot_read("/dev/zero", &snapshot, &why),
	    MS_EIO);
	ck_assert_int_eq(metrics_snapshot_read("/no/where", &snapshot, &why),
	    MS_ENOTFOUND);
	segment_make(path);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(metrics_snapshot_read(path, &snapshot, &why), MS_EIO);
	ck_assert_int_eq(metrics_attach(path, &why), MS_EIO);
	ck_assert_int_eq(metrics_attach("/no/where", &why), MS_EIO);
	ck_assert(!metrics_attached());
	unlink(path);
	ck_assert_int_eq(symlink("/tmp", path), 0);
	ck_assert_int_eq(metrics_attach(path, &why), MS_EIO);
	unlink(path);
}
END_TEST

UNIT(metrics_read, a_negative_gauge_is_read_as_such,
    a_file_nobody_has_written_is_no_series,
    every_byte_that_says_what_it_is_matters,
    counts_beyond_all_bounds_are_refused,
    entries_that_point_elsewhere_are_refused,
    two_series_of_a_name_and_labels_are_refused,
    strings_of_anything_are_refused, what_is_cut_off_is_refused_at_any_length,
    damage_anywhere_ends_nobody, what_is_no_file_is_refused)
