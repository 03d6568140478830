/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What t/bench/supervisor.sh cannot measure itself.
 *
 *   supervisor restart SOCKET ROUNDS    one death: KILL to replacement exec'd
 *   supervisor mass SOCKET              all workers killed at once
 *   supervisor growth SOCKET PID ROUNDS mass deaths; memory, descriptors of PID
 *   supervisor status SOCKET            the whole tree as JSON
 *   supervisor start SOCKET MSD CONFIG  from exec to all ready, and to the end
 *   supervisor peer N COMMAND...        the same deaths under a bare loop of
 *                                       posix_spawn, kill and waitpid
 */
#include <dirent.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "t/lib/stream.h"

#define WORKERS_MAX 4096
#define ROUNDS_MAX  20000
#define STATUS_ASKS 21
#define WAIT_ROOT                                                        \
	"{\"v\":1,\"id\":1,\"do\":\"wait\",\"name\":\"root\",\"state\":" \
	"\"ready\",\"timeout_ms\":60000}\n"

extern char **environ;

struct worker {
	char name[64];
	pid_t pid;
};

struct workers {
	struct worker at[WORKERS_MAX];
	size_t count;
};

static struct workers workers;
static double samples[ROUNDS_MAX];

static double
us_since(struct mono begun)
{
	return (double)(mono_now().ns - begun.ns) / 1e3;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
print_samples(const char *name, size_t n)
{
	qsort(samples, n, sizeof(*samples), ascending);
	printf("%s.p50 %.0f us\n", name, samples[n / 2]);
	printf("%s.p99 %.0f us\n", name, samples[n * 99 / 100]);
}

static void
nap(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/* Until nothing bears these numbers any more: all are reaped. */
static void
await_reaped(const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (kill(pids[i], 0) < 0)
			i++;
		else
			nap();
	}
}

/* ---- msd ---------------------------------------------------------------- */

static void
learn_workers(struct stream *ctl)
{
	struct json *answer;
	const struct json *w;

	workers.count = 0;
	stream_say(ctl, "{\"v\":1,\"id\":1,\"do\":\"status\"}\n");
	answer = stream_hear(ctl);
	for (w = json_first(json_get(answer, "workers")); w; w = json_next(w)) {
		struct worker *worker = &workers.at[workers.count++];

		snprintf(worker->name, sizeof(worker->name), "%s",
		    json_get_str(w, "name", ""));
		worker->pid = (pid_t)json_get_num(w, "pid", 0);
		if (worker->pid <= 0 || workers.count == WORKERS_MAX)
			log_fatal(1, "no pid, or too many", "name=%s",
			    worker->name);
	}
	json_free(&answer);
}

/* The next worker that is ready, with its new pid. */
static const char *
await_ready(struct stream *events, char name[64], pid_t *pid_r)
{
	for (bool ready = false; !ready;) {
		struct json *event = stream_hear(events);

		ready = strcmp(json_get_str(event, "event", ""), "ready") == 0;
		snprintf(name, 64, "%s", json_get_str(event, "name", ""));
		*pid_r = (pid_t)json_get_num(event, "pid", 0);
		json_free(&event);
	}
	return name;
}

static struct stream
follow_events(const char *path)
{
	struct stream events = stream_dial(path);

	stream_say(&events, "{\"v\":1,\"id\":1,\"do\":\"events\"}\n");
	return events;
}

static void
bench_restart(const char *path, size_t rounds)
{
	struct stream ctl = stream_dial(path), events = follow_events(path);
	char name[64];

	learn_workers(&ctl);
	for (size_t i = 0; i < rounds; i++) {
		struct worker *worker = &workers.at[i % workers.count];
		struct mono begun = mono_now();

		kill(worker->pid, SIGKILL);
		if (strcmp(await_ready(&events, name, &worker->pid),
			worker->name) != 0)
			log_fatal(1, "another one came", "name=%s", name);
		samples[i] = us_since(begun);
		nap(); /* single deaths, not a storm */
	}
	print_samples("supervisor.restart", rounds);
}

struct mass {
	double reaped_ms, replaced_ms;
};

static struct mass
kill_all(struct stream *ctl, struct stream *events)
{
	static pid_t pids[WORKERS_MAX];
	struct mass took;
	struct mono begun;
	char name[64];

	learn_workers(ctl);
	for (size_t i = 0; i < workers.count; i++)
		pids[i] = workers.at[i].pid;
	begun = mono_now();
	for (size_t i = 0; i < workers.count; i++)
		kill(pids[i], SIGKILL);
	await_reaped(pids, workers.count);
	took.reaped_ms = us_since(begun) / 1e3;
	for (size_t i = 0; i < workers.count; i++)
		await_ready(events, name, &pids[i]);
	took.replaced_ms = us_since(begun) / 1e3;
	return took;
}

static void
bench_mass(const char *path)
{
	struct stream ctl = stream_dial(path), events = follow_events(path);
	double replaced[7];
	size_t n = ARRAY_LEN(replaced);

	for (size_t i = 0; i < n; i++) {
		struct mass took = kill_all(&ctl, &events);

		samples[i] = took.reaped_ms;
		replaced[i] = took.replaced_ms;
	}
	qsort(samples, n, sizeof(*samples), ascending);
	qsort(replaced, n, sizeof(*replaced), ascending);
	printf("supervisor.mass%zu.reaped %.1f ms\n", workers.count,
	    samples[n / 2]);
	printf("supervisor.mass%zu.replaced %.1f ms\n", workers.count,
	    replaced[n / 2]);
}

/* One line `KEY: N kB` of /proc/PID/FILE. */
static long
proc_kib(int pid, const char *file, const char *key)
{
	char path[64], line[256];
	long kib = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	in = fopen(path, "re");
	while (in && kib < 0 && fgets(line, sizeof(line), in))
		if (strncmp(line, key, strlen(key)) == 0)
			kib = atol(line + strlen(key));
	if (in)
		fclose(in);
	return kib;
}

static long
count_fds(int pid)
{
	char path[64];
	long n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void
bench_growth(const char *path, int pid, size_t rounds)
{
	struct stream ctl = stream_dial(path), events = follow_events(path);
	long rss = 0, fds = 0;

	/* its ring of events and all lists are full after some rounds */
	for (size_t i = 0; i < rounds + 20; i++) {
		if (i == 20) {
			rss = proc_kib(pid, "status", "VmRSS:");
			fds = count_fds(pid);
		}
		kill_all(&ctl, &events);
	}
	printf("supervisor.growth.restarts %zu count\n",
	    rounds * workers.count);
	printf("supervisor.growth.rss %ld kib\n",
	    proc_kib(pid, "status", "VmRSS:") - rss);
	printf("supervisor.growth.fds %ld count\n", count_fds(pid) - fds);
}

static void
bench_status(const char *path)
{
	struct stream ctl = stream_dial(path);

	for (size_t i = 0; i < STATUS_ASKS; i++) {
		struct mono begun = mono_now();

		stream_say(&ctl, "{\"v\":1,\"id\":1,\"do\":\"status\"}\n");
		stream_line(&ctl);
		samples[i] = us_since(begun) / 1e3;
	}
	learn_workers(&ctl);
	qsort(samples, STATUS_ASKS, sizeof(*samples), ascending);
	printf("supervisor.status.%zu %.2f ms\n", workers.count,
	    samples[STATUS_ASKS / 2]);
}

static void
bench_start(const char *path, char *program, char *config)
{
	char *argv[] = { program, "-c", config, NULL };
	struct mono begun = mono_now();
	struct stream ctl;
	pid_t pid;
	int status;

	if (posix_spawn(&pid, program, NULL, NULL, argv, environ) != 0)
		log_fatal(1, "cannot start", "program=%s", program);
	while (access(path, F_OK) < 0)
		nap();
	ctl = stream_dial(path);
	stream_say(&ctl, WAIT_ROOT);
	stream_line(&ctl);
	samples[0] = us_since(begun) / 1e3;
	learn_workers(&ctl);
	printf("supervisor.start.%zu %.0f ms\n", workers.count, samples[0]);
	begun = mono_now();
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	printf("supervisor.stop.%zu %.0f ms\n", workers.count,
	    us_since(begun) / 1e3);
	if (status != 0)
		log_fatal(1, "msd failed", "status=%d", status);
}

/* ---- the peer ----------------------------------------------------------- */

static pid_t
peer_start(char **argv)
{
	pid_t pid;

	/* returns when the program runs: it spawns as vfork does */
	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0)
		log_fatal(1, "cannot start", "program=%s", argv[0]);
	return pid;
}

static void
peer_mass(char **argv, size_t n)
{
	static pid_t pids[WORKERS_MAX];
	double replaced[7];

	for (size_t i = 0; i < n; i++)
		pids[i] = peer_start(argv);
	for (size_t r = 0; r < ARRAY_LEN(replaced); r++) {
		struct mono begun = mono_now();

		for (size_t i = 0; i < n; i++)
			kill(pids[i], SIGKILL);
		for (size_t i = 0; i < n; i++)
			waitpid(pids[i], NULL, 0);
		samples[r] = us_since(begun) / 1e3;
		for (size_t i = 0; i < n; i++)
			pids[i] = peer_start(argv);
		replaced[r] = us_since(begun) / 1e3;
	}
	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (size_t i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
	qsort(samples, ARRAY_LEN(replaced), sizeof(*samples), ascending);
	qsort(replaced, ARRAY_LEN(replaced), sizeof(*replaced), ascending);
	printf("peer.mass%zu.reaped %.1f ms\n", n,
	    samples[ARRAY_LEN(replaced) / 2]);
	printf("peer.mass%zu.replaced %.1f ms\n", n,
	    replaced[ARRAY_LEN(replaced) / 2]);
}

static void
bench_peer(size_t n, char **argv)
{
	size_t rounds = 500;
	pid_t pid = peer_start(argv);

	for (size_t i = 0; i < rounds; i++) {
		struct mono begun;

		nap();
		begun = mono_now();
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = peer_start(argv);
		samples[i] = us_since(begun);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	print_samples("peer.restart", rounds);
	peer_mass(argv, n);
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	log_init("bench", true, LOG_WARN);
	if (strcmp(verb, "restart") == 0 && argc == 4)
		bench_restart(argv[2], (size_t)atoi(argv[3]));
	else if (strcmp(verb, "mass") == 0 && argc == 3)
		bench_mass(argv[2]);
	else if (strcmp(verb, "growth") == 0 && argc == 5)
		bench_growth(argv[2], atoi(argv[3]), (size_t)atoi(argv[4]));
	else if (strcmp(verb, "status") == 0 && argc == 3)
		bench_status(argv[2]);
	else if (strcmp(verb, "start") == 0 && argc == 5)
		bench_start(argv[2], argv[3], argv[4]);
	else if (strcmp(verb, "peer") == 0 && argc > 3)
		bench_peer((size_t)atoi(argv[2]), argv + 3);
	else
		log_fatal(2, "usage: see the top of t/bench/supervisor.c",
		    NULL);
	return 0;
}
