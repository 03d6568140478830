/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/metrics_read.h"
#include "common/workq.h"
#include "t/lib/segment.h"
#include "t/lib/unit.h"

/* ---- given ------------------------------------------------------------------ */

struct bench {
	struct loop *loop;
	struct workq *q;
	int ran, cancelled, shut; /* what done was told */
};

/* A task that waits for `gate` when it has one. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	int inside;
};

struct job {
	struct workq_task task;
	struct bench *bench;
	struct gate *gate;
	int number;
	int runs, dones;
	enum ms_err err;
	bool saw_cancel;
	char thread[16];
};

static void
gate_init(struct gate *gate)
{
	*gate = (struct gate){ .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
}

static void
gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

static void
gate_pass(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->inside++;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->open)
		pthread_cond_wait(&gate->changed, &gate->lock);
	gate->inside--;
	pthread_mutex_unlock(&gate->lock);
}

/* Until so many threads stand before it. */
static void
gate_await(struct gate *gate, int inside)
{
	pthread_mutex_lock(&gate->lock);
	while (gate->inside < inside)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static int
gate_inside(struct gate *gate)
{
	int inside;

	pthread_mutex_lock(&gate->lock);
	inside = gate->inside;
	pthread_mutex_unlock(&gate->lock);
	return inside;
}

static void
run(struct workq_task *task)
{
	struct job *job = container_of(task, struct job, task);

	job->runs++;
	pthread_getname_np(pthread_self(), job->thread, sizeof(job->thread));
	if (job->gate)
		gate_pass(job->gate);
	job->saw_cancel = workq_is_cancelled(task);
}

static void
done(struct workq_task *task, enum ms_err err)
{
	struct job *job = container_of(task, struct job, task);

	job->dones++;
	job->err = err;
	job->bench->ran += err == MS_OK;
	job->bench->cancelled += err == MS_ECANCELLED;
	job->bench->shut += err == MS_ESHUTDOWN;
}

static struct job
job_of(struct bench *bench, struct gate *gate)
{
	return (struct job){ .task = { .run = run, .done = done },
		.bench = bench,
		.gate = gate };
}

static struct bench
bench_of(uint32_t min, uint32_t max, uint64_t keep_alive_ms, uint32_t capacity)
{
	struct workq_limits limits[WORKQ_KINDS];
	struct bench b = { .loop = loop_new() };

	for (size_t i = 0; i < WORKQ_KINDS; i++)
		limits[i] = (struct workq_limits){ .min_threads = min,
			.max_threads = max,
			.keep_alive_ms = keep_alive_ms,
			.capacity = capacity,
			.grow_at = 1 };
	b.q = workq_new(b.loop, limits);
	return b;
}

static void
bench_fini(struct bench *b)
{
	ck_assert_uint_eq(workq_free(&b->q, 10000), 0);
	ck_assert_ptr_null(b->q);
	loop_free(&b->loop);
}

static void
turn_until(struct bench *b, const int *count, int value)
{
	while (*count < value)
		loop_turn(b->loop, true);
	ck_assert_int_eq(*count, value);
}

static struct workq_stats
stats_of(struct bench *b, enum workq_kind kind)
{
	struct workq_stats stats;

	workq_stats(b->q, kind, &stats);
	return stats;
}

/* By their names: a sanitizer has threads of its own. */
static int
count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	char path[64], name[4];
	int count = 0;

	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm",
		    entry->d_name);
		FILE *file = fopen(path, "r");

		if (!file)
			continue;
		count +=
		    fgets(name, sizeof(name), file) && strcmp(name, "ms-") == 0;
		fclose(file);
	}
	closedir(dir);
	return count;
}

/* ---- running ------------------------------------------------------------------ */

