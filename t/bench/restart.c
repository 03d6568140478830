/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart SOCKET ROUNDS NAME...: kill -9 each worker in turn and measure the
 * time to its replacement's READY, as told by msd's event stream.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/lib/stream.h"

#define ROUND_MAX 1000

static pid_t
pid_of(struct stream *ctl, const char *name)
{
	char line[160];
	struct json *answer;
	pid_t pid;

	snprintf(line, sizeof line,
	    "{\"v\":1,\"id\":1,\"do\":\"status\",\"name\":\"%s\"}\n", name);
	stream_say(ctl, line);
	answer = stream_hear(ctl);
	pid = (pid_t)json_get_num(json_first(json_get(answer, "workers")),
	    "pid", 0);
	json_free(&answer);
	if (pid <= 0)
		log_fatal(1, "worker has no pid", "name=%s", name);
	return pid;
}

static void
await_ready(struct stream *events, const char *name)
{
	bool ready = false;

	while (!ready) {
		struct json *event = stream_hear(events);

		ready =
		    strcmp(json_get_str(event, "event", ""), "ready") == 0 &&
		    strcmp(json_get_str(event, "name", ""), name) == 0;
		json_free(&event);
	}
}

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	static uint64_t took_us[ROUND_MAX];
	struct stream ctl, events;
	size_t n = 0;
	int rounds;

	if (argc < 4)
		log_fatal(2, "usage: restart SOCKET ROUNDS NAME...", NULL);
	rounds = atoi(argv[2]);
	ctl = stream_dial(argv[1]);
	events = stream_dial(argv[1]);
	stream_say(&events, "{\"v\":1,\"id\":1,\"do\":\"events\"}\n");
	for (int r = 0; r < rounds; r++)
		for (int i = 3; i < argc && n < ROUND_MAX; i++) {
			pid_t pid = pid_of(&ctl, argv[i]);
			struct mono begun = mono_now();

			kill(pid, SIGKILL);
			await_ready(&events, argv[i]);
			took_us[n++] = (mono_now().ns - begun.ns) / 1000;
		}
	qsort(took_us, n, sizeof *took_us, ascending);
	printf("house.restart.ready.p50 %.2f ms\n",
	    (double)took_us[n / 2] / 1000);
	printf("house.restart.ready.p99 %.2f ms\n",
	    (double)took_us[n * 99 / 100] / 1000);
	return 0;
}
