/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a workq costs: a task handed to a thread and its end told on the loop,
 * by a loop that is busy and by one that sleeps meanwhile, and how many tiny
 * tasks go through in batches.  Beside it what the machine can do at best: the
 * same hand-off with a bare condition variable one way and an eventfd the
 * other.  Where a thread is woken on a processor at rest, all of them but the
 * first take as long as that takes to wake.
 */
#include "common/workq.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/alloc.h"

#define ROUNDS      20000u
#define WARM_ROUNDS 1000u
#define TASKS       4000000u
#define BATCH       1000u
#define BATCHES     4u /* under way at once */

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* ---- one at a time ----------------------------------------------------------- */

struct handoff {
	struct workq_task task;
	struct loop *loop;
	struct workq *q;
	uint64_t begun_ns;
	uint64_t *took_ns;
	size_t rounds;
};

static void
do_nothing(struct workq_task *task)
{
	(void)task;
}

static void
next(struct handoff *h)
{
	h->begun_ns = mono_now().ns;
	if (workq_submit(h->q, WORKQ_COMPUTE, &h->task) != MS_OK)
		abort();
}

static void
on_handoff(struct workq_task *task, enum ms_err err)
{
	struct handoff *h = container_of(task, struct handoff, task);

	(void)err;
	h->took_ns[h->rounds++] = mono_now().ns - h->begun_ns;
	if (h->rounds == WARM_ROUNDS + ROUNDS)
		loop_stop(h->loop);
	else
		next(h);
}

static void
print_quantiles(const char *name, uint64_t *took_ns)
{
	qsort(took_ns + WARM_ROUNDS, ROUNDS, sizeof(took_ns[0]), by_value);
	printf("%s.p50 %.1f us\n", name,
	    (double)took_ns[WARM_ROUNDS + ROUNDS / 2] / 1e3);
	printf("%s.p99 %.1f us\n", name,
	    (double)took_ns[WARM_ROUNDS + ROUNDS / 100 * 99] / 1e3);
}

static void
bench_handoff(const char *name, struct loop *loop, struct workq *q)
{
	struct handoff h = { .task = { .run = do_nothing, .done = on_handoff },
		.loop = loop,
		.q = q };

	h.took_ns = xcalloc(WARM_ROUNDS + ROUNDS, sizeof(h.took_ns[0]));
	next(&h);
	loop_run(loop);
	print_quantiles(name, h.took_ns);
	free(h.took_ns);
}

/* A loop that always has something else to do. */
static void
on_other_work(struct ev_loop *ev, ev_idle *idle, int events)
{
	(void)ev;
	(void)idle;
	(void)events;
}

static void
bench_handoffs(struct loop *loop, struct workq *q)
{
	ev_idle other;

	bench_handoff("workq.handoff.asleep", loop, q);
	ev_idle_init(&other, on_other_work);
	ev_idle_start(loop_ev(loop), &other);
	bench_handoff("workq.handoff", loop, q);
	ev_idle_stop(loop_ev(loop), &other);
}

/* ---- the same, bare ------------------------------------------------------------ */

struct bare {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int todo; /* 0 nothing, 1 a task, 2 the end */
	int ended;
};

static void *
bare_thread(void *arg)
{
	struct bare *b = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (b->todo == 0)
			pthread_cond_wait(&b->wake, &b->lock);
		if (b->todo == 2)
			break;
		b->todo = 0;
		pthread_mutex_unlock(&b->lock);
		if (write(b->ended, &one, sizeof(one)) < 0)
			abort();
		pthread_mutex_lock(&b->lock);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void
bare_say(struct bare *b, int todo)
{
	pthread_mutex_lock(&b->lock);
	b->todo = todo;
	pthread_mutex_unlock(&b->lock);
	pthread_cond_signal(&b->wake);
}

static void
bench_bare(void)
{
	struct bare b = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.wake = PTHREAD_COND_INITIALIZER,
		.ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	struct pollfd fd = { .fd = b.ended, .events = POLLIN };
	uint64_t *took_ns = xcalloc(WARM_ROUNDS + ROUNDS, sizeof(took_ns[0]));
	pthread_t thread;

	if (pthread_create(&thread, NULL, bare_thread, &b) != 0)
		abort();
	for (size_t i = 0; i < WARM_ROUNDS + ROUNDS; i++) {
		uint64_t begun_ns = mono_now().ns, count;

		bare_say(&b, 1);
		if (poll(&fd, 1, -1) < 0 ||
		    read(b.ended, &count, sizeof(count)) < 0)
			abort();
		took_ns[i] = mono_now().ns - begun_ns;
	}
	bare_say(&b, 2);
	pthread_join(thread, NULL);
	close(b.ended);
	print_quantiles("workq.bare", took_ns);
	free(took_ns);
}

/* ---- batches --------------------------------------------------------------------- */

struct crowd {
	struct loop *loop;
	struct workq *q;
	size_t submitted, ended;
	struct member *members;
	struct workq_task **tasks;
};
struct member {
	struct workq_task task;
	struct crowd *crowd;
};

static void
submit_batch(struct crowd *c, size_t first)
{
	if (workq_submit_batch(c->q, WORKQ_COMPUTE, c->tasks + first, BATCH))
		abort();
	c->submitted += BATCH;
}

/* Each batch goes again when all of them have ended. */
static void
on_member(struct workq_task *task, enum ms_err err)
{
	struct crowd *c = container_of(task, struct member, task)->crowd;

	(void)err;
	if (++c->ended == TASKS)
		loop_stop(c->loop);
	if (c->ended % (BATCH * BATCHES) == 0 && c->submitted < TASKS)
		for (size_t i = 0; i < BATCHES; i++)
			submit_batch(c, i * BATCH);
}

static void
bench_batches(struct loop *loop, struct workq *q)
{
	struct crowd c = { .loop = loop, .q = q };
	uint64_t begun_ns, took_ns;

	c.members = xcalloc(BATCH * BATCHES, sizeof(c.members[0]));
	c.tasks = xcalloc(BATCH * BATCHES, sizeof(c.tasks[0]));
	for (size_t i = 0; i < BATCH * BATCHES; i++) {
		c.members[i] = (struct member){ .task = { .run = do_nothing,
						    .done = on_member },
			.crowd = &c };
		c.tasks[i] = &c.members[i].task;
	}
	begun_ns = mono_now().ns;
	for (size_t i = 0; i < BATCHES; i++)
		submit_batch(&c, i * BATCH);
	loop_run(loop);
	took_ns = mono_now().ns - begun_ns;
	printf("workq.tasks %.0f per_s\n", TASKS * 1e9 / (double)took_ns);
	free(c.members);
	free(c.tasks);
}

int
main(void)
{
	struct workq_limits limits[WORKQ_KINDS];
	struct loop *loop = loop_new();
	struct workq *q;

	workq_limits_here(NULL, limits);
	q = workq_new(loop, limits);
	bench_bare();
	bench_handoffs(loop, q);
	bench_batches(loop, q);
	workq_free(&q, 1000);
	loop_free(&loop);
	return 0;
}
