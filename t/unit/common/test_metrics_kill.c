/* SPDX-License-Identifier: Apache-2.0 */
/* Writers that are killed, stopped and busy while somebody reads. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/backoff.h"
#include "common/fd.h"
#include "common/metrics_segment.h"
#include "common/mono.h"
#include "t/lib/segment.h"

#define ONES 0x0101010101010101ull

static const struct metric_row counter = { .name = "ms_test_total",
	.help = "Acknowledged.",
	.kind = METRIC_COUNTER };
static const struct metric_row seconds = { .name = "ms_test_seconds",
	.help = "Time.",
	.kind = METRIC_HISTOGRAM,
	.flags = METRIC_PRECISE };
static const struct metric_row labelled = { .name = "ms_test_label_total",
	.help = "Labelled.",
	.kind = METRIC_COUNTER,
	.labels = { "n" },
	.max_series = 4000 };

static char path[64];

/* ---- killed ------------------------------------------------------------------- */

/* Counts, then tells that it has; new series all the time. */
static void
count_and_tell(int to)
{
	struct metric c, h;

	if (metrics_attach(path, NULL))
		_exit(1);
	c = metrics_declare(&counter);
	h = metrics_declare(&seconds);
	for (unsigned i = 0;; i++) {
		char n[16];

		metric_add(c, 1);
		metric_record(h, i);
		if (write(to, "+", 1) != 1)
			_exit(1);
		snprintf(n, sizeof(n), "%u-%d", i, (int)getpid());
		if (i % 8 == 0)
			metric_add(metrics_series(&labelled,
				       (const char *[]){ n }),
			    1);
	}
}

static uint64_t
drain(int from)
{
	char bytes[65536];
	uint64_t sum = 0;
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		sum += (uint64_t)n;
	return sum;
}

/* How many updates the child has acknowledged before it was killed. */
static uint64_t
one_life(uint64_t *dice)
{
	char bytes[1];
	uint64_t acked;
	pid_t child;
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		close(pipes[0]);
		count_and_tell(pipes[1]);
	}
	close(pipes[1]);
	ck_assert_int_eq(read(pipes[0], bytes, 1), 1); /* it is at it */
	for (uint64_t us = dice_next(dice) % 2000; us > 0; us--)
		mono_now();
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	acked = 1 + drain(pipes[0]);
	close(pipes[0]);
	return acked;
}

START_TEST(a_kill_loses_nothing_that_was_acknowledged)
{
	uint64_t acked = 0, dice = 1;
	int lives = 60;

	segment_make(path);
	for (int i = 1; i <= lives; i++) {
		struct metrics_snapshot snapshot;
		const struct metrics_series *s;
		uint64_t value;

		acked += one_life(&dice);
		segment_snapshot(path, &snapshot);
		value = (uint64_t)metrics_snapshot_find(&snapshot, counter.name,
		    NULL)
			    ->value;
		/* that, or one more in each life that was not told any more */
		ck_assert_uint_ge(value, acked);
		ck_assert_uint_le(value, acked + (uint64_t)i);
		s = metrics_snapshot_find(&snapshot, seconds.name, NULL);
		ck_assert_uint_le(s->histogram.count, value);
		ck_assert_uint_ge(s->histogram.count, acked);
		metrics_snapshot_fini(&snapshot);
	}
	segment_attach(path); /* not begun afresh */
	ck_assert_int_ge(segment_value(path, counter.name), (int64_t)acked);
	segment_remove(path);
}
END_TEST

/* ---- stopped ------------------------------------------------------------------- */

START_TEST(a_stopped_or_dead_writer_is_read_as_any_other)
{
	uint64_t before;
	int64_t value;
	char bytes[64];
	int pipes[2];
	pid_t child;

	segment_make(path);
	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	if (child == 0)
		count_and_tell(pipes[1]);
	ck_assert_int_gt(read(pipes[0], bytes, sizeof(bytes)), 0);
	kill(child, SIGSTOP);
	ck_assert_int_eq(waitpid(child, NULL, WUNTRACED), child);
	value = segment_value(path, counter.name);
	ck_assert_int_gt(value, 0);
	before = mono_now().ns;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(segment_value(path, counter.name), value);
	ck_assert_uint_lt(mono_now().ns - before, 1000000000);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(segment_value(path, counter.name), value);
	close(pipes[0]);
	close(pipes[1]);
	segment_remove(path);
}
END_TEST

/* ---- torn ----------------------------------------------------------------------- */

static bool
is_whole(uint64_t value)
{
	return value == (value & 0xff) * ONES;
}

