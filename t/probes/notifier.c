/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notifier STEP...: a worker that does as it is told.
 *   say:TEXT    sends TEXT to NOTIFY_SOCKET (say:READY=1)
 *   beat:MS     WATCHDOG=1 every 50 ms for that long
 *   pause:MS    waits
 *   deaf        ignores TERM from now on
 *   note:FILE   appends its name and pid to FILE
 *   exit:CODE   ends
 * After the last step it waits for a signal.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BEAT_MS 50

static void
say(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = path ? strlen(path) : 0;

	if (fd < 0 || len == 0 || len >= sizeof(to.sun_path))
		exit(111);
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	if (sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		exit(112);
	close(fd);
}

static void
note(const char *path)
{
	char line[128];
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	int n = snprintf(line, sizeof(line), "%s %d\n", getenv("MS_NAME"),
	    (int)getpid());

	if (fd < 0 || write(fd, line, (size_t)n) != n)
		exit(113);
	close(fd);
}

static void
step(const char *what)
{
	const char *colon = strchr(what, ':');
	const char *value = colon ? colon + 1 : "";
	int ms = atoi(value);

	if (strncmp(what, "say:", 4) == 0)
		say(value);
	else if (strncmp(what, "note:", 5) == 0)
		note(value);
	else if (strncmp(what, "pause:", 6) == 0)
		poll(NULL, 0, ms);
	else if (strncmp(what, "exit:", 5) == 0)
		exit(ms);
	else if (strcmp(what, "deaf") == 0)
		signal(SIGTERM, SIG_IGN);
	else if (strncmp(what, "beat:", 5) == 0)
		for (; ms > 0; ms -= BEAT_MS) {
			say("WATCHDOG=1");
			poll(NULL, 0, BEAT_MS);
		}
	else
		exit(2);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		step(argv[i]);
	for (;;)
		pause();
}
