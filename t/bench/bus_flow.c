/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events through the bus: publish N of 256 bytes and wait for their
 * acknowledgements, or consume them durably.  Prints `name value unit`.
 *
 *   bus_flow RUN_DIR publish|synced|latency|consume N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/client/ms.h"

#define PAYLOAD_BYTES 256u
#define WAIT_MS       120000

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
publish(struct ms *ms, unsigned long count, enum ms_durability durability)
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
	printf("bus.publish.%s %.0f events/s\n",
	    durability == MS_SYNCED ? "synced" : "written",
	    (double)count / (seconds() - begun));
	return EXIT_SUCCESS;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One event at a time: from ms_publish() until it is acknowledged. */
static int
latency(struct ms *ms, unsigned long count)
{
	struct ms_event event = { .subject = "agent.7.progressed",
		.data = "1",
		.data_bytes = 1 };
	double *took = calloc(count + 1, sizeof(*took));

	for (unsigned long i = 0; took && i < count; i++) {
		double begun = seconds();

		if (ms_publish(ms, &event, MS_WRITTEN) || ms_flush(ms, WAIT_MS))
			return fail(ms, "publish");
		took[i] = seconds() - begun;
	}
	if (!took || count == 0)
		return fail(ms, "nothing was measured");
	qsort(took, count, sizeof(*took), by_size);
	printf("bus.publish.written.p50 %.1f us\n", took[count / 2] * 1e6);
	printf("bus.publish.written.p99 %.1f us\n",
	    took[count * 99 / 100] * 1e6);
	free(took);
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
	printf("bus.consume.durable %.0f events/s\n",
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
		fprintf(stderr,
		    "usage: bus_flow RUN_DIR publish|synced|latency|consume N\n");
		return 2;
	}
	count = strtoul(argv[3], NULL, 10);
	if (ms_open(&(struct ms_options){ .run_dir = argv[1] }, &ms))
		return fail(NULL, "open");
	if (strcmp(argv[2], "publish") == 0)
		code = publish(ms, count, MS_WRITTEN);
	else if (strcmp(argv[2], "synced") == 0)
		code = publish(ms, count, MS_SYNCED);
	else if (strcmp(argv[2], "latency") == 0)
		code = latency(ms, count);
	else if (strcmp(argv[2], "consume") == 0)
		code = consume(ms, count);
	ms_close(&ms);
	return code;
}