START_TEST(a_task_runs_on_a_named_thread_and_ends_on_the_loop)
{
	static const char *const names[] = { "ms-compute-0", "ms-io-0",
		"ms-blocking-0" };
	struct bench b = bench_of(1, 1, 60000, 10);

	for (int kind = 0; kind < WORKQ_KINDS; kind++) {
		struct job job = job_of(&b, NULL);

		ck_assert_int_eq(workq_submit(b.q, (enum workq_kind)kind,
				     &job.task),
		    MS_OK);
		ck_assert_int_eq(job.dones, 0);
		turn_until(&b, &job.dones, 1);
		ck_assert_int_eq(job.runs, 1);
		ck_assert_int_eq(job.err, MS_OK);
		ck_assert_str_eq(job.thread, names[kind]);
	}
	bench_fini(&b);
}
END_TEST

START_TEST(who_never_submits_has_no_thread)
{
	struct bench b = bench_of(4, 8, 60000, 10);

	ck_assert_int_eq(count_threads(), 0);
	bench_fini(&b);
}
END_TEST

START_TEST(a_task_may_be_submitted_again_from_its_end)
{
	struct bench b = bench_of(1, 1, 60000, 1);
	struct job job = job_of(&b, NULL);

	for (int i = 1; i <= 100; i++) {
		ck_assert_int_eq(workq_submit(b.q, WORKQ_IO, &job.task), MS_OK);
		turn_until(&b, &job.dones, i);
	}
	bench_fini(&b);
}
END_TEST

START_TEST(one_thread_runs_tasks_in_order_even_by_shares)
{
	struct bench b = bench_of(1, 1, 60000, 1000);
	struct gate gate;
	struct job first = job_of(&b, &gate), jobs[500];
	struct workq_task *tasks[500];

	gate_init(&gate);
	ck_assert_int_eq(workq_submit(b.q, WORKQ_IO, &first.task), MS_OK);
	gate_await(&gate, 1);
	for (int i = 0; i < 500; i++) {
		jobs[i] = job_of(&b, NULL);
		jobs[i].number = i;
		tasks[i] = &jobs[i].task;
	}
	ck_assert_int_eq(workq_submit_batch(b.q, WORKQ_IO, tasks, 500), MS_OK);
	gate_open(&gate);
	for (int i = 0; i < 500; i++) {
		/* ends come in the order of runs */
		turn_until(&b, &jobs[i].dones, 1);
		if (i + 1 < 500)
			ck_assert_int_ge(jobs[i].dones, jobs[i + 1].dones);
	}
	bench_fini(&b);
}
END_TEST

START_TEST(many_ends_are_one_wake_up)
{
	struct bench b = bench_of(2, 2, 60000, 1000);
	struct job jobs[1000];
	struct workq_task *tasks[1000];
	unsigned before;

	for (int i = 0; i < 1000; i++) {
		jobs[i] = job_of(&b, NULL);
		tasks[i] = &jobs[i].task;
	}
	workq_submit_batch(b.q, WORKQ_COMPUTE, tasks, 1000);
	while (stats_of(&b, WORKQ_COMPUTE).idle < 2 ||
	    stats_of(&b, WORKQ_COMPUTE).waiting > 0)
		usleep(100);
	before = ev_iteration(loop_ev(b.loop));
	loop_turn(b.loop, true);
	ck_assert_int_eq(b.ran, 1000);
	ck_assert_uint_eq(ev_iteration(loop_ev(b.loop)) - before, 1);
	bench_fini(&b);
}
END_TEST

START_TEST(threads_have_no_signal_of_ours)
{
	struct bench b = bench_of(1, 1, 60000, 10);
	struct job job = job_of(&b, NULL);
	char path[64], line[256], mask[64] = "";
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;

	workq_submit(b.q, WORKQ_IO, &job.task);
	turn_until(&b, &job.dones, 1);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/status",
		    entry->d_name);
		FILE *file = fopen(path, "r");
		bool ours = false;

		while (file && fgets(line, sizeof(line), file)) {
			ours |= strstr(line, "ms-io-0") != NULL;
			if (ours)
				sscanf(line, "SigBlk: %63s", mask);
		}
		fclose(file);
	}
	closedir(dir);
	/* all but KILL, STOP and libc's own two */
	ck_assert_str_eq(mask, "fffffffe7ffbfeff");
	bench_fini(&b);
}
END_TEST

/* ---- refusing ------------------------------------------------------------------- */

