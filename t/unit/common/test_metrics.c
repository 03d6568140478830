/* SPDX-License-Identifier: Apache-2.0 */
/* The registry and what a reader sees of it. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>

#include "common/metrics.h"
#include "common/metrics_segment.h"
#include "common/str.h"
#include "t/lib/segment.h"

static const struct metric_row counter = { .name = "ms_test_things_total",
	.help = "Things done.",
	.kind = METRIC_COUNTER };
static const struct metric_row gauge = { .name = "ms_test_open",
	.help = "Things open.",
	.kind = METRIC_GAUGE };
static const struct metric_row seconds = { .name = "ms_test_seconds",
	.help = "How long things take.",
	.kind = METRIC_HISTOGRAM,
	.unit = METRIC_UNIT_SECONDS,
	.flags = METRIC_EXEMPLAR };
static const struct metric_row by_topic = { .name = "ms_test_events_total",
	.help = "Events of a topic.",
	.kind = METRIC_COUNTER,
	.labels = { "topic", "result" },
	.max_series = 4 };

static char path[64];

START_TEST(updates_without_a_segment_go_nowhere_and_hurt_nobody)
{
	struct metric none = { 0 };

	ck_assert(!metrics_attached());
	metric_add(none, 1);
	metric_record(none, UINT64_MAX);
	metric_record(none, 0);
	metric_set(none, -1);
	metric_exemplar(none, 1, &(struct metric_trace){ 0 }, 1);
	ck_assert_uint_eq(metrics_declare(&counter).offset, 0);
	metrics_life_begin(1, 1);
	metrics_life_busy(5);
	segment_attach(NULL);
	ck_assert(metrics_attached());
	metric_record(none, 77);
	ck_assert_uint_ne(metrics_declare(&counter).offset, 0);
	metrics_detach();
	metric_add(none, 1);
}
END_TEST

START_TEST(a_reader_sees_what_was_counted)
{
	struct metrics_snapshot snapshot;
	const struct metrics_series *s;
	struct metric h;

	segment_attach(segment_make(path));
	metric_add(metrics_declare(&counter), 3);
	metric_add(metrics_declare(&counter), 4);
	metric_add(metrics_declare(&gauge), 9);
	metric_sub(metrics_declare(&gauge), 2);
	h = metrics_declare(&seconds);
	metric_record(h, 1000);
	metric_record_many(h, 2000, 10);
	segment_snapshot(path, &snapshot);
	s = metrics_snapshot_find(&snapshot, "ms_test_things_total", NULL);
	ck_assert_int_eq(s->value, 7);
	ck_assert_str_eq(s->help, "Things done.");
	ck_assert_int_eq(s->kind, METRIC_COUNTER);
	s = metrics_snapshot_find(&snapshot, "ms_test_open", NULL);
	ck_assert_int_eq(s->value, 7);
	s = metrics_snapshot_find(&snapshot, "ms_test_seconds", NULL);
	ck_assert_int_eq(s->unit, METRIC_UNIT_SECONDS);
	ck_assert_uint_eq(s->histogram.count, 11);
	ck_assert_uint_eq(s->histogram.sum, 21000);
	ck_assert_uint_eq(histogram_quantile(&s->histogram, 0.01) / 10, 100);
	ck_assert_ptr_null(
	    metrics_snapshot_find(&snapshot, "ms_test_no", NULL));
	s = metrics_snapshot_find(&snapshot, "ms_metrics_updates_total", NULL);
	ck_assert_int_eq(s->value, 6);
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

START_TEST(series_come_in_the_order_of_names_and_labels)
{
	struct metrics_snapshot snapshot;

	segment_attach(segment_make(path));
	metrics_series(&by_topic, (const char *[]){ "b", "y" });
	metrics_series(&by_topic, (const char *[]){ "b", "x" });
	metrics_series(&by_topic, (const char *[]){ "a", "z" });
	metrics_declare(&counter);
	segment_snapshot(path, &snapshot);
	for (size_t i = 1; i < snapshot.count; i++)
		ck_assert_int_le(strcmp(snapshot.series[i - 1].name,
				     snapshot.series[i].name),
		    0);
	ck_assert_str_eq(snapshot.series[3].label_values[0], "a");
	ck_assert_str_eq(snapshot.series[4].label_values[1], "x");
	ck_assert_str_eq(snapshot.series[5].label_names[1], "result");
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

START_TEST(a_next_process_counts_on_and_its_gauges_begin_at_zero)
{
	segment_attach(segment_make(path));
	metric_add(metrics_declare(&counter), 5);
	metric_add(metrics_declare(&gauge), 5);
	metric_record(metrics_declare(&seconds), 1);
	metrics_detach();
	ck_assert_int_eq(segment_value(path, "ms_test_open"), 5);
	segment_attach(path);
	ck_assert_int_eq(segment_value(path, "ms_test_things_total"), 5);
	/* nobody has declared it in this life */
	ck_assert_int_eq(segment_value(path, "ms_test_open"), -1);
	metric_add(metrics_declare(&gauge), 1);
	metric_add(metrics_declare(&counter), 1);
	ck_assert_int_eq(segment_value(path, "ms_test_open"), 1);
	ck_assert_int_eq(segment_value(path, "ms_test_things_total"), 6);
	segment_remove(path);
}
END_TEST

