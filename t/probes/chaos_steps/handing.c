/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "t/probes/chaos_steps/chaos.h"

#define FDS_MAX 8

static void
send_fds(const char *text, const int *fds, size_t count)
{
	const char *path = getenv("NOTIFY_SOCKET");
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} part = { .head = { .cmsg_len = CMSG_LEN(sizeof(int) * count),
		       .cmsg_level = SOL_SOCKET,
		       .cmsg_type = SCM_RIGHTS } };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct iovec words = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr message = { .msg_name = &to,
		.msg_iov = &words,
		.msg_iovlen = 1,
		.msg_control = count ? &part : NULL,
		.msg_controllen = count ? CMSG_SPACE(sizeof(int) * count) : 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = path ? strlen(path) : 0;

	if (fd < 0 || len == 0 || len >= sizeof(to.sun_path))
		chaos_broken("find NOTIFY_SOCKET");
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	message.msg_namelen =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (count)
		memcpy(CMSG_DATA(&part.head), fds, sizeof(int) * count);
	if (sendmsg(fd, &message, 0) < 0)
		chaos_broken("hand over");
	close(fd);
}

/* Named after its maker: who is given it sees from which life it comes. */
static int
memory(void)
{
	const char *name = getenv("MS_NAME"), *life = getenv("MS_GENERATION");
	char text[128];
	int fd;

	snprintf(text, sizeof(text), "%s.%s", name ? name : "-",
	    life ? life : "-");
	fd = memfd_create(text, MFD_CLOEXEC);
	if (fd < 0)
		chaos_broken("make a memfd");
	return fd;
}

void
step_sayfd(char *value)
{
	char *text = chaos_cut(value);
	size_t count = 1;
	int fds[FDS_MAX];

	chaos_unescape(text);
	if (strcmp(value, "pair") == 0) { /* hangs up when the process ends */
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
			chaos_broken("make a pair");
		send_fds(text, fds, 1);
		close(fds[0]);
		return;
	}
	if (strcmp(value, "twice") == 0) { /* one file, two numbers */
		fds[0] = memory();
		fds[1] = dup(fds[0]);
		count = 2;
	} else {
		count = strtoul(value, NULL, 10);
		for (size_t i = 0; i < count && i < FDS_MAX; i++)
			fds[i] = memory();
	}
	send_fds(text, fds, count);
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

void
step_shout(char *value)
{
	size_t len = chaos_bytes(value);
	char *text = malloc(len + 9);

	if (!text)
		chaos_broken("get memory");
	snprintf(text, 9, "READY=1\n");
	memset(text + 8, 'x', len);
	text[8 + len] = '\0';
	send_fds(text, NULL, 0);
	free(text);
}

void
step_barrier(char *value)
{
	struct pollfd closed = { .events = POLLIN };
	int ends[2];

	(void)value;
	if (pipe(ends) < 0)
		chaos_broken("make a pipe");
	send_fds("BARRIER=1", &ends[1], 1);
	close(ends[1]);
	closed.fd = ends[0];
	if (poll(&closed, 1, 10000) != 1)
		chaos_broken("see the barrier fall");
	close(ends[0]);
}

void
step_main(char *value)
{
	char text[64];

	(void)value;
	snprintf(text, sizeof(text), "MAINPID=%d", (int)getpid());
	send_fds(text, NULL, 0);
}

void
step_heir(char *value)
{
	char text[64];
	pid_t heir = fork();

	(void)value;
	if (heir < 0)
		chaos_broken("fork");
	if (heir == 0)
		chaos_wait();
	snprintf(text, sizeof(text), "MAINPID=%d", (int)heir);
	send_fds(text, NULL, 0);
	_exit(0);
}

void
step_times(char *value)
{
	char *step = chaos_cut(value);

	for (long left = atol(value); left > 0; left--)
		chaos_step(step);
}
