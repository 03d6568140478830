/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One publisher, the bus and N live subscribers, each a process of its own.
 * Prints `name value unit`.
 *
 *   bus_live RUN_DIR throughput|latency SUBSCRIBERS EVENTS
 *
 * Payloads are 256 digits, so that they are JSON: what kind of event it is,
 * when it was published, and filling.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/client/ms.h"

#define PAYLOAD_BYTES   256u
#define WAIT_MS         60000
#define SUBSCRIBERS_MAX 16u
#define PACE_NS         100000 /* 10,000 events/s */
#define ROUND_MS        10

enum kind {
	KIND_HELLO = '1',
	KIND_COUNTED,
	KIND_END
};

struct seen {
	unsigned long events, lost;
	double last; /* when the last counted event came */
	double p50, p99;
};

struct subscriber {
	struct seen seen;
	double *took;
	unsigned long room;
	bool greeted, ended;
};

struct peer {
	pid_t pid;
	int from;
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
on_event(void *arg, const struct ms_event *event)
{
	struct subscriber *sub = arg;
	const char *data = event->data;

	sub->greeted = true;
	if (event->data_bytes != PAYLOAD_BYTES)
		return;
	if (data[0] == KIND_END) {
		sub->ended = true;
	} else if (data[0] == KIND_COUNTED) {
		sub->seen.last = seconds();
		if (sub->seen.events < sub->room)
			sub->took[sub->seen.events] =
			    sub->seen.last - strtod(data + 1, NULL) / 1e9;
		sub->seen.events++;
	}
}

static void
on_gap(void *arg, uint64_t from, uint64_t to)
{
	struct subscriber *sub = arg;

	sub->seen.lost += to - from + 1;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Tells the publisher on `to` that it listens, and in the end what it saw. */
static int
subscribe(const char *run_dir, int to, unsigned long events)
{
	struct subscriber sub = { .took = calloc(events, sizeof(double)),
		.room = events };
	struct ms *ms;
	struct ms_sub *handle;
	bool told = false;

	if (!sub.took ||
	    ms_open(&(struct ms_options){ .run_dir = run_dir }, &ms) ||
	    ms_subscribe(ms, "bench.live", on_event, on_gap, &sub, &handle))
		return EXIT_FAILURE;
	while (!sub.ended) {
		if (ms_dispatch(ms, WAIT_MS))
			return EXIT_FAILURE;
		if (sub.greeted && !told) {
			if (write(to, "", 1) != 1)
				return EXIT_FAILURE;
			told = true;
		}
	}
	if (sub.seen.events > 0 && sub.seen.events <= events) {
		qsort(sub.took, sub.seen.events, sizeof(*sub.took), by_size);
		sub.seen.p50 = sub.took[sub.seen.events / 2];
		sub.seen.p99 = sub.took[sub.seen.events * 99 / 100];
	}
	ms_close(&ms);
	free(sub.took);
	return write(to, &sub.seen, sizeof(sub.seen)) == sizeof(sub.seen)
	    ? EXIT_SUCCESS
	    : EXIT_FAILURE;
}

static enum ms_err
publish(struct ms *ms, enum kind kind)
{
	char payload[PAYLOAD_BYTES + 1];
	struct timespec now;
	int n;

	memset(payload, '1', sizeof(payload));
	clock_gettime(CLOCK_MONOTONIC, &now);
	/* a number of 19 digits, then a fraction, as JSON wants it */
	n = snprintf(payload, sizeof(payload), "%c%018lld", kind,
	    (long long)now.tv_sec * 1000000000 + now.tv_nsec);
	payload[n] = '.';
	return ms_publish(ms,
	    &(struct ms_event){ .subject = "bench.live",
		.data = payload,
		.data_bytes = PAYLOAD_BYTES },
	    MS_WRITTEN);
}

/* Says the same until the other side has answered with `bytes`. */
static bool
say_until_told(struct ms *ms, enum kind kind, int from, void *answer,
    size_t bytes)
{
	fd_set set;
	struct timeval round;

	for (int i = 0; i < WAIT_MS / ROUND_MS; i++) {
		if (publish(ms, kind) || ms_flush(ms, WAIT_MS))
			return false;
		FD_ZERO(&set);
		FD_SET(from, &set);
		round = (struct timeval){ .tv_usec = ROUND_MS * 1000 };
		if (select(from + 1, &set, NULL, NULL, &round) == 1)
			return read(from, answer, bytes) == (ssize_t)bytes;
	}
	return false;
}

static bool
publish_counted(struct ms *ms, unsigned long events, bool paced)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned long i = 0; i < events; i++) {
		if (publish(ms, KIND_COUNTED))
			return false;
		if (!paced)
			continue;
		if (ms_dispatch(ms, 0))
			return false;
		next.tv_nsec += PACE_NS;
		if (next.tv_nsec >= 1000000000) {
			next.tv_sec++;
			next.tv_nsec -= 1000000000;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return ms_flush(ms, WAIT_MS) == MS_OK;
}

static bool
start(struct peer *peer, const char *run_dir, unsigned long events)
{
	int ends[2];

	if (pipe(ends))
		return false;
	peer->from = ends[0];
	peer->pid = fork();
	if (peer->pid == 0) {
		close(ends[0]);
		_exit(subscribe(run_dir, ends[1], events));
	}
	close(ends[1]);
	return peer->pid > 0;
}

static bool
measure(const char *run_dir, bool paced, unsigned long count,
    unsigned long events)
{
	struct peer peers[SUBSCRIBERS_MAX];
	struct seen seen, slowest = { 0 };
	struct ms *ms;
	double begun;
	char told;
	bool good = true;

	for (unsigned long i = 0; i < count; i++)
		good = good && start(&peers[i], run_dir, events);
	if (!good || ms_open(&(struct ms_options){ .run_dir = run_dir }, &ms))
		return false;
	for (unsigned long i = 0; good && i < count; i++)
		good = say_until_told(ms, KIND_HELLO, peers[i].from, &told, 1);
	begun = seconds();
	good = good && publish_counted(ms, events, paced);
	for (unsigned long i = 0; good && i < count; i++) {
		good = say_until_told(ms, KIND_END, peers[i].from, &seen,
		    sizeof(seen));
		if (seen.last > slowest.last)
			slowest = seen;
		if (good && (seen.events != events || seen.lost > 0))
			printf("bus.live.1to%lu.lost %lu events\n", count,
			    events - seen.events);
	}
	for (unsigned long i = 0; i < count; i++) {
		if (!good)
			kill(peers[i].pid, SIGKILL);
		waitpid(peers[i].pid, NULL, 0);
	}
	ms_close(&ms);
	if (!good)
		return false;
	if (paced)
		printf("bus.live.latency.p50 %.1f us\n"
		       "bus.live.latency.p99 %.1f us\n",
		    slowest.p50 * 1e6, slowest.p99 * 1e6);
	else
		printf("bus.live.1to%lu %.0f events/s\n", count,
		    (double)slowest.events / (slowest.last - begun));
	return true;
}

int
main(int argc, char **argv)
{
	unsigned long count = argc == 5 ? strtoul(argv[3], NULL, 10) : 0;

	if (count == 0 || count > SUBSCRIBERS_MAX) {
		fprintf(stderr,
		    "usage: bus_live RUN_DIR throughput|latency SUBSCRIBERS EVENTS\n");
		return 2;
	}
	if (measure(argv[1], strcmp(argv[2], "latency") == 0, count,
		strtoul(argv[4], NULL, 10)))
		return EXIT_SUCCESS;
	fprintf(stderr, "bus_live: it did not end as it should\n");
	return EXIT_FAILURE;
}
