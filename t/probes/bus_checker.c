/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishes numbered events (written and synced in turn) and consumes them
 * durably at the same time, whatever happens to the bus, until SIGTERM.  Then
 * it waits for every acknowledgement and every event, and judges: each number
 * that was acknowledged is in the log exactly once, a number has one sequence
 * for ever, new events come in the order of the log, and what comes twice is
 * marked as redelivered.
 *
 *   bus_checker RUN_DIR
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/client/ms.h"

#define NUMBERS_MAX 20000000u
#define BLOCK       2000u /* events of one durability */
#define SAY_EVERY   5000u
#define LEAD_MAX    20000u /* published and not yet consumed */
#define WAIT_MS     60000

static atomic_bool stop;
static atomic_ulong seen, target; /* target 0: not known yet */
static atomic_ulong last_acked;   /* the highest sequence; before target */

struct consumed {
	uint64_t *seq_of; /* by number */
	uint64_t last_seq;
	unsigned long redelivered;
};

static void
on_term(int signo)
{
	(void)signo;
	stop = true;
}

static void
die(const char *what, uint64_t n, uint64_t seq)
{
	fprintf(stderr, "WRONG: %s: number %ju sequence %ju\n", what,
	    (uintmax_t)n, (uintmax_t)seq);
	exit(EXIT_FAILURE);
}

/* One more line: the story kills the bus only after some work was done. */
static void
say_progress(void)
{
	printf("seen %lu\n", (unsigned long)seen);
	fflush(stdout);
}

static enum ms_err
on_batch(void *arg, const struct ms_event *events, size_t count)
{
	struct consumed *c = arg;

	for (size_t i = 0; i < count; i++) {
		const struct ms_event *e = &events[i];
		uint64_t n;
		char text[24] = "";

		memcpy(text, e->data, e->data_bytes < 23 ? e->data_bytes : 23);
		n = strtoull(text, NULL, 10);
		if (n >= NUMBERS_MAX)
			die("nobody published this", n, e->seq);
		if (c->seq_of[n] == 0) {
			if (e->seq <= c->last_seq)
				die("out of order", n, e->seq);
			c->seq_of[n] = c->last_seq = e->seq;
			if (++seen % SAY_EVERY == 0)
				say_progress();
		} else if (c->seq_of[n] != e->seq) {
			die("stored twice", n, e->seq);
		} else if (e->deliveries < 2) {
			die("came twice unmarked", n, e->seq);
		} else {
			c->redelivered++;
		}
	}
	return MS_OK;
}

static void *
consume(void *arg)
{
	struct consumed *c = arg;
	struct ms_consumer_options options = { .name = "checker" };
	struct ms_consumer *consumer;
	struct ms *ms;

	if (ms_open(NULL, &ms) ||
	    ms_consume(ms, &options, on_batch, c, &consumer))
		die("cannot consume", 0, 0);
	while (target == 0 || seen < target || c->last_seq < last_acked) {
		enum ms_err err = ms_dispatch(ms, 100);

		if (err && err != MS_ETIMEOUT)
			die("cannot dispatch", 0, 0);
	}
	ms_consumer_close(&consumer);
	ms_close(&ms);
	return NULL;
}

static unsigned long
publish(struct ms *ms)
{
	unsigned long n = 0;
	char text[24], id[32];

	for (; !stop && n < NUMBERS_MAX; n++) {
		struct ms_event event = { .subject = "check.number.counted",
			.id = id,
			.source = "/checker",
			.data = text };
		enum ms_err err;

		event.data_bytes =
		    (size_t)snprintf(text, sizeof(text), "%lu", n);
		snprintf(id, sizeof(id), "n-%lu", n);
		while ((err = ms_publish(ms, &event,
			    n / BLOCK % 2 ? MS_SYNCED : MS_WRITTEN))) {
			if (err != MS_ETIMEOUT)
				die(ms_why(ms), n, 0);
		}
		while (!stop && n > seen + LEAD_MAX)
			ms_dispatch(ms, 20);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct consumed c = { .seq_of = calloc(NUMBERS_MAX, sizeof(uint64_t)) };
	struct ms_published totals;
	unsigned long published;
	pthread_t thread;
	struct ms *ms;

	if (argc != 2 || !c.seq_of)
		return 2;
	setenv("MS_RUN_DIR", argv[1], 1);
	signal(SIGTERM, on_term);
	if (ms_open(NULL, &ms) || pthread_create(&thread, NULL, consume, &c))
		return EXIT_FAILURE;
	published = publish(ms);
	if (ms_flush(ms, WAIT_MS))
		die(ms_why(ms), published, 0);
	ms_published(ms, &totals);
	if (totals.acked != published || totals.failed != 0)
		die("not all acknowledged", totals.acked, totals.last_seq);
	last_acked = totals.last_seq;
	target = published;
	pthread_join(thread, NULL);
	printf("%lu events, %ju sent again and not stored again, %lu "
	       "redelivered\n",
	    published, (uintmax_t)totals.duplicates, c.redelivered);
	ms_close(&ms);
	free(c.seq_of);
	return EXIT_SUCCESS;
}
