/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/defs.h"
#include "common/loop.h"
#include "t/lib/unit.h"

/* Each step writes its letter: the order of things is a word. */
struct diary {
	char text[64];
	size_t len;
};

struct step {
	struct loop_task task;
	struct loop *loop;
	struct diary *diary;
	char letter;
	struct loop_task *then; /* left for later when this one runs */
};

static void
write_letter(struct diary *diary, char letter)
{
	if (diary->len + 1 < sizeof(diary->text))
		diary->text[diary->len++] = letter;
}

static void
on_step(struct loop_task *task)
{
	struct step *step = container_of(task, struct step, task);

	write_letter(step->diary, step->letter);
	if (step->then)
		loop_later(step->loop, step->then);
}

static struct step
step_of(struct loop *loop, struct diary *diary, char letter)
{
	return (struct step){ .task.run = on_step,
		.loop = loop,
		.diary = diary,
		.letter = letter };
}

START_TEST(posted_tasks_run_in_order_within_one_turn)
{
	struct loop *loop = loop_new();
	struct diary diary = { 0 };
	struct step a = step_of(loop, &diary, 'a');
	struct step b = step_of(loop, &diary, 'b');
	struct step c = step_of(loop, &diary, 'c');

	loop_post(loop, &a.task);
	loop_post(loop, &b.task);
	loop_post(loop, &c.task);
	ck_assert(b.task.queued);
	loop_turn(loop, true);
	ck_assert_str_eq(diary.text, "abc");
	ck_assert(!b.task.queued);
	loop_turn(loop, false);
	ck_assert_str_eq(diary.text, "abc");
	loop_free(&loop);
	ck_assert_ptr_null(loop);
}
END_TEST

struct again {
	struct loop_task task;
	struct loop *loop;
	int runs;
};

static void
on_again(struct loop_task *task)
{
	struct again *again = container_of(task, struct again, task);

	again->runs++;
	loop_post(again->loop, task);
}

START_TEST(a_task_that_posts_itself_runs_once_per_turn)
{
	struct again again = { .task.run = on_again, .loop = loop_new() };

	loop_post(again.loop, &again.task);
	for (int turn = 1; turn <= 5; turn++) {
		loop_turn(again.loop, true);
		ck_assert_int_eq(again.runs, turn);
	}
	loop_free(&again.loop); /* ends although it never would */
}
END_TEST

#define THREADS 4
#define EACH    5000

struct mark {
	struct loop_task task;
	struct crowd *crowd;
	int thread;
	int number;
};

struct crowd {
	struct loop *loop;
	int last[THREADS]; /* number seen last, per thread */
	int out_of_order;
	int seen;
	struct mark *mark[THREADS];
};

static void
on_mark(struct loop_task *task)
{
	struct mark *mark = container_of(task, struct mark, task);
	struct crowd *crowd = mark->crowd;

	if (mark->number != crowd->last[mark->thread] + 1)
		crowd->out_of_order++;
	crowd->last[mark->thread] = mark->number;
	if (++crowd->seen == THREADS * EACH)
		loop_stop(crowd->loop);
}

static void *
post_all(void *arg)
{
	struct mark *mark = arg;

	for (int i = 0; i < EACH; i++)
		loop_post(mark->crowd->loop, &mark[i].task);
	return NULL;
}

static void
crowd_init(struct crowd *crowd)
{
	*crowd = (struct crowd){ .loop = loop_new() };
	for (int t = 0; t < THREADS; t++) {
		crowd->mark[t] = calloc(EACH, sizeof(struct mark));
		ck_assert_ptr_nonnull(crowd->mark[t]);
		for (int i = 0; i < EACH; i++)
			crowd->mark[t][i] = (struct mark){ .task.run = on_mark,
				.crowd = crowd,
				.thread = t,
				.number = i + 1 };
	}
}

static void
crowd_start(struct crowd *crowd, pthread_t thread[static THREADS])
{
	for (int t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&thread[t], NULL, post_all,
				     crowd->mark[t]),
		    0);
}

static void
crowd_join(pthread_t thread[static THREADS])
{
	for (int t = 0; t < THREADS; t++)
		pthread_join(thread[t], NULL);
}

static void
crowd_fini(struct crowd *crowd)
{
	loop_free(&crowd->loop);
	for (int t = 0; t < THREADS; t++)
		free(crowd->mark[t]);
}