START_TEST(a_full_queue_refuses_and_takes_again_later)
{
	struct bench b = bench_of(1, 1, 60000, 2);
	struct gate gate;
	struct job running = job_of(&b, &gate), waits = job_of(&b, NULL),
		   waits_too = job_of(&b, NULL), refused = job_of(&b, NULL);

	gate_init(&gate);
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	ck_assert_int_eq(workq_submit(b.q, WORKQ_IO, &waits.task), MS_OK);
	ck_assert_int_eq(workq_submit(b.q, WORKQ_IO, &waits_too.task), MS_OK);
	ck_assert_int_eq(workq_submit(b.q, WORKQ_IO, &refused.task), MS_EBUSY);
	/* another pool has a queue of its own */
	ck_assert_int_eq(workq_submit(b.q, WORKQ_BLOCKING, &refused.task),
	    MS_OK);
	turn_until(&b, &refused.dones, 1);
	gate_open(&gate);
	turn_until(&b, &b.ran, 4);
	ck_assert_int_eq(workq_submit(b.q, WORKQ_IO, &refused.task), MS_OK);
	turn_until(&b, &refused.dones, 2);
	ck_assert_uint_eq(stats_of(&b, WORKQ_IO).refused, 1);
	bench_fini(&b);
}
END_TEST

START_TEST(a_batch_is_taken_whole_or_not_at_all)
{
	struct bench b = bench_of(1, 1, 60000, 3);
	struct gate gate;
	struct job running = job_of(&b, &gate), jobs[4];
	struct workq_task *tasks[4];

	gate_init(&gate);
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	for (int i = 0; i < 4; i++) {
		jobs[i] = job_of(&b, NULL);
		tasks[i] = &jobs[i].task;
	}
	ck_assert_int_eq(workq_submit_batch(b.q, WORKQ_IO, tasks, 4), MS_EBUSY);
	ck_assert_uint_eq(stats_of(&b, WORKQ_IO).waiting, 0);
	ck_assert_int_eq(workq_submit_batch(b.q, WORKQ_IO, tasks, 0), MS_OK);
	ck_assert_int_eq(workq_submit_batch(b.q, WORKQ_IO, tasks, 3), MS_OK);
	gate_open(&gate);
	turn_until(&b, &b.ran, 4);
	ck_assert_int_eq(jobs[3].dones, 0);
	bench_fini(&b);
}
END_TEST

/* ---- cancelling -------------------------------------------------------------------- */

START_TEST(a_waiting_task_that_is_cancelled_never_runs_and_is_told_so)
{
	struct bench b = bench_of(1, 1, 60000, 10);
	struct gate gate;
	struct job running = job_of(&b, &gate), waits = job_of(&b, NULL);

	gate_init(&gate);
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	workq_submit(b.q, WORKQ_IO, &waits.task);
	workq_cancel(b.q, &waits.task);
	workq_cancel(b.q, &waits.task);
	ck_assert_int_eq(waits.dones, 0); /* not inside the call */
	ck_assert_uint_eq(stats_of(&b, WORKQ_IO).waiting, 0);
	turn_until(&b, &waits.dones, 1); /* while the thread is busy */
	ck_assert_int_eq(waits.err, MS_ECANCELLED);
	ck_assert_int_eq(waits.runs, 0);
	gate_open(&gate);
	turn_until(&b, &running.dones, 1);
	ck_assert(!running.saw_cancel);
	bench_fini(&b);
}
END_TEST

START_TEST(a_running_task_sees_that_it_is_cancelled)
{
	struct bench b = bench_of(1, 1, 60000, 10);
	struct gate gate;
	struct job running = job_of(&b, &gate);

	gate_init(&gate);
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	workq_cancel(b.q, &running.task);
	gate_open(&gate);
	turn_until(&b, &running.dones, 1);
	ck_assert(running.saw_cancel);
	ck_assert_int_eq(running.err, MS_OK); /* it ran */
	workq_cancel(b.q, &running.task);     /* over: nothing */
	workq_submit(b.q, WORKQ_IO, &running.task);
	turn_until(&b, &running.dones, 2);
	ck_assert(!running.saw_cancel);
	bench_fini(&b);
}
END_TEST

