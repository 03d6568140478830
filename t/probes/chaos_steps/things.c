/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/probes/chaos_steps/chaos.h"

extern char **environ;

/* ---- taken -------------------------------------------------------------- */

void
step_leakfd(char *value)
{
	for (int left = atoi(value); left > 0; left--)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			chaos_broken("open");
}

void
step_eatmem(char *value)
{
	size_t bytes = chaos_bytes(value);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		chaos_broken("map");
	memset(at, 'm', bytes);
}

void
step_listen(char *value)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(value)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	if (fd < 0)
		chaos_broken("open a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 16) < 0)
		_exit(CHAOS_TAKEN);
}

void
step_lock(char *value)
{
	int fd = open(value, O_RDWR | O_CREAT, 0666);

	if (fd < 0)
		chaos_broken("open the lock");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		_exit(CHAOS_LOCKED);
}

/* ---- given -------------------------------------------------------------- */

/* The file is complete when it has its name. */
static FILE *
open_answer(const char *path, char *draft, size_t size)
{
	FILE *out = stdout;

	if (*path) {
		snprintf(draft, size, "%s.%d", path, (int)getpid());
		out = fopen(draft, "we");
	}
	if (!out)
		chaos_broken("open the answer");
	return out;
}

static void
close_answer(FILE *out, const char *path, const char *draft)
{
	fflush(out);
	if (!*path)
		return;
	fclose(out);
	if (rename(draft, path) < 0)
		chaos_broken("name the answer");
}

void
step_env(char *value)
{
	char draft[4096];
	FILE *out = open_answer(value, draft, sizeof(draft));

	for (char **var = environ; *var; var++)
		fprintf(out, "%s\n", *var);
	close_answer(out, value, draft);
}

void
step_fds(char *value)
{
	char draft[4096], at[64], target[4096];
	DIR *all = opendir("/proc/self/fd");
	FILE *out = open_answer(value, draft, sizeof(draft));
	struct dirent *entry;

	while (all && (entry = readdir(all))) {
		ssize_t n;
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(all) ||
		    (out != stdout && fd == fileno(out)))
			continue;
		snprintf(at, sizeof(at), "/proc/self/fd/%d", fd);
		n = readlink(at, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		fprintf(out, "%d %s\n", fd, target);
	}
	if (all)
		closedir(all);
	close_answer(out, value, draft);
}

void
step_sigmask(char *value)
{
	char draft[4096], line[256];
	FILE *status = fopen("/proc/self/status", "re");
	FILE *out = open_answer(value, draft, sizeof(draft));

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "Sig", 3) == 0 && line[3] != 'Q')
			fputs(line, out);
	if (status)
		fclose(status);
	close_answer(out, value, draft);
}