START_TEST(many_posts_of_many_threads_are_one_wake_up)
{
	struct crowd crowd;
	pthread_t thread[THREADS];
	unsigned before;

	crowd_init(&crowd);
	crowd_start(&crowd, thread);
	crowd_join(thread);
	before = ev_iteration(loop_ev(crowd.loop));
	loop_turn(crowd.loop, true);
	ck_assert_uint_eq(ev_iteration(loop_ev(crowd.loop)) - before, 1);
	ck_assert_int_eq(crowd.seen, THREADS * EACH);
	ck_assert_int_eq(crowd.out_of_order, 0);
	crowd_fini(&crowd);
}
END_TEST

START_TEST(a_running_loop_loses_no_post_and_keeps_each_threads_order)
{
	struct crowd crowd;
	pthread_t thread[THREADS];

	crowd_init(&crowd);
	crowd_start(&crowd, thread);
	loop_run(crowd.loop); /* ends when all have come */
	crowd_join(thread);
	ck_assert_int_eq(crowd.seen, THREADS * EACH);
	ck_assert_int_eq(crowd.out_of_order, 0);
	crowd_fini(&crowd);
}
END_TEST

static struct step *timer_step; /* what a timer leaves for later */

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct diary *diary = timer->data;

	(void)ev;
	(void)events;
	write_letter(diary, 't');
	if (timer_step) {
		loop_later(timer_step->loop, &timer_step->task);
		timer_step = NULL;
	}
}

START_TEST(later_runs_after_every_ready_watcher_of_the_turn)
{
	struct loop *loop = loop_new();
	struct diary diary = { 0 };
	struct step later = step_of(loop, &diary, 'L');
	ev_timer one, two, three;

	ev_timer_init(&one, on_timer, 0., 0.);
	ev_timer_init(&two, on_timer, 0., 0.);
	ev_timer_init(&three, on_timer, 0., 0.);
	one.data = two.data = three.data = &diary;
	ev_set_priority(&three, EV_MINPRI + 1);
	loop_timer_start(loop, &one, 0);
	loop_timer_start(loop, &two, 0);
	loop_timer_start(loop, &three, 0);
	timer_step = &later;
	while (diary.len < 3)
		loop_turn(loop, true);
	ck_assert_str_eq(diary.text, "tttL");
	loop_free(&loop);
}
END_TEST

START_TEST(work_left_outside_of_a_turn_does_not_wait_for_an_event)
{
	struct loop *loop = loop_new();
	struct diary diary = { 0 };
	struct step a = step_of(loop, &diary, 'a');

	loop_later(loop, &a.task);
	loop_turn(loop, true); /* nothing else would ever wake it */
	ck_assert_str_eq(diary.text, "a");
	loop_free(&loop);
}
END_TEST

START_TEST(later_from_later_is_the_next_turn_and_does_not_wait)
{
	struct loop *loop = loop_new();
	struct diary diary = { 0 };
	struct step a = step_of(loop, &diary, 'a');
	struct step b = step_of(loop, &diary, 'b');

	a.then = &b.task;
	loop_later(loop, &a.task);
	loop_turn(loop, true);
	ck_assert_str_eq(diary.text, "a");
	loop_turn(loop, true);
	ck_assert_str_eq(diary.text, "ab");
	loop_free(&loop);
}
END_TEST

/* A later task reads an object that was given to loop_later_free() before. */
struct mourner {
	struct loop_task task;
	const char *object;
	char seen[8];
};

static void
on_mourn(struct loop_task *task)
{
	struct mourner *m = container_of(task, struct mourner, task);

	snprintf(m->seen, sizeof(m->seen), "%s", m->object);
}

START_TEST(what_is_freed_later_still_stands_for_the_tasks_of_the_turn)
{
	struct loop *loop = loop_new();
	char *object = strdup("alive");
	struct mourner m = { .task.run = on_mourn, .object = object };

	loop_later_free(loop, object);
	ck_assert_str_eq(object, "alive");
	loop_later(loop, &m.task);
	loop_turn(loop, true);
	ck_assert_str_eq(m.seen, "alive");
	loop_free(&loop);
}
END_TEST

struct selfish {
	struct loop_task task;
	struct loop *loop;
};

static void
on_selfish(struct loop_task *task)
{
	struct selfish *s = container_of(task, struct selfish, task);

	loop_later_free(s->loop, s);
}

