/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics by name.  Each test is a process of its own. */
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>

#include "proto/client/ms.h"
#include "proto/contract.h"
#include "t/lib/segment.h"

static char path[64];

static void
begin(void)
{
	setenv(ENV_METRICS, segment_make(path), 1);
}

static struct ms_metric *
make(int kind, const char *name, const char *const *labels)
{
	struct ms_metric *m;

	ck_assert_int_eq(ms_metric(kind, name, "Help.", labels, &m), MS_OK);
	return m;
}

START_TEST(without_a_segment_nothing_happens)
{
	struct ms_metric *m;

	unsetenv(ENV_METRICS);
	m = make(MS_COUNTER, "calls_total", NULL);
	ck_assert_ptr_null(m);
	ms_metric_add(m, 1);
	ms_metric_set(m, 1);
	ms_metric_record(m, 1);
	setenv(ENV_METRICS, "/no/where", 1);
	ck_assert_ptr_null(make(MS_COUNTER, "calls_total", NULL));
}
END_TEST

START_TEST(values_are_in_the_unit_the_name_says)
{
	const char *labels[] = { "model", "small", NULL };
	struct metrics_snapshot snapshot;
	const struct metrics_series *s;

	begin();
	ms_metric_add(make(MS_COUNTER, "calls_total", labels), 2);
	ms_metric_add(make(MS_COUNTER, "calls_total", labels), -1);
	ms_metric_set(make(MS_GAUGE, "context_bytes", NULL), 4096);
	ms_metric_set(make(MS_GAUGE, "cache_ratio", NULL), 0.25);
	ms_metric_set(make(MS_GAUGE, "level", NULL), -3);
	ms_metric_add(make(MS_GAUGE, "open", NULL), 5);
	ms_metric_add(make(MS_GAUGE, "open", NULL), -2);
	ms_metric_record(make(MS_HISTOGRAM, "call_seconds", NULL), 0.5);
	ms_metric_record(make(MS_HISTOGRAM, "call_seconds", NULL), NAN);
	segment_snapshot(path, &snapshot);
	s = metrics_snapshot_find(&snapshot, "calls_total",
	    (const char *[]){ "small" });
	ck_assert_int_eq(s->value, 2);
	ck_assert_str_eq(s->help, "Help.");
	s = metrics_snapshot_find(&snapshot, "context_bytes", NULL);
	ck_assert_int_eq(s->value, 4096);
	ck_assert_int_eq(s->unit, METRIC_UNIT_BYTES);
	s = metrics_snapshot_find(&snapshot, "cache_ratio", NULL);
	ck_assert_int_eq(s->value, 250000);
	ck_assert_int_eq(segment_value(path, "level"), -3);
	ck_assert_int_eq(segment_value(path, "open"), 3);
	s = metrics_snapshot_find(&snapshot, "call_seconds", NULL);
	ck_assert_uint_eq(s->histogram.count, 2);
	ck_assert_uint_eq(s->histogram.sum, 500000000);
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	const char *same[] = { "a", "1", "a", "2", NULL };
	const char *four[] = { "a", "", "b", "", "c", "", "d", "", NULL };
	const char *half[] = { "a", NULL };
	const char *worker[] = { "worker", "me", NULL };
	struct ms_metric *m;

	begin();
	ck_assert_int_eq(ms_metric(9, "a_total", "", NULL, &m), MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_COUNTER, NULL, "", NULL, &m), MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_COUNTER, "", "", NULL, &m), MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_COUNTER, "A b", "", NULL, &m), MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_COUNTER, "calls", "", NULL, &m),
	    MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_GAUGE, "a_total", "", NULL, &m),
	    MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_GAUGE, "ms_bus_events", "", NULL, &m),
	    MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_HISTOGRAM, "a_bucket", "", NULL, &m),
	    MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_GAUGE, "a", "", same, &m), MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_GAUGE, "a", "", four, &m), MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_GAUGE, "a", "", half, &m), MS_EINVAL);
	ck_assert_int_eq(ms_metric(MS_GAUGE, "a", "", worker, &m), MS_EINVAL);
	make(MS_GAUGE, "a", NULL);
	ck_assert_int_eq(ms_metric(MS_HISTOGRAM, "a", "", NULL, &m), MS_EINVAL);
	ck_assert_ptr_null(m);
	ck_assert_int_eq(ms_metric(MS_GAUGE, "b", NULL, NULL, &m), MS_OK);
	segment_remove(path);
}
END_TEST

