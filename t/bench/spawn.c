/* SPDX-License-Identifier: Apache-2.0 */
/* spawn ROUNDS PROGRAM ARGUMENTS: median time from spawning it to its exit, in
 * milliseconds; its output goes nowhere. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/mono.h"

#define ROUNDS_MAX 10000

extern char **environ;

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
once_ms(char **argv, const posix_spawn_file_actions_t *actions)
{
	uint64_t began = mono_now().ns;
	int status;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], actions, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		log_fatal(1, "it failed", "program=%s", LOGQ(argv[0]));
	return (double)(mono_now().ns - began) / 1e6;
}

int
main(int argc, char **argv)
{
	static double took[ROUNDS_MAX];
	posix_spawn_file_actions_t actions;
	int rounds = argc > 2 ? atoi(argv[1]) : 0;

	log_init("spawn", false, LOG_INFO);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		log_fatal(2, "usage: spawn ROUNDS PROGRAM [ARGUMENT...]", NULL);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < rounds; i++)
		took[i] = once_ms(argv + 2, &actions);
	posix_spawn_file_actions_destroy(&actions);
	qsort(took, (size_t)rounds, sizeof(*took), ascending);
	printf("%.2f\n", took[rounds / 2]);
	return 0;
}