START_TEST(an_object_may_free_itself_later_from_its_own_task)
{
	struct loop *loop = loop_new();

	for (int i = 0; i < 100; i++) {
		struct selfish *s = calloc(1, sizeof(*s));

		*s = (struct selfish){ .task.run = on_selfish, .loop = loop };
		if (i % 2)
			loop_post(loop, &s->task);
		else
			loop_later(loop, &s->task);
	}
	loop_turn(loop, true);
	loop_later_free(loop, NULL);
	loop_free(&loop); /* the leak checker says the rest */
}
END_TEST

START_TEST(freeing_the_loop_runs_what_was_left)
{
	struct loop *loop = loop_new();
	struct diary diary = { 0 };
	struct step a = step_of(loop, &diary, 'a');
	struct step b = step_of(loop, &diary, 'b');
	struct step c = step_of(loop, &diary, 'c');

	b.then = &c.task;
	loop_post(loop, &a.task);
	loop_later(loop, &b.task);
	loop_later_free(loop, malloc(10));
	loop_free(&loop);
	ck_assert_str_eq(diary.text, "abc");
	loop_free(&loop);
}
END_TEST

START_TEST(a_stop_before_the_run_is_not_forgotten)
{
	struct loop *loop = loop_new();

	loop_stop(loop);
	loop_run(loop);
	loop_stop(loop); /* and each stop ends one run */
	loop_run(loop);
	loop_free(&loop);
}
END_TEST

static void
on_stop_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	loop_stop(timer->data);
}

START_TEST(a_timer_never_fires_early)
{
	struct loop *loop = loop_new();
	struct mono start;
	ev_timer timer;

	ev_timer_init(&timer, on_stop_timer, 0., 0.);
	timer.data = loop;
	for (int i = 0; i < 5; i++) {
		start = mono_now();
		loop_timer_start(loop, &timer, 100000); /* replaced by: */
		loop_timer_start(loop, &timer, 3);
		loop_run(loop);
		ck_assert_uint_ge(mono_ms_between(start, mono_now()), 3);
	}
	loop_free(&loop);
}
END_TEST

START_TEST(an_infinite_timer_is_no_timer)
{
	struct loop *loop = loop_new();
	ev_timer timer;

	ev_timer_init(&timer, on_stop_timer, 0., 0.);
	loop_timer_start(loop, &timer, 5);
	loop_timer_start(loop, &timer, DURATION_INFINITY);
	ck_assert(!ev_is_active(&timer));
	loop_timer_start(loop, &timer, 5);
	ck_assert(ev_is_active(&timer));
	loop_timer_stop(loop, &timer);
	ck_assert(!ev_is_active(&timer));
	loop_free(&loop);
}
END_TEST

START_TEST(the_loop_reaps_nobody)
{
	struct loop *loop = loop_new();
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	loop_turn(loop, false);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	loop_free(&loop);
}
END_TEST

static int
timerfds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	char path[300], target[64];
	int count = 0;

	while ((entry = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		count += strcmp(target, "anon_inode:[timerfd]") == 0;
	}
	closedir(dir);
	return count;
}

START_TEST(the_clock_is_watched_by_a_timerfd_not_by_waking_up)
{
	struct loop *loop = loop_new();

	loop_turn(loop, false);
	ck_assert_int_eq(timerfds(), 1);
	loop_free(&loop);
	ck_assert_int_eq(timerfds(), 0);
}
END_TEST

UNIT(loop, posted_tasks_run_in_order_within_one_turn,
    a_task_that_posts_itself_runs_once_per_turn,
    many_posts_of_many_threads_are_one_wake_up,
    a_running_loop_loses_no_post_and_keeps_each_threads_order,
    later_runs_after_every_ready_watcher_of_the_turn,
    work_left_outside_of_a_turn_does_not_wait_for_an_event,
    later_from_later_is_the_next_turn_and_does_not_wait,
    what_is_freed_later_still_stands_for_the_tasks_of_the_turn,
    an_object_may_free_itself_later_from_its_own_task,
    freeing_the_loop_runs_what_was_left, a_stop_before_the_run_is_not_forgotten,
    a_timer_never_fires_early, an_infinite_timer_is_no_timer,
    the_loop_reaps_nobody, the_clock_is_watched_by_a_timerfd_not_by_waking_up)
