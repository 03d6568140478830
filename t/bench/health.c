/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health SOCKET CHECKS RATE: asks msd so many times how well everybody is, at
 * so many times a second on one connection, and then as fast as it can.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "t/lib/stream.h"

#define ASK        "{\"v\":1,\"id\":1,\"do\":\"health\"}\n"
#define NS_PER_S   1000000000u
#define FLOOD_S    1u
#define CHECKS_MAX 1000000u

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
wait_until(uint64_t ns)
{
	struct timespec t = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static uint64_t
check(struct stream *ctl)
{
	uint64_t begun = mono_now().ns;

	stream_say(ctl, ASK);
	(void)stream_line(ctl);
	return mono_now().ns - begun;
}

static void
paced(struct stream *ctl, size_t checks, size_t rate)
{
	static const unsigned pcts[] = { 50, 95, 99 };
	uint64_t *took = malloc(checks * sizeof(*took));
	uint64_t begun = mono_now().ns;

	for (size_t i = 0; took && i < checks; i++) {
		wait_until(begun + i * NS_PER_S / rate);
		took[i] = check(ctl);
	}
	printf("health.check.rate %.1f per_s\n",
	    (double)checks * NS_PER_S / (double)(mono_now().ns - begun));
	qsort(took, checks, sizeof(*took), compare);
	for (size_t i = 0; i < ARRAY_LEN(pcts); i++)
		printf("health.check.p%u %.1f us\n", pcts[i],
		    (double)took[checks * pcts[i] / 100] / 1000);
	free(took);
}

static void
flood(struct stream *ctl)
{
	uint64_t begun = mono_now().ns, n = 0;

	while (mono_now().ns - begun < FLOOD_S * NS_PER_S) {
		check(ctl);
		n++;
	}
	printf("health.check.max %.0f per_s\n",
	    (double)n * NS_PER_S / (double)(mono_now().ns - begun));
}

int
main(int argc, char **argv)
{
	size_t checks = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	size_t rate = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	struct stream ctl;

	if (checks == 0 || checks > CHECKS_MAX || rate == 0)
		return 2;
	ctl = stream_dial(argv[1]);
	check(&ctl);
	paced(&ctl, checks, rate);
	flood(&ctl);
	stream_close(&ctl);
	return 0;
}
