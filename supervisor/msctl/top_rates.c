/* SPDX-License-Identifier: Apache-2.0 */
/* A total that is smaller than before is another one: its rate is not known. */
#include "supervisor/msctl/top_rates.h"

#include <string.h>

#define UNKNOWN (-1.0)

/* 0: there is no time between them, or another boot. */
static double
seconds(const struct top_frame *now, const struct top_frame *before)
{
	if (!before || before->mono_ns >= now->mono_ns)
		return 0;
	return (double)(now->mono_ns - before->mono_ns) / 1e9;
}

static double
rate(uint64_t now, uint64_t before, double s)
{
	return s > 0 && now >= before ? (double)(now - before) / s : UNKNOWN;
}

struct worker_rates
worker_rates(const struct top_frame *now, const struct top_frame *before,
    const struct top_worker *w)
{
	const struct top_worker *old =
	    before ? top_frame_worker(before, w->name) : NULL;
	struct worker_rates r = { UNKNOWN, UNKNOWN };
	double s = seconds(now, before);

	if (!old)
		return r;
	r.requests = rate(w->requests, old->requests, s);
	if (w->has_proc && old->has_proc && w->pid == old->pid)
		r.cpu_pct = rate(w->cpu_ns, old->cpu_ns, s) / 1e7;
	if (r.cpu_pct < 0)
		r.cpu_pct = UNKNOWN;
	return r;
}

struct bus_rates
bus_rates(const struct top_frame *now, const struct top_frame *before)
{
	double s = before && before->bus.is_there ? seconds(now, before) : 0;
	const struct top_bus *b = &now->bus;
	const struct top_bus *old = s > 0 ? &before->bus : b;

	return (struct bus_rates){
		.events = rate(b->events, old->events, s),
		.bytes = rate(b->received_bytes, old->received_bytes, s),
		.delivered = rate(b->delivered, old->delivered, s),
		.live = rate(b->live, old->live, s),
		.refused = rate(b->refused, old->refused, s),
	};
}

struct pool_rates
pool_rates(const struct top_frame *now, const struct top_frame *before,
    const struct top_pool *p)
{
	const struct top_pool *old = NULL;
	double s = seconds(now, before);

	for (size_t i = 0; before && i < before->pool_count; i++)
		if (strcmp(before->pools[i].name, p->name) == 0)
			old = &before->pools[i];
	if (!old)
		return (struct pool_rates){ UNKNOWN, UNKNOWN, UNKNOWN };
	return (struct pool_rates){
		.acquired = rate(p->acquired, old->acquired, s),
		.transactions = rate(p->transactions, old->transactions, s),
		.errors = rate(p->errors, old->errors, s),
	};
}

struct consumer_rates
consumer_rates(const struct top_frame *now, const struct top_frame *before,
    const struct top_consumer *c)
{
	const struct top_consumer *old = NULL;
	double s = seconds(now, before);

	for (size_t i = 0; before && i < before->consumer_count; i++)
		if (strcmp(before->consumers[i].name, c->name) == 0)
			old = &before->consumers[i];
	if (!old)
		return (struct consumer_rates){ UNKNOWN, UNKNOWN };
	return (struct consumer_rates){
		.delivered = rate(c->delivered, old->delivered, s),
		.redelivered = rate(c->redelivered, old->redelivered, s),
	};
}
