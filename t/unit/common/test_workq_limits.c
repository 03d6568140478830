/* SPDX-License-Identifier: Apache-2.0 */
#include "common/workq_limits.h"
#include "t/lib/unit.h"

static const struct workq_wish none = { 0, 0 };

static struct workq_limits
limits_of(enum workq_kind kind, uint32_t cpus)
{
	return workq_limits_of(kind, cpus, &none);
}

#define ck_threads(kind, cpus, min, max)                             \
	do {                                                         \
		struct workq_limits got = limits_of((kind), (cpus)); \
		ck_assert_uint_eq(got.min_threads, (min));           \
		ck_assert_uint_eq(got.max_threads, (max));           \
	} while (0)

START_TEST(threads_are_a_multiple_of_the_cpus)
{
	ck_threads(WORKQ_COMPUTE, 8, 8, 16);
	ck_threads(WORKQ_IO, 8, 16, 64);
	ck_threads(WORKQ_BLOCKING, 8, 4, 8);
}
END_TEST

START_TEST(the_smallest_machine_has_a_thread_of_each)
{
	ck_threads(WORKQ_COMPUTE, 1, 1, 2);
	ck_threads(WORKQ_IO, 1, 2, 8);
	ck_threads(WORKQ_BLOCKING, 1, 1, 1);
	ck_threads(WORKQ_BLOCKING, 0, 1, 1);
}
END_TEST

START_TEST(the_largest_machine_has_a_bound)
{
	ck_threads(WORKQ_IO, 100000, WORKQ_THREADS_MAX, WORKQ_THREADS_MAX);
}
END_TEST

START_TEST(queues_and_times_are_those_of_the_kind)
{
	struct workq_limits c = limits_of(WORKQ_COMPUTE, 2);
	struct workq_limits i = limits_of(WORKQ_IO, 2);
	struct workq_limits b = limits_of(WORKQ_BLOCKING, 2);

	ck_assert_uint_eq(c.capacity, 10000);
	ck_assert_uint_eq(i.capacity, 50000);
	ck_assert_uint_eq(b.capacity, 1000);
	ck_assert_uint_eq(c.keep_alive_ms, 60000);
	ck_assert_uint_eq(i.keep_alive_ms, 120000);
	ck_assert_uint_eq(b.keep_alive_ms, 30000);
}
END_TEST

START_TEST(a_wish_lowers_threads_and_never_passes_the_multiple)
{
	const struct workq_wish three = { .threads = 3, .capacity = 7 };
	const struct workq_wish many = { .threads = 500 };
	struct workq_limits l = workq_limits_of(WORKQ_IO, 2, &three);

	ck_assert_uint_eq(l.max_threads, 3);
	ck_assert_uint_eq(l.min_threads, 3);
	ck_assert_uint_eq(l.capacity, 7);
	l = workq_limits_of(WORKQ_IO, 2, &many);
	ck_assert_uint_eq(l.max_threads, 16);
	ck_assert_uint_eq(l.min_threads, 4);
}
END_TEST

START_TEST(the_first_threads_come_with_the_first_tasks)
{
	struct workq_limits l = limits_of(WORKQ_COMPUTE, 4);

	ck_assert(!workq_wants_thread(&l, 0, 0));
	ck_assert(workq_wants_thread(&l, 0, 1));
	ck_assert(workq_wants_thread(&l, 3, 1));
}
END_TEST

START_TEST(more_compute_threads_come_when_half_the_queue_waits)
{
	struct workq_limits l = limits_of(WORKQ_COMPUTE, 4);

	ck_assert(!workq_wants_thread(&l, 4, 5000));
	ck_assert(workq_wants_thread(&l, 4, 5001));
	ck_assert(!workq_wants_thread(&l, 8, 10000));
}
END_TEST

START_TEST(more_waiting_threads_come_with_any_task)
{
	struct workq_limits l = limits_of(WORKQ_IO, 2);

	ck_assert(workq_wants_thread(&l, 4, 1));
	ck_assert(workq_wants_thread(&l, 15, 1));
	ck_assert(!workq_wants_thread(&l, 16, 50000));
}
END_TEST

START_TEST(a_process_has_sixteen_threads_per_cpu_at_most)
{
	ck_assert(workq_may_start(4, 31, 2));
	ck_assert(!workq_may_start(4, 32, 2));
	ck_assert(workq_may_start(0, 32, 2)); /* or the task would never run */
	ck_assert(workq_may_start(4, 0, 2));  /* not known */
}
END_TEST

START_TEST(a_share_leaves_work_for_the_others)
{
	ck_assert_uint_eq(workq_share(1, 1), 1);
	ck_assert_uint_eq(workq_share(3, 2), 1);
	ck_assert_uint_eq(workq_share(16, 2), 4);
	ck_assert_uint_eq(workq_share(100000, 2), 32);
	ck_assert_uint_eq(workq_share(5, 0), 2);
}
END_TEST

UNIT(workq_limits, threads_are_a_multiple_of_the_cpus,
    the_smallest_machine_has_a_thread_of_each, the_largest_machine_has_a_bound,
    queues_and_times_are_those_of_the_kind,
    a_wish_lowers_threads_and_never_passes_the_multiple,
    the_first_threads_come_with_the_first_tasks,
    more_compute_threads_come_when_half_the_queue_waits,
    more_waiting_threads_come_with_any_task,
    a_process_has_sixteen_threads_per_cpu_at_most,
    a_share_leaves_work_for_the_others)