START_TEST(the_same_labels_give_the_same_series_in_every_life)
{
	const char *values[] = { "a", "ok" };
	struct metric first, again;

	segment_attach(segment_make(path));
	first = metrics_series(&by_topic, values);
	again = metrics_series(&by_topic, values);
	ck_assert_uint_eq(first.offset, again.offset);
	metrics_detach();
	segment_attach(path);
	again = metrics_series(&by_topic, values);
	ck_assert_uint_eq(first.offset, again.offset);
	segment_remove(path);
}
END_TEST

START_TEST(too_many_labels_count_as_other_and_nothing_is_lost)
{
	const char *other[] = { "other", "other" };
	const struct metrics_series *s;
	struct metrics_snapshot snapshot;
	int64_t total = 0;
	size_t count = 0;

	segment_attach(segment_make(path));
	for (int i = 0; i < 1000; i++) {
		char topic[16];

		snprintf(topic, sizeof(topic), "t%d", i % 500);
		metric_add(metrics_series(&by_topic,
			       (const char *[]){ topic, "ok" }),
		    1);
	}
	segment_snapshot(path, &snapshot);
	for (size_t i = 0; i < snapshot.count; i++) {
		s = &snapshot.series[i];
		if (strcmp(s->name, by_topic.name) == 0) {
			total += s->value;
			count++;
		}
	}
	ck_assert_int_eq(total, 1000);
	ck_assert_uint_eq(count, 5);
	s = metrics_snapshot_find(&snapshot, by_topic.name, other);
	ck_assert_int_eq(s->value, 992);
	metrics_snapshot_fini(&snapshot);
	ck_assert_int_eq(segment_value(path, "ms_metrics_overflow_total"), 992);
	segment_remove(path);
}
END_TEST

START_TEST(a_label_is_cut_between_characters_and_made_printable)
{
	char longest[200];
	struct metrics_snapshot snapshot;
	const char *value;

	memset(longest, 'x', sizeof(longest));
	memcpy(longest + 63, "\xc3\xa9", 3);
	segment_attach(segment_make(path));
	metrics_series(&by_topic, (const char *[]){ longest, "\xff" });
	segment_snapshot(path, &snapshot);
	value = snapshot.series[3].label_values[0];
	ck_assert_uint_eq(strlen(value), 63);
	ck_assert_str_eq(snapshot.series[3].label_values[1], "?");
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

START_TEST(two_rows_of_a_name_that_differ_are_refused_and_counted)
{
	struct metric_row other = counter;

	segment_attach(segment_make(path));
	metric_add(metrics_declare(&counter), 2);
	other.unit = METRIC_UNIT_BYTES;
	ck_assert_uint_eq(metrics_declare(&other).offset, 0);
	other.name = "Bad Name";
	ck_assert_uint_eq(metrics_declare(&other).offset, 0);
	ck_assert_int_eq(segment_value(path, "ms_metrics_refused_total"), 2);
	ck_assert_int_eq(segment_value(path, "ms_test_things_total"), 2);
	segment_remove(path);
}
END_TEST

START_TEST(a_later_process_may_give_a_name_another_meaning)
{
	struct metric_row changed = counter;
	struct metrics_snapshot snapshot;
	const struct metrics_series *s;

	segment_attach(segment_make(path));
	metric_add(metrics_declare(&counter), 2);
	metrics_detach();
	segment_attach(path);
	changed.kind = METRIC_HISTOGRAM;
	changed.flags = METRIC_PRECISE;
	metric_record(metrics_declare(&changed), 5);
	segment_snapshot(path, &snapshot);
	s = metrics_snapshot_find(&snapshot, counter.name, NULL);
	ck_assert_int_eq(s->kind, METRIC_HISTOGRAM);
	ck_assert_uint_eq(s->histogram.count, 1);
	ck_assert_uint_eq(s->histogram.bits, HISTOGRAM_BITS_PRECISE);
	metrics_snapshot_fini(&snapshot);
	metrics_detach();
	segment_attach(path);
	metric_record(metrics_declare(&changed), 5);
	ck_assert_int_eq(segment_value(path, "ms_metrics_refused_total"), 0);
	segment_remove(path);
}
END_TEST

START_TEST(a_changed_sentence_is_the_new_one)
{
	struct metric_row changed = counter;
	struct metrics_snapshot snapshot;

	segment_attach(segment_make(path));
	metric_add(metrics_declare(&counter), 2);
	metrics_detach();
	segment_attach(path);
	changed.help = "Things done at last.";
	metric_add(metrics_declare(&changed), 1);
	segment_snapshot(path, &snapshot);
	ck_assert_str_eq(
	    metrics_snapshot_find(&snapshot, counter.name, NULL)->help,
	    "Things done at last.");
	metrics_snapshot_fini(&snapshot);
	ck_assert_int_eq(segment_value(path, counter.name), 3);
	segment_remove(path);
}
END_TEST

START_TEST(a_full_segment_refuses_and_goes_on)
{
	struct metric_row row = { .kind = METRIC_HISTOGRAM, .help = "Full." };
	struct metric last = { 0 };
	int refused = 0;

	segment_attach(segment_make(path));
	for (int i = 0; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof(name), "ms_test_%d", i);
		row.name = name;
		last = metrics_declare(&row);
		refused += last.offset == 0;
		metric_record(last, 1);
	}
	ck_assert_int_gt(refused, 0);
	ck_assert_int_lt(refused, 100);
	ck_assert_int_eq(segment_value(path, "ms_metrics_refused_total"),
	    refused);
	segment_remove(path);
}
END_TEST