static void
add_ones_until_killed(int to)
{
	struct metric c, h;

	if (metrics_attach(path, NULL))
		_exit(1);
	c = metrics_declare(&counter);
	h = metrics_declare(&seconds);
	if (write(to, "+", 1) != 1)
		_exit(1);
	for (;;) {
		for (int i = 0; i < 255; i++) {
			metric_add(c, ONES);
			metric_record_many(h, 1, ONES);
		}
		metric_add(c, 0 - 255 * ONES);
		metric_record_many(h, 1, 0 - 255 * ONES);
	}
}

START_TEST(no_number_is_ever_seen_half_written)
{
	struct mono end = mono_add_ms(mono_now(), 1500);
	uint64_t seen[256] = { 0 };
	unsigned different = 0;
	int pipes[2];
	pid_t child;
	char byte;

	segment_make(path);
	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	if (child == 0)
		add_ones_until_killed(pipes[1]);
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	while (!mono_reached(mono_now(), end)) {
		struct metrics_snapshot snapshot;
		const struct metrics_series *s;

		segment_snapshot(path, &snapshot);
		s = metrics_snapshot_find(&snapshot, seconds.name, NULL);
		ck_assert(is_whole(s->histogram.buckets[1]));
		ck_assert(is_whole(s->histogram.sum));
		s = metrics_snapshot_find(&snapshot, counter.name, NULL);
		/* half of the values is above what a counter may say */
		if (s->value != INT64_MAX) {
			ck_assert(is_whole((uint64_t)s->value));
			different += seen[s->value & 0xff]++ == 0;
		}
		metrics_snapshot_fini(&snapshot);
	}
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_uint_gt(different, 20);
	close(pipes[0]);
	close(pipes[1]);
	segment_remove(path);
}
END_TEST

/* ---- while it begins ----------------------------------------------------------------- */

static void
begin_again_and_again(void)
{
	for (;;) {
		if (truncate(path, 0) ||
		    truncate(path, METRICS_SEGMENT_BYTES) ||
		    metrics_attach(path, NULL))
			_exit(1);
		metrics_life_begin(1, 1);
		for (int i = 0; i < 50; i++) {
			char n[16];

			snprintf(n, sizeof(n), "%d", i);
			metric_add(metrics_series(&labelled,
				       (const char *[]){ n }),
			    1);
		}
		for (int i = 0; i < 10000; i++) /* it lives for a while */
			metric_add(metrics_declare(&counter), 1);
		metrics_detach();
	}
}

/* Emptied by its writer while we read it, it may be called cut off or, where
 * the directory was read before and the strings after, damaged; never more. */
START_TEST(a_reader_may_come_at_any_time_of_creation)
{
	struct mono end = mono_add_ms(mono_now(), 1000);
	size_t most = 0;
	unsigned good = 0;
	pid_t child;

	segment_make(path);
	child = fork();
	if (child == 0)
		begin_again_and_again();
	while (!mono_reached(mono_now(), end)) {
		struct metrics_snapshot snapshot;
		enum ms_err err = metrics_snapshot_read(path, &snapshot, NULL);

		ck_assert(err == MS_OK || err == MS_ECORRUPT);
		good += err == MS_OK;
		if (snapshot.count > most)
			most = snapshot.count;
		metrics_snapshot_fini(&snapshot);
	}
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_uint_gt(good, 10);
	ck_assert_uint_gt(most, 40);
	segment_remove(path);
}
END_TEST

/* ---- a growing directory ------------------------------------------------------------- */

START_TEST(a_directory_that_grows_is_always_read_whole)
{
	pid_t child;
	int status;
	size_t last = 0;

	segment_make(path);
	child = fork();
	if (child == 0) {
		if (metrics_attach(path, NULL))
			_exit(1);
		for (int i = 0; i < 3900; i++) {
			char n[32];

			snprintf(n, sizeof(n), "%d", i);
			metric_add(metrics_series(&labelled,
				       (const char *[]){ n }),
			    1);
		}
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct metrics_snapshot snapshot;

		segment_snapshot(path, &snapshot);
		ck_assert_uint_ge(snapshot.count, last);
		last = snapshot.count;
		metrics_snapshot_fini(&snapshot);
	}
	ck_assert_int_eq(status, 0);
	segment_remove(path);
}
END_TEST

UNIT(metrics_kill, a_kill_loses_nothing_that_was_acknowledged,
    a_stopped_or_dead_writer_is_read_as_any_other,
    no_number_is_ever_seen_half_written,
    a_reader_may_come_at_any_time_of_creation,
    a_directory_that_grows_is_always_read_whole)
