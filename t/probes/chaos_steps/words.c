/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "t/probes/chaos_steps/chaos.h"

#define BEAT_MS 50

void
chaos_unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			*to++ = '\n';
			text++;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static void
say(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = path ? strlen(path) : 0;

	if (fd < 0 || len == 0 || len >= sizeof(to.sun_path))
		chaos_broken("find NOTIFY_SOCKET");
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	if (sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		chaos_broken("notify");
	close(fd);
}

void
step_say(char *value)
{
	chaos_unescape(value);
	say(value);
}

void
step_out(char *value)
{
	chaos_unescape(value);
	chaos_write(1, value, strlen(value));
}

void
step_notifyfd(char *value)
{
	pid_t pid = fork();

	(void)value;
	if (pid < 0)
		chaos_broken("fork");
	if (pid == 0) {
		say("READY=1");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

void
step_beat(char *value)
{
	for (int ms = atoi(value); ms > 0; ms -= BEAT_MS) {
		say("WATCHDOG=1");
		poll(NULL, 0, BEAT_MS);
	}
}

/* In one write to a file opened for appending: lines of many stay whole. */
static void
append(const char *path, const char *line, int len)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || len < 0 || write(fd, line, (size_t)len) != len)
		chaos_broken("append a line");
	close(fd);
}

static const char *
name(void)
{
	const char *name = getenv("MS_NAME");

	return name ? name : "-";
}

void
step_note(char *value)
{
	char line[256];

	append(value, line,
	    snprintf(line, sizeof(line), "%s %d\n", name(), (int)getpid()));
}

void
step_stamp(char *value)
{
	const char *word = chaos_cut(value), *generation;
	struct timespec now;
	char line[512];

	clock_gettime(CLOCK_MONOTONIC, &now);
	generation = getenv("MS_GENERATION");
	append(value, line,
	    snprintf(line, sizeof(line), "%lld%09ld %s %s %s %d\n",
		(long long)now.tv_sec, now.tv_nsec, word, name(),
		generation ? generation : "-", (int)getpid()));
}