START_TEST(a_second_process_does_not_count_in_the_same_file)
{
	pid_t child;
	int status;

	segment_attach(segment_make(path));
	child = fork();
	if (child == 0) {
		struct why why = { "" };

		metrics_detach();
		_exit(metrics_attach(path, &why) == MS_EBUSY ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	segment_remove(path);
}
END_TEST

START_TEST(a_forked_child_counts_nowhere)
{
	struct metric c;
	pid_t child;
	int status;

	segment_attach(segment_make(path));
	c = metrics_declare(&counter);
	metric_add(c, 1);
	child = fork();
	if (child == 0) {
		metric_add(c, 1);
		metrics_join();
		metric_add(c, 1);
		metric_add(metrics_declare(&counter), 1);
		metrics_life_begin(1, 1);
		_exit(metrics_attached());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	metric_add(c, 1);
	ck_assert_int_eq(segment_value(path, counter.name), 2);
	/* the lock is the parent's still */
	child = fork();
	if (child == 0)
		_exit(metrics_attach(path, NULL) == MS_EBUSY ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	segment_remove(path);
}
END_TEST

START_TEST(life_is_there_to_be_read)
{
	struct metrics_life life;
	struct why why = { "" };

	ck_assert_int_eq(metrics_life_read("/nowhere", &life, &why),
	    MS_ENOTFOUND);
	segment_make(path);
	ck_assert_int_eq(metrics_life_read(path, &life, &why), MS_OK);
	ck_assert_uint_eq(life.pid, 0);
	segment_attach(path);
	metrics_life_begin(7, 1000);
	ck_assert_int_eq(metrics_life_read(path, &life, &why), MS_OK);
	ck_assert_uint_eq(life.pid, (uint32_t)getpid());
	ck_assert_uint_eq(life.generation, 7);
	ck_assert_uint_eq(life.started_ns, 1000);
	ck_assert_uint_gt(life.started_ticks, 0);
	ck_assert_int_eq(life.phase, LIFE_STARTING);
	metrics_life_phase(LIFE_READY);
	metrics_life_busy(0);
	ck_assert_int_eq(metrics_life_read(path, &life, &why), MS_OK);
	ck_assert_int_eq(life.phase, LIFE_READY);
	ck_assert_uint_eq(life.busy_since_ns, 0);
	segment_remove(path);
}
END_TEST

START_TEST(an_exemplar_is_the_worst_of_a_minute)
{
	const uint64_t s = 1000000000;
	struct metric_trace trace = { .trace_id = { 1, 2, 3 } };
	struct metrics_snapshot snapshot;
	const struct metrics_exemplar *e;
	struct metric h;

	segment_attach(segment_make(path));
	h = metrics_declare(&seconds);
	segment_snapshot(path, &snapshot);
	ck_assert_uint_eq(metrics_snapshot_find(&snapshot, seconds.name, NULL)
			      ->exemplar.wall_ns,
	    0);
	metrics_snapshot_fini(&snapshot);
	metric_exemplar(h, 50, &trace, 100 * s);
	metric_exemplar(h, 40, &(struct metric_trace){ 0 }, 159 * s);
	segment_snapshot(path, &snapshot);
	e = &metrics_snapshot_find(&snapshot, seconds.name, NULL)->exemplar;
	ck_assert_uint_eq(e->value, 50);
	ck_assert_mem_eq(&e->trace, &trace, sizeof(trace));
	metrics_snapshot_fini(&snapshot);
	metric_exemplar(h, 40, &trace, 160 * s);
	segment_snapshot(path, &snapshot);
	e = &metrics_snapshot_find(&snapshot, seconds.name, NULL)->exemplar;
	ck_assert_uint_eq(e->value, 40);
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

/* ---- threads ------------------------------------------------------------------ */

#define THREADS 40
#define EACH    20000

static pthread_barrier_t all_joined;

static void *
count_in_thread(void *leaves)
{
	struct metric c = metrics_declare(&counter);
	struct metric h = metrics_declare(&seconds);

	metric_add(c, 1000000); /* not joined: nowhere */
	metrics_join();
	pthread_barrier_wait(&all_joined);
	for (int i = 0; i < EACH; i++) {
		metric_add(c, 1);
		metric_record(h, (uint64_t)i);
	}
	if (leaves)
		metrics_leave();
	return NULL;
}

START_TEST(more_threads_than_shards_lose_nothing)
{
	pthread_t threads[THREADS];
	struct metrics_snapshot snapshot;
	const struct metrics_series *s;

	segment_attach(segment_make(path));
	for (int round = 0; round < 2; round++) {
		pthread_barrier_init(&all_joined, NULL, THREADS);
		for (int i = 0; i < THREADS; i++)
			ck_assert_int_eq(pthread_create(&threads[i], NULL,
					     count_in_thread,
					     i % 2 ? &threads : NULL),
			    0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		pthread_barrier_destroy(&all_joined);
	}
	segment_snapshot(path, &snapshot);
	s = metrics_snapshot_find(&snapshot, seconds.name, NULL);
	ck_assert_uint_eq(s->histogram.count, 2 * THREADS * EACH);
	ck_assert_int_eq(segment_value(path, counter.name), 2 * THREADS * EACH);
	ck_assert_uint_eq(metrics_updates(), 4ull * THREADS * EACH);
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

START_TEST(sampled_totals_are_right_in_the_mean_and_exact_ones_exactly)
{
	struct metric_row exact = counter;
	struct metric c, e, g, h;
	struct metrics_snapshot snapshot;
	const struct metrics_series *s;

	exact.name = "ms_test_exact_total";
	exact.flags = METRIC_EXACT;
	segment_attach(segment_make(path));
	c = metrics_declare(&counter);
	e = metrics_declare(&exact);
	g = metrics_declare(&gauge);
	h = metrics_declare(&seconds);
	metrics_sample(8);
	for (int i = 0; i < 100000; i++) {
		metric_add(c, 3);
		metric_add(e, 1);
		metric_add(g, 1);
		metric_record(h, 100);
	}
	metrics_sample(1);
	metric_add(c, 1);
	ck_assert_int_eq(segment_value(path, "ms_test_exact_total"), 100000);
	ck_assert_int_eq(segment_value(path, "ms_test_open"), 100000);
	/* 6 standard deviations of 100000 throws of one in eight */
	ck_assert_int_gt(segment_value(path, counter.name), 285000);
	ck_assert_int_lt(segment_value(path, counter.name), 315000);
	segment_snapshot(path, &snapshot);
	s = metrics_snapshot_find(&snapshot, seconds.name, NULL);
	ck_assert_uint_gt(s->histogram.count, 95000);
	ck_assert_uint_lt(s->histogram.count, 105000);
	ck_assert_uint_eq(s->histogram.sum, 100 * s->histogram.count);
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

UNIT(metrics, updates_without_a_segment_go_nowhere_and_hurt_nobody,
    a_reader_sees_what_was_counted,
    series_come_in_the_order_of_names_and_labels,
    a_next_process_counts_on_and_its_gauges_begin_at_zero,
    the_same_labels_give_the_same_series_in_every_life,
    too_many_labels_count_as_other_and_nothing_is_lost,
    a_label_is_cut_between_characters_and_made_printable,
    two_rows_of_a_name_that_differ_are_refused_and_counted,
    a_later_process_may_give_a_name_another_meaning,
    a_changed_sentence_is_the_new_one, a_full_segment_refuses_and_goes_on,
    a_second_process_does_not_count_in_the_same_file,
    a_forked_child_counts_nowhere, life_is_there_to_be_read,
    an_exemplar_is_the_worst_of_a_minute, more_threads_than_shards_lose_nothing,
    sampled_totals_are_right_in_the_mean_and_exact_ones_exactly)
