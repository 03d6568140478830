/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bare NNG needs for a request and its answer between two processes, for
 * comparison.  Prints `name value unit`.
 *
 *   nng_reqrep DIR ROUNDS
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#define REQUEST_BYTES 300u /* an event of some bytes in its envelope */
#define ANSWER_BYTES  60u

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
answer(const char *url, int ready)
{
	char buf[REQUEST_BYTES];
	nng_socket sock;
	size_t len;

	if (nng_rep0_open(&sock) || nng_listen(sock, url, NULL, 0) ||
	    write(ready, "", 1) != 1)
		return EXIT_FAILURE;
	while (len = sizeof(buf), nng_recv(sock, buf, &len, 0) == 0) {
		if (nng_send(sock, buf, ANSWER_BYTES, 0))
			break;
	}
	return EXIT_FAILURE;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
ask(const char *url, unsigned long rounds)
{
	char request[REQUEST_BYTES] = { 0 }, buf[REQUEST_BYTES];
	double *took = calloc(rounds, sizeof(*took));
	nng_socket sock;
	size_t len;

	if (!took || nng_req0_open(&sock) || nng_dial(sock, url, NULL, 0))
		return EXIT_FAILURE;
	for (unsigned long i = 0; i < rounds; i++) {
		double begun = seconds();

		len = sizeof(buf);
		if (nng_send(sock, request, sizeof(request), 0) ||
		    nng_recv(sock, buf, &len, 0))
			return EXIT_FAILURE;
		took[i] = seconds() - begun;
	}
	qsort(took, rounds, sizeof(*took), by_size);
	printf("nng.reqrep.p50 %.1f us\n", took[rounds / 2] * 1e6);
	free(took);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	unsigned long rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	char url[120], byte;
	int ends[2], code;
	pid_t pid;

	if (rounds == 0 ||
	    snprintf(url, sizeof(url), "ipc://%s/nng", argv[1]) >=
		(int)sizeof(url)) {
		fprintf(stderr, "usage: nng_reqrep DIR ROUNDS\n");
		return 2;
	}
	if (pipe(ends) || (pid = fork()) < 0)
		return EXIT_FAILURE;
	if (pid == 0)
		_exit(answer(url, ends[1]));
	code = read(ends[0], &byte, 1) == 1 ? ask(url, rounds) : EXIT_FAILURE;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return code;
}
