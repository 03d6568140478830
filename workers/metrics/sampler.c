/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/sampler.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/contract.h"
#include "workers/metrics/own.h"
#include "workers/metrics/tree_client.h"

struct sampler {
	struct loop *loop;
	const struct metrics_conf *conf;
	const struct metric *own;
	void (*on_sample)(void *arg, struct sample *sample);
	void *arg;
	char *dir; /* of the segments */
	ev_timer tick;
	struct sample_wait tick_wait;
	struct loop_task more; /* a piece of the work */
	struct tree_client tree;
	TAILQ_HEAD(, sample_wait) waits;
	struct sample *making; /* NULL: nobody has asked */
	bool tree_awaited;
	size_t procs_read; /* of making->tree */
	struct sample *last;
	bool freed; /* by the piece that is on its way */
};

/* ---- a sample -------------------------------------------------------------- */

struct sample *
sample_hold(struct sample *sample)
{
	sample->holders++;
	return sample;
}

void
sample_drop(struct sample **sample)
{
	struct sample *s = *sample;

	*sample = NULL;
	if (!s || --s->holders)
		return;
	metrics_set_fini(&s->numbers);
	if (s->has_tree)
		tree_facts_fini(&s->tree);
	free(s);
}

/* ---- taking one ------------------------------------------------------------ */

static void
finish(struct sampler *s)
{
	struct sample *sample = s->making;
	struct sample_wait *wait;

	s->making = NULL;
	sample->at = mono_now();
	sample->wall_ns = wall_ns();
	metric_record(s->own[OWN_SAMPLE_SECONDS], sample->took_ns);
	metric_set(s->own[OWN_SERIES], (int64_t)sample->series);
	sample_drop(&s->last);
	s->last = sample;
	sample_hold(sample); /* a waiter may ask for the next one */
	while ((wait = TAILQ_FIRST(&s->waits))) {
		TAILQ_REMOVE(&s->waits, wait, link);
		wait->waiting = false;
		wait->done(wait, sample);
	}
	sample_drop(&sample);
}

/* A worker that died meanwhile has no facts. */
static bool
read_next_proc(struct sampler *s)
{
	struct tree_facts *tree = &s->making->tree;
	struct tree_worker *w;

	if (!s->making->has_tree || s->procs_read == tree->count)
		return false;
	w = &tree->workers[s->procs_read++];
	if (w->pid)
		w->has_proc = proc_facts_read((pid_t)w->pid, &w->proc);
	return true;
}

/* Once, not at every sample. */
static void
tell_unreadable(const struct sampler *s, const struct metrics_source *source)
{
	const struct metrics_source *before =
	    s->last ? metrics_set_find(&s->last->numbers, source->name) : NULL;

	if (source->err != MS_ENOTFOUND &&
	    (!before || before->err != source->err))
		log_warn("numbers cannot be read", "name=%s reason=%s",
		    source->name, LOGQ(source->why.text));
}

static bool
read_next_segment(struct sampler *s, size_t *series)
{
	const struct metrics_source *source;

	if (!metrics_set_next(&s->making->numbers, &source))
		return false;
	*series += source->snapshot.count;
	if (source->err)
		tell_unreadable(s, source);
	return true;
}

/* As much as a turn may take; true when nothing is left to read. */
static bool
read_piece(struct sampler *s)
{
	struct mono start = mono_now(), now = start;
	uint64_t limit_ns = s->conf->max_collection_time_ms * 1000000;
	size_t series = 0;
	bool more = true;

	while (more && series < s->conf->batch_size &&
	    now.ns - start.ns < limit_ns) {
		more = read_next_segment(s, &series) || read_next_proc(s);
		now = mono_now();
	}
	s->making->took_ns += now.ns - start.ns;
	s->making->series += series;
	metric_add(s->own[OWN_SAMPLE_PIECES], 1);
	return !more;
}

static void
on_more(struct loop_task *task)
{
	struct sampler *s = container_of(task, struct sampler, more);

	if (s->freed)
		free(s);
	else if (!s->making)
		return;
	else if (!read_piece(s))
		loop_post(s->loop, &s->more); /* others first */
	else if (!s->tree_awaited)
		finish(s);
}

static void
on_tree(struct tree_client *client, struct tree_facts *facts)
{
	struct sampler *s = container_of(client, struct sampler, tree);

	s->tree_awaited = false;
	if (facts) {
		s->making->tree = *facts;
		s->making->has_tree = true;
	}
	if (!s->more.queued)
		loop_post(s->loop, &s->more);
}

static void
begin(struct sampler *s)
{
	struct why why = { "" };
	enum ms_err err;

	s->making = xcalloc(1, sizeof(*s->making));
	s->making->holders = 1;
	s->procs_read = 0;
	err = metrics_set_open(&s->making->numbers, s->dir, &why);
	if (err && err != MS_ENOTFOUND)
		log_warn("numbers cannot be found", "reason=%s",
		    LOGQ(why.text));
	s->tree_awaited = tree_client_ask(&s->tree);
	if (!s->more.queued)
		loop_post(s->loop, &s->more);
}

/* ---- the tick -------------------------------------------------------------- */

static void
on_tick_sample(struct sample_wait *wait, struct sample *sample)
{
	struct sampler *s = container_of(wait, struct sampler, tick_wait);

	s->on_sample(s->arg, sample);
}

static void
on_tick(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct sampler *s = container_of(timer, struct sampler, tick);

	(void)ev;
	(void)events;
	if (!s->tick_wait.waiting)
		sampler_ask(s, &s->tick_wait);
}

/* ---- public ---------------------------------------------------------------- */

struct sampler *
sampler_new(struct loop *loop, const char *run_dir,
    const struct metrics_conf *conf, const struct metric *own,
    void (*on_sample)(void *arg, struct sample *sample), void *arg)
{
	struct sampler *s = xcalloc(1, sizeof(*s));
	double every = (double)conf->sample_interval_ms / 1000;

	s->loop = loop;
	s->conf = conf;
	s->own = own;
	s->on_sample = on_sample;
	s->arg = arg;
	s->dir = xasprintf("%s/" METRICS_DIR, run_dir);
	s->more.run = on_more;
	s->tick_wait.done = on_tick_sample;
	TAILQ_INIT(&s->waits);
	ev_timer_init(&s->tick, on_tick, 0., every);
	tree_client_init(&s->tree, loop, getenv(ENV_SOCKET), on_tree);
	return s;
}

void
sampler_start(struct sampler *s)
{
	ev_timer_start(loop_ev(s->loop), &s->tick);
}

void
sampler_free(struct sampler **sampler)
{
	struct sampler *s = *sampler;

	if (!s)
		return;
	*sampler = NULL;
	ev_timer_stop(loop_ev(s->loop), &s->tick);
	tree_client_fini(&s->tree);
	sample_drop(&s->making);
	sample_drop(&s->last);
	free(s->dir);
	s->freed = s->more.queued;
	if (!s->freed)
		free(s);
}

void
sampler_ask(struct sampler *s, struct sample_wait *wait)
{
	ms_assert(!wait->waiting);
	wait->waiting = true;
	TAILQ_INSERT_TAIL(&s->waits, wait, link);
	if (!s->making)
		begin(s);
}

void
sampler_forget(struct sampler *s, struct sample_wait *wait)
{
	if (wait->waiting)
		TAILQ_REMOVE(&s->waits, wait, link);
	wait->waiting = false;
}

struct sample *
sampler_last(const struct sampler *s)
{
	return s->last;
}