START_TEST(a_task_in_the_share_of_a_busy_thread_is_cancelled_too)
{
	struct bench b = bench_of(1, 1, 60000, 100);
	struct gate gate, second;
	struct job running = job_of(&b, &gate), blocks = job_of(&b, &second),
		   jobs[31];
	struct workq_task *tasks[32] = { &blocks.task };

	gate_init(&gate);
	gate_init(&second);
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	for (int i = 0; i < 31; i++) {
		jobs[i] = job_of(&b, NULL);
		tasks[i + 1] = &jobs[i].task;
	}
	workq_submit_batch(b.q, WORKQ_IO, tasks, 32);
	gate_open(&gate);
	gate_await(&second, 1); /* half of the batch is its share */
	ck_assert_uint_eq(stats_of(&b, WORKQ_IO).waiting, 16);
	for (int i = 0; i < 31; i++)
		workq_cancel(b.q, &jobs[i].task);
	gate_open(&second);
	turn_until(&b, &b.cancelled, 31);
	turn_until(&b, &b.ran, 2);
	bench_fini(&b);
}
END_TEST

START_TEST(a_recalled_task_is_back_at_once_and_nothing_is_told)
{
	struct bench b = bench_of(1, 1, 60000, 10);
	struct gate gate;
	struct job running = job_of(&b, &gate), waits = job_of(&b, NULL);

	gate_init(&gate);
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	workq_submit(b.q, WORKQ_IO, &waits.task);
	ck_assert(!workq_recall(b.q, &waits.task));
	ck_assert_int_eq(waits.runs, 0);
	gate_open(&gate);
	ck_assert(workq_recall(b.q, &running.task)); /* waits for its end */
	ck_assert_int_eq(running.runs, 1);
	ck_assert(!workq_recall(b.q, &running.task)); /* it is ours already */
	loop_turn(b.loop, false);
	ck_assert_int_eq(running.dones + waits.dones, 0);
	workq_submit(b.q, WORKQ_IO, &running.task);
	turn_until(&b, &running.dones, 1);
	bench_fini(&b);
}
END_TEST

/* ---- threads ------------------------------------------------------------------------ */

START_TEST(threads_come_as_tasks_wait_and_surplus_ones_leave)
{
	struct bench b = bench_of(1, 4, 20, 100);
	struct gate gate;
	struct job jobs[6];

	gate_init(&gate);
	for (int i = 0; i < 6; i++) {
		jobs[i] = job_of(&b, &gate);
		workq_submit(b.q, WORKQ_IO, &jobs[i].task);
	}
	gate_await(&gate, 4);
	ck_assert_uint_eq(stats_of(&b, WORKQ_IO).threads, 4);
	ck_assert_uint_eq(stats_of(&b, WORKQ_IO).waiting, 2);
	gate_open(&gate);
	turn_until(&b, &b.ran, 6);
	/* each that leaves is joined by the loop */
	while (count_threads() > 1)
		loop_turn(b.loop, true);
	ck_assert_uint_eq(stats_of(&b, WORKQ_IO).threads, 1);
	/* the places are used again */
	gate_init(&gate);
	for (int i = 0; i < 6; i++)
		workq_submit(b.q, WORKQ_IO, &jobs[i].task);
	while (gate_inside(&gate) < 4) /* the last may not be joined yet */
		loop_turn(b.loop, false);
	gate_open(&gate);
	turn_until(&b, &b.ran, 12);
	bench_fini(&b);
	ck_assert_int_eq(count_threads(), 0);
}
END_TEST

