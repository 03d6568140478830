/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes samples: the numbers of every segment, what msd says of its workers,
 * what /proc says of their processes.  One every sample_interval, and one more
 * whenever somebody asks (a scrape); who asks while one is being taken shares
 * it.  Reading is cut into pieces, so that the loop is never held for long.
 */
#ifndef WORKERS_METRICS_SAMPLER_H
#define WORKERS_METRICS_SAMPLER_H

#include <sys/queue.h>

#include "common/loop.h"
#include "common/metrics_set.h"
#include "proto/conf/metrics.h"
#include "proto/tree_facts.h"

struct sampler;

/* One look at everything.  Nobody changes it. */
struct sample {
	unsigned holders;
	struct mono at;   /* when it was complete */
	int64_t wall_ns;  /* the same, for people */
	uint64_t took_ns; /* of work, waiting not counted */
	size_t series;
	struct metrics_set numbers;
	bool has_tree; /* false: msd did not answer in time */
	struct tree_facts tree;
};
struct sample *sample_hold(struct sample *sample);
void sample_drop(struct sample **sample);

/* Somebody who waits for one; embedded. */
struct sample_wait {
	TAILQ_ENTRY(sample_wait) link;
	bool waiting;
	/* soon, never inside of sampler_ask(); sample is borrowed */
	void (*done)(struct sample_wait *wait, struct sample *sample);
};

/* conf is borrowed, own: OWN_METRICS handles too.  on_sample(arg) at every
 * tick. */
struct sampler *sampler_new(struct loop *loop, const char *run_dir,
    const struct metrics_conf *conf, const struct metric *own,
    void (*on_sample)(void *arg, struct sample *sample), void *arg);
void sampler_free(struct sampler **sampler); /* who waits is forgotten */
void sampler_start(struct sampler *sampler); /* the first tick comes at once */

void sampler_ask(struct sampler *sampler, struct sample_wait *wait);
void sampler_forget(struct sampler *sampler, struct sample_wait *wait);
/* The last one, NULL when there is none yet. */
struct sample *sampler_last(const struct sampler *sampler);

#endif
