/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manager SOCKET [FILE]: a service manager that only listens.  Each datagram
 * is a line "mono_ms pid TEXT", its newlines are blanks.  With FILE the queue
 * is full and nobody reads until FILE exists.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/mono.h"
#include "common/sock.h"

#define STUFFING "STUFFING=1"
#define LOOK_MS  20

static void
stuff(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	while (sendto(fd, STUFFING, strlen(STUFFING), MSG_DONTWAIT,
		   (const struct sockaddr *)&to, sizeof(to)) > 0)
		continue;
	close(fd);
}

static void
show(int fd)
{
	char text[4096], control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr head = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct ucred sender = { 0 };
	ssize_t n = recvmsg(fd, &head, 0);
	struct cmsghdr *part = n >= 0 ? CMSG_FIRSTHDR(&head) : NULL;

	if (n < 0)
		return;
	text[n] = '\0';
	if (strcmp(text, STUFFING) == 0)
		return;
	if (part && part->cmsg_type == SCM_CREDENTIALS)
		memcpy(&sender, CMSG_DATA(part), sizeof(sender));
	for (char *at = text; (at = strchr(at, '\n'));)
		*at = ' ';
	printf("%llu %d %s\n", (unsigned long long)(mono_now().ns / 1000000),
	    (int)sender.pid, text);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	int fd;

	if (argc < 2 || sock_bind_dgram(argv[1], &fd, NULL) != MS_OK)
		return 1;
	if (argc > 2) {
		stuff(argv[1]);
		printf("full\n");
		fflush(stdout);
		while (access(argv[2], F_OK) != 0)
			poll(NULL, 0, LOOK_MS);
	}
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, -1) > 0)
			show(fd);
	}
}
