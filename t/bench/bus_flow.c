/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events through the bus: publish N of 256 bytes and wait for their
 * acknowledgements, or consume them durably.  Prints `name value unit`.
 *
 *   bus_flow RUN_DIR WHAT N
 *
 * WHAT: publish, synced, burst, publishers, latency, accepted or consume.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/client/ms.h"

#define PAYLOAD_BYTES 256u
#define WAIT_MS       120000
#define PUBLISHERS    64u

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
fail(struct ms *ms, const char *what)
{
	fprintf(stderr, "bus_flow: %s: %s\n", what, ms ? ms_why(ms) : "");
	return EXIT_FAILURE;
}

static int
publish(struct ms *ms, unsigned long count, enum ms_durability durability,
    const char *name)
{
	char payload[PAYLOAD_BYTES];
	struct ms_event event = { .subject = "agent.7.progressed",
		.type = "agent.progressed",
		.data = payload,
		.data_bytes = sizeof(payload) };
	struct ms_published totals;
	double begun = seconds();

	memset(payload, '1', sizeof(payload)); /* a JSON number */
	for (unsigned long i = 0; i < count; i++) {
		if (ms_publish(ms, &event, durability))
			return fail(ms, "publish");
	}
	if (ms_flush(ms, WAIT_MS))
		return fail(ms, "flush");
	ms_published(ms, &totals);
	if (totals.acked != count)
		return fail(ms, "not all acknowledged");
	printf("bus.publish.%s %.0f events/s\n", name,
	    (double)count / (seconds() - begun));
	return EXIT_SUCCESS;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_percentile(const char *name, const double *sorted, unsigned long count,
    unsigned int percent)
{
	printf("%s.p%u %.1f us\n", name, percent,
	    sorted[count * percent / 100] * 1e6);
}

/* One event at a time: from ms_publish() until it is acknowledged, or, when
 * nobody waits for that, until ms_publish() is back. */
static int
latency(struct ms *ms, unsigned long count, enum ms_durability durability)
{
	struct ms_event event = { .subject = "agent.7.progressed",
		.data = "1",
		.data_bytes = 1 };
	double *took = calloc(count + 1, sizeof(*took));

	for (unsigned long i = 0; took && i < count; i++) {
		double begun = seconds();

		if (ms_publish(ms, &event, durability) ||
		    (durability != MS_NONE && ms_flush(ms, WAIT_MS)))
			return fail(ms, "publish");
		took[i] = seconds() - begun;
	}
	if (!took || count == 0)
		return fail(ms, "nothing was measured");
	qsort(took, count, sizeof(*took), by_size);
	if (durability == MS_NONE) {
		print_percentile("bus.publish.accepted", took, count, 50);
	} else {
		print_percentile("bus.publish.written", took, count, 50);
		print_percentile("bus.publish.written", took, count, 95);
		print_percentile("bus.publish.written", took, count, 99);
	}
	free(took);
	return EXIT_SUCCESS;
}

static int
publish_one_by_one(const char *run_dir, unsigned long count)
{
	struct ms_event event = { .subject = "agent.7.progressed",
		.type = "agent.progressed" };
	char payload[PAYLOAD_BYTES];
	struct ms *ms;

	memset(payload, '1', sizeof(payload));
	event.data = payload;
	event.data_bytes = sizeof(payload);
	if (ms_open(&(struct ms_options){ .run_dir = run_dir }, &ms))
		return EXIT_FAILURE;
	for (unsigned long i = 0; i < count; i++) {
		if (ms_publish(ms, &event, MS_SYNCED) || ms_flush(ms, WAIT_MS))
			return EXIT_FAILURE;
	}
	ms_close(&ms);
	return EXIT_SUCCESS;
}

/* Many publishers, each with a single event on the way, that wait until theirs
 * is on the disk: what one fdatasync() for all of them is worth. */
static int
publishers(const char *run_dir, unsigned long count)
{
	double begun = seconds();
	int status, failed = 0;

	for (unsigned int i = 0; i < PUBLISHERS; i++) {
		if (fork() == 0)
			_exit(publish_one_by_one(run_dir, count / PUBLISHERS));
	}
	while (wait(&status) > 0)
		failed += status != 0;
	if (failed > 0)
		return fail(NULL, "a publisher failed");
	printf("bus.publish.synced.%u %.0f events/s\n", PUBLISHERS,
	    (double)(count / PUBLISHERS * PUBLISHERS) / (seconds() - begun));
	return EXIT_SUCCESS;
}

static enum ms_err
on_batch(void *arg, const struct ms_event *events, size_t count)
{
	unsigned long *got = arg;

	(void)events;
	*got += count;
	return MS_OK;
}

static int
consume(struct ms *ms, unsigned long count)
{
	struct ms_consumer_options options = { .name = "bench" };
	struct ms_consumer *consumer;
	unsigned long got = 0;
	double begun = seconds();

	if (ms_consume(ms, &options, on_batch, &got, &consumer))
		return fail(ms, "consume");
	while (got < count) {
		if (ms_dispatch(ms, WAIT_MS))
			return fail(ms, "dispatch");
	}
	printf("bus.consume.acked %.0f events/s\n",
	    (double)got / (seconds() - begun));
	ms_consumer_close(&consumer);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct ms *ms = NULL;
	unsigned long count;
	int code = EXIT_FAILURE;

	if (argc != 4) {
		fprintf(stderr, "usage: bus_flow RUN_DIR WHAT N\n");
		return 2;
	}
	count = strtoul(argv[3], NULL, 10);
	if (strcmp(argv[2], "publishers") == 0)
		return publishers(argv[1], count);
	if (ms_open(&(struct ms_options){ .run_dir = argv[1] }, &ms))
		return fail(NULL, "open");
	if (strcmp(argv[2], "publish") == 0)
		code = publish(ms, count, MS_WRITTEN, "written.batch");
	else if (strcmp(argv[2], "burst") == 0)
		code = publish(ms, count, MS_WRITTEN, "written.burst");
	else if (strcmp(argv[2], "synced") == 0)
		code = publish(ms, count, MS_SYNCED, "synced.batch");
	else if (strcmp(argv[2], "latency") == 0)
		code = latency(ms, count, MS_WRITTEN);
	else if (strcmp(argv[2], "accepted") == 0)
		code = latency(ms, count, MS_NONE);
	else if (strcmp(argv[2], "consume") == 0)
		code = consume(ms, count);
	ms_close(&ms);
	return code;
}