START_TEST(idle_threads_steal_from_the_share_of_a_busy_one)
{
	struct bench b = bench_of(2, 2, 60000, 100);
	struct gate gate, second;
	struct job a = job_of(&b, &gate), c = job_of(&b, &gate),
		   blocks = job_of(&b, &second), jobs[31];
	struct workq_task *tasks[32] = { &blocks.task };

	gate_init(&gate);
	gate_init(&second);
	workq_submit(b.q, WORKQ_IO, &a.task);
	workq_submit(b.q, WORKQ_IO, &c.task);
	gate_await(&gate, 2);
	for (int i = 0; i < 31; i++) {
		jobs[i] = job_of(&b, NULL);
		tasks[i + 1] = &jobs[i].task;
	}
	workq_submit_batch(b.q, WORKQ_IO, tasks, 32);
	gate_open(&gate);
	/* whoever took `blocks` sits on a share; the other ends all of it */
	turn_until(&b, &b.ran, 33);
	ck_assert_uint_ge(stats_of(&b, WORKQ_IO).stolen, 1);
	gate_open(&second);
	turn_until(&b, &b.ran, 34);
	bench_fini(&b);
}
END_TEST

/* ---- the numbers ----------------------------------------------------------------------- */

static int64_t
number(const struct metrics_snapshot *snapshot, const char *name)
{
	const char *const io[] = { "io" };
	const struct metrics_series *s =
	    metrics_snapshot_find(snapshot, name, io);

	ck_assert_msg(s != NULL, "%s", name);
	return s->kind == METRIC_HISTOGRAM ? (int64_t)s->histogram.count
					   : s->value;
}

START_TEST(all_of_it_is_counted)
{
	char path[64];
	struct metrics_snapshot snapshot;
	struct gate gate;
	struct bench b;
	struct job running, waits[3];
	struct why why;

	segment_attach(segment_make(path));
	gate_init(&gate);
	b = bench_of(1, 1, 60000, 2);
	running = job_of(&b, &gate);
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	for (int i = 0; i < 3; i++) {
		waits[i] = job_of(&b, NULL);
		(void)!workq_submit(b.q, WORKQ_IO, &waits[i].task);
	}
	workq_cancel(b.q, &waits[1].task);
	ck_assert_int_eq(metrics_snapshot_read(path, &snapshot, &why), MS_OK);
	ck_assert_int_eq(number(&snapshot, "ms_workq_threads"), 1);
	ck_assert_int_eq(number(&snapshot, "ms_workq_depth"), 1);
	ck_assert_int_eq(number(&snapshot, "ms_workq_submitted_total"), 3);
	ck_assert_int_eq(number(&snapshot, "ms_workq_refused_total"), 1);
	ck_assert_int_eq(number(&snapshot, "ms_workq_cancelled_total"), 1);
	ck_assert_int_eq(number(&snapshot, "ms_workq_stolen_total"), 0);
	metrics_snapshot_fini(&snapshot);
	gate_open(&gate);
	bench_fini(&b);
	ck_assert_int_eq(metrics_snapshot_read(path, &snapshot, &why), MS_OK);
	ck_assert_int_eq(number(&snapshot, "ms_workq_threads"), 0);
	ck_assert_int_eq(number(&snapshot, "ms_workq_depth"), 0);
	ck_assert_int_eq(number(&snapshot, "ms_workq_wait_seconds"), 2);
	ck_assert_int_eq(number(&snapshot, "ms_workq_run_seconds"), 2);
	metrics_snapshot_fini(&snapshot);
	metrics_detach();
	segment_remove(path);
}
END_TEST

/* ---- the end --------------------------------------------------------------------------- */

START_TEST(a_free_with_patience_lets_everything_run)
{
	struct bench b = bench_of(2, 2, 60000, 1000);
	struct job jobs[1000];
	struct workq_task *tasks[1000];

	for (int i = 0; i < 1000; i++) {
		jobs[i] = job_of(&b, NULL);
		tasks[i] = &jobs[i].task;
	}
	workq_submit_batch(b.q, WORKQ_BLOCKING, tasks, 1000);
	ck_assert_uint_eq(workq_free(&b.q, 60000), 0);
	ck_assert_int_eq(b.ran, 1000);
	loop_free(&b.loop);
}
END_TEST

static void
run_until_cancelled(struct workq_task *task)
{
	struct job *job = container_of(task, struct job, task);

	pthread_mutex_lock(&job->gate->lock);
	job->gate->inside++;
	pthread_cond_broadcast(&job->gate->changed);
	pthread_mutex_unlock(&job->gate->lock);
	while (!workq_is_cancelled(task))
		usleep(1000);
	job->runs++;
}