START_TEST(the_same_name_is_the_same_metric)
{
	const char *a[] = { "k", "a", NULL }, *b[] = { "k", "b", NULL };

	begin();
	ck_assert_ptr_eq(make(MS_COUNTER, "x_total", a),
	    make(MS_COUNTER, "x_total", a));
	ck_assert_ptr_ne(make(MS_COUNTER, "x_total", a),
	    make(MS_COUNTER, "x_total", b));
	segment_remove(path);
}
END_TEST

START_TEST(an_explosion_of_names_and_labels_is_bounded_and_counted)
{
	struct metrics_snapshot snapshot;
	const struct metrics_series *s;
	char text[32];

	begin();
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "v%d", i);
		ms_metric_add(make(MS_COUNTER, "many_total",
				  (const char *[]){ "k", text, NULL }),
		    1);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "n%d_total", i);
		ms_metric_add(make(MS_COUNTER, text, NULL), 1);
	}
	ck_assert_ptr_null(make(MS_GAUGE, "late", NULL));
	/* who was there before stays himself */
	ms_metric_add(make(MS_COUNTER, "n7_total", NULL), 1);
	segment_snapshot(path, &snapshot);
	ck_assert_uint_le(snapshot.count, MS_METRICS_MAX + 10);
	s = metrics_snapshot_find(&snapshot, "many_total",
	    (const char *[]){ METRIC_OVERFLOW_VALUE });
	ck_assert_int_eq(s->value, 500 - MS_METRIC_VALUES_MAX);
	ck_assert_int_eq(segment_value(path, "n7_total"), 2);
	ck_assert_int_eq(segment_value(path, "process_other_total"),
	    2000 - (MS_METRICS_MAX - MS_METRIC_VALUES_MAX - 1));
	metrics_snapshot_fini(&snapshot);
	segment_remove(path);
}
END_TEST

static void *
count(void *arg)
{
	for (int i = 0; i < 10000; i++)
		ms_metric_add(make(MS_COUNTER, "calls_total", NULL), 1);
	return arg;
}

START_TEST(any_thread_may_count)
{
	pthread_t threads[8];

	begin();
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count, NULL),
		    0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	count(NULL);
	ck_assert_int_eq(segment_value(path, "calls_total"), 90000);
	segment_remove(path);
}
END_TEST

START_TEST(a_next_life_counts_on_and_a_forked_child_does_not)
{
	struct ms_metric *m;
	pid_t child;
	int status;

	begin();
	child = fork();
	if (child == 0) { /* the life before */
		ms_metric_add(make(MS_COUNTER, "calls_total", NULL), 7);
		_exit(0);
	}
	waitpid(child, &status, 0);
	m = make(MS_COUNTER, "calls_total", NULL);
	ms_metric_add(m, 1);
	child = fork();
	if (child == 0) {
		ms_metric_add(m, 100);
		m = NULL;
		(void)!ms_metric(MS_COUNTER, "calls_total", "", NULL, &m);
		ms_metric_add(m, 100);
		_exit(0);
	}
	waitpid(child, &status, 0);
	ck_assert_int_eq(segment_value(path, "calls_total"), 8);
	segment_remove(path);
}
END_TEST

UNIT(metric, without_a_segment_nothing_happens,
    values_are_in_the_unit_the_name_says, what_cannot_be_is_refused,
    the_same_name_is_the_same_metric,
    an_explosion_of_names_and_labels_is_bounded_and_counted,
    any_thread_may_count, a_next_life_counts_on_and_a_forked_child_does_not)
