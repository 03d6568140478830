/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/page.h"

#include <stdlib.h>

#include "common/alloc.h"
#include "common/metrics_clock.h"

struct page {
	struct metricsd *d;
	enum expo_format format;
	void (*done)(void *arg);
	void *arg;
	struct sample_wait wait;
	struct loop_task more;
	struct sample *sample; /* while it is printed */
	struct expo_view view;
	struct expo_cursor at;
	struct buf text;
	bool freed; /* by the piece that is on its way */
};

static void
finish(struct page *p)
{
	expo_view_fini(&p->view);
	sample_drop(&p->sample);
	if (p->text.failed)
		buf_fini(&p->text);
	p->done(p->arg);
}

/* As many series as fit into the time that the loop may be held. */
static bool
print_piece(struct page *p)
{
	uint32_t batch = worker_batch(p->d->w);
	uint64_t began = metrics_clock_ns();
	bool more = expo_print(&p->view, p->format, p->sample->wall_ns, batch,
	    &p->at, &p->text);

	if (more) /* a whole one: its size and time belong together */
		worker_collected(p->d->w, batch, metrics_elapsed_ns(began));
	return more;
}

static void
on_more(struct loop_task *task)
{
	struct page *p = container_of(task, struct page, more);

	if (p->freed)
		free(p);
	else if (print_piece(p))
		loop_post(worker_loop(p->d->w), &p->more); /* others first */
	else
		finish(p);
}

static void
on_sample(struct sample_wait *wait, struct sample *sample)
{
	struct page *p = container_of(wait, struct page, wait);

	p->sample = sample_hold(sample);
	if (expo_view_all(&p->view, &sample->numbers,
		sample->has_tree ? &sample->tree : NULL) != MS_OK)
		p->text.failed = true;
	metric_set(p->d->own[OWN_LEFT_OUT], (int64_t)p->view.left_out);
	loop_post(worker_loop(p->d->w), &p->more);
}

struct page *
page_new(struct metricsd *d, enum expo_format format, void (*done)(void *arg),
    void *arg)
{
	struct page *p = xcalloc(1, sizeof(*p));

	*p = (struct page){ .d = d,
		.format = format,
		.done = done,
		.arg = arg,
		.wait.done = on_sample,
		.more.run = on_more };
	sampler_ask(d->sampler, &p->wait);
	return p;
}

void
page_free(struct page **page)
{
	struct page *p = *page;

	if (!p)
		return;
	*page = NULL;
	sampler_forget(p->d->sampler, &p->wait);
	expo_view_fini(&p->view);
	sample_drop(&p->sample);
	buf_fini(&p->text);
	p->freed = p->more.queued;
	if (!p->freed)
		free(p);
}

struct slice
page_text(const struct page *p)
{
	return buf_slice(&p->text);
}

struct buf
page_take(struct page *p)
{
	struct buf text = p->text;

	p->text = (struct buf){ .len = 0 };
	return text;
}
