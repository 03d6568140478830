/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart SOCKET ROUNDS NAME...: kill -9 each worker in turn and measure the
 * time to its replacement's READY, as told by msd's event stream.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mono.h"
#include "common/sock.h"

#define WAIT_MS   10000
#define ROUND_MAX 1000

struct stream {
	int fd;
	struct buf in;
	size_t off;
};

static struct stream
dial(const char *path)
{
	struct stream s = { 0 };
	struct why why;

	if (sock_dial_unix(path, &s.fd, &why) != MS_OK)
		log_fatal(1, "cannot dial", "reason=%s", LOGQ(why.text));
	return s;
}

static void
say(struct stream *s, const char *line)
{
	if (fd_write_all(s->fd, line, strlen(line), NULL) != MS_OK)
		log_fatal(1, "cannot ask", "line=%s", LOGQ(line));
}

static struct json *
hear(struct stream *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	struct json *answer;
	struct slice line;

	while (!buf_line(&s->in, &s->off, &line)) {
		buf_drop(&s->in, s->off);
		s->off = 0;
		if (poll(&p, 1, WAIT_MS) != 1)
			log_fatal(1, "no answer", "wait_ms=%d", WAIT_MS);
		if (fd_read_some(s->fd, &s->in, 1 << 16) <= 0 &&
		    errno != EAGAIN)
			log_fatal(1, "connection lost", NULL);
	}
	if (json_parse(line, &answer, NULL) != MS_OK)
		log_fatal(1, "bad answer", NULL);
	return answer;
}

static pid_t
pid_of(struct stream *ctl, const char *name)
{
	char line[160];
	struct json *answer;
	pid_t pid;

	snprintf(line, sizeof line,
	    "{\"v\":1,\"id\":1,\"do\":\"status\",\"name\":\"%s\"}\n", name);
	say(ctl, line);
	answer = hear(ctl);
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
		struct json *event = hear(events);

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
	ctl = dial(argv[1]);
	events = dial(argv[1]);
	say(&events, "{\"v\":1,\"id\":1,\"do\":\"events\"}\n");
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