START_TEST(a_free_without_patience_tells_what_did_not_run)
{
	struct bench b = bench_of(1, 1, 60000, 100);
	struct gate gate;
	struct job running = job_of(&b, &gate), jobs[10];

	gate_init(&gate);
	running.task.run = run_until_cancelled;
	workq_submit(b.q, WORKQ_IO, &running.task);
	gate_await(&gate, 1);
	for (int i = 0; i < 10; i++) {
		jobs[i] = job_of(&b, NULL);
		workq_submit(b.q, WORKQ_IO, &jobs[i].task);
	}
	ck_assert_uint_eq(workq_free(&b.q, 0), 0);
	ck_assert_int_eq(running.err, MS_OK);
	ck_assert_int_eq(running.runs, 1);
	ck_assert_int_eq(b.shut, 10);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(jobs[i].dones, 1);
	loop_free(&b.loop);
}
END_TEST

START_TEST(a_run_that_does_not_end_is_left_alone)
{
	static struct gate gate; /* as the rest: outlives the test */
	static struct bench b;
	static struct job stuck;
	static struct workq *left;
	struct job waits;

	gate_init(&gate);
	b = bench_of(1, 1, 60000, 100);
	stuck = job_of(&b, &gate);
	waits = job_of(&b, NULL);
	workq_submit(b.q, WORKQ_IO, &stuck.task);
	gate_await(&gate, 1);
	workq_submit(b.q, WORKQ_IO, &waits.task);
	left = b.q;
	ck_assert_uint_eq(workq_free(&b.q, 0), 1);
	ck_assert_ptr_ne(left, b.q);
	ck_assert_ptr_null(b.q);
	ck_assert_int_eq(waits.err, MS_ESHUTDOWN);
	ck_assert_int_eq(stuck.dones, 0);
	loop_free(&b.loop);
	gate_open(&gate); /* its thread ends without the loop */
	while (count_threads() > 0)
		usleep(1000);
	ck_assert_int_eq(stuck.dones, 0);
}
END_TEST

static void
submit_from_done(struct workq_task *task, enum ms_err err)
{
	struct job *job = container_of(task, struct job, task);

	job->dones++;
	ck_assert_int_eq(err, MS_OK);
	job->err = workq_submit(job->bench->q, WORKQ_IO, &job->task);
}

START_TEST(nothing_is_taken_once_the_end_has_begun)
{
	struct bench b = bench_of(1, 1, 60000, 100);
	struct job job = job_of(&b, NULL);

	job.task.done = submit_from_done;
	workq_submit(b.q, WORKQ_IO, &job.task);
	ck_assert_uint_eq(workq_free(&b.q, 60000), 0);
	ck_assert_int_eq(job.dones, 1);
	ck_assert_int_eq(job.err, MS_ESHUTDOWN);
	loop_free(&b.loop);
}
END_TEST

START_TEST(an_end_that_frees_the_workq_may_do_so_inside_a_turn)
{
	struct bench b = bench_of(1, 2, 60000, 100);
	struct job job = job_of(&b, NULL);

	workq_submit(b.q, WORKQ_IO, &job.task);
	while (stats_of(&b, WORKQ_IO).idle == 0)
		usleep(100);
	workq_free(&b.q, 1000); /* its wake-up is still posted */
	ck_assert_int_eq(job.dones, 1);
	loop_turn(b.loop, false);
	loop_free(&b.loop);
}
END_TEST

/* ---- everything at once ---------------------------------------------------------------------- */

#define STORM_JOBS 64

struct storm_job {
	struct workq_task task;
	struct storm *storm;
	unsigned plain; /* written by the run, read by the end: no atomics */
	bool out;
};

struct storm {
	struct loop *loop;
	struct workq *q;
	unsigned dice;
	size_t submitted, refused, ended, cancelled, recalled, ran;
	struct storm_job jobs[STORM_JOBS];
};

static unsigned throw(struct storm * s)
{
	s->dice = s->dice * 1103515245u + 12345u;
	return s->dice >> 16;
}

static void
storm_run(struct workq_task *task)
{
	struct storm_job *job = container_of(task, struct storm_job, task);

	for (unsigned i = 0; i < job->plain % 512; i++)
		if (workq_is_cancelled(task))
			break;
	job->plain++;
}

static void
storm_done(struct workq_task *task, enum ms_err err)
{
	struct storm_job *job = container_of(task, struct storm_job, task);

	ck_assert(job->out);
	job->out = false;
	job->plain++;
	job->storm->ended++;
	job->storm->ran += err == MS_OK;
	job->storm->cancelled += err == MS_ECANCELLED;
}

static void
storm_step(struct storm *s)
{
	struct storm_job *job = &s->jobs[throw(s) % STORM_JOBS];
	enum workq_kind kind = (enum workq_kind)(throw(s) % WORKQ_KINDS);

	if (!job->out) {
		job->plain++;
		job->out = workq_submit(s->q, kind, &job->task) == MS_OK;
		s->submitted += job->out;
		s->refused += !job->out;
	} else if (throw(s) % 4 == 0) {
		workq_cancel(s->q, &job->task);
	} else if (throw(s) % 16 == 0) {
		workq_recall(s->q, &job->task);
		job->out = false;
		s->recalled++;
	}
	if (throw(s) % 8 == 0)
		loop_turn(s->loop, false);
}

/* WORKQ_STORM=N steps; the default is for every day. */
START_TEST(a_storm_of_submitting_cancelling_and_recalling_loses_nothing)
{
	struct workq_limits limits[WORKQ_KINDS];
	const char *wish = getenv("WORKQ_STORM");
	long steps = wish ? atol(wish) : 20000;
	struct storm *s = calloc(1, sizeof(*s));

	for (size_t i = 0; i < WORKQ_KINDS; i++)
		/* keep-alive 0: threads come and go all the time */
		limits[i] = (struct workq_limits){ .min_threads = 1,
			.max_threads = 3,
			.keep_alive_ms = i,
			.capacity = 12,
			.grow_at = 1 };
	s->loop = loop_new();
	s->q = workq_new(s->loop, limits);
	s->dice = 1;
	for (size_t i = 0; i < STORM_JOBS; i++)
		s->jobs[i] = (struct storm_job){ .task = { .run = storm_run,
						     .done = storm_done },
			.storm = s };
	for (long i = 0; i < steps; i++)
		storm_step(s);
	ck_assert_uint_eq(workq_free(&s->q, 60000), 0);
	ck_assert_uint_eq(s->submitted, s->ended + s->recalled);
	ck_assert_uint_eq(s->ended, s->ran + s->cancelled);
	ck_assert_uint_gt(s->ran, 0);
	loop_free(&s->loop);
	free(s);
}
END_TEST

UNIT(workq, a_task_runs_on_a_named_thread_and_ends_on_the_loop,
    who_never_submits_has_no_thread, a_task_may_be_submitted_again_from_its_end,
    one_thread_runs_tasks_in_order_even_by_shares, many_ends_are_one_wake_up,
    threads_have_no_signal_of_ours, a_full_queue_refuses_and_takes_again_later,
    a_batch_is_taken_whole_or_not_at_all,
    a_waiting_task_that_is_cancelled_never_runs_and_is_told_so,
    a_running_task_sees_that_it_is_cancelled,
    a_task_in_the_share_of_a_busy_thread_is_cancelled_too,
    a_recalled_task_is_back_at_once_and_nothing_is_told,
    threads_come_as_tasks_wait_and_surplus_ones_leave,
    idle_threads_steal_from_the_share_of_a_busy_one, all_of_it_is_counted,
    a_free_with_patience_lets_everything_run,
    a_free_without_patience_tells_what_did_not_run,
    a_run_that_does_not_end_is_left_alone,
    nothing_is_taken_once_the_end_has_begun,
    an_end_that_frees_the_workq_may_do_so_inside_a_turn,
    a_storm_of_submitting_cancelling_and_recalling_loses_nothing)
