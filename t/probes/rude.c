/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rude SOCKET HOW: a client of a stream socket without manners.
 *
 *   idle:N        N connections that say nothing; prints "N" when all stand,
 *                 holds them until its standard input ends
 *   drip:MS       standard input, a byte every MS; then the answers
 *   huge:BYTES    BYTES without a newline; exit 0 when the other hung up
 *   half          standard input, end of writing, the answers
 *   all           the same, until the other hangs up
 *   fds:N         standard input with N descriptors; then the answers
 *   deafness:N    N times standard input, reading nothing; exit 0 when the
 *                 other hung up or took it all
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sock.h"

#define PATIENCE_MS 5000
#define FDS_MAX     253

static int
dial(const char *path)
{
	int fd;

	if (sock_dial_unix(path, &fd, NULL) != MS_OK) {
		perror("rude: dial");
		exit(1);
	}
	fd_set_nonblock(fd, false);
	return fd;
}

static size_t
words(char *bytes, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(0, bytes + len, size - len)) > 0)
		len += (size_t)n;
	return len;
}

/* A line is an answer; then it may go. */
static int
print_answers(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char bytes[65536];
	ssize_t n;

	while (poll(&p, 1, PATIENCE_MS) == 1 &&
	    (n = read(fd, bytes, sizeof(bytes))) > 0) {
		fwrite(bytes, 1, (size_t)n, stdout);
		if (memchr(bytes, '\n', (size_t)n))
			return 0;
	}
	return 1;
}

static int
print_all(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char bytes[65536];
	ssize_t n = -1;

	while (poll(&p, 1, -1) == 1 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, stdout);
	return n == 0 ? 0 : 1;
}

static int
idle(const char *path, int n)
{
	char byte;

	for (int left = n; left > 0; left--)
		dial(path);
	printf("%d\n", n);
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}

static int
drip(int fd, int ms)
{
	char text[4096];
	size_t len = words(text, sizeof(text));

	for (size_t i = 0; i < len; i++) {
		if (send(fd, text + i, 1, MSG_NOSIGNAL) != 1)
			return 1;
		poll(NULL, 0, ms);
	}
	return print_answers(fd);
}

static int
huge(int fd, long long bytes)
{
	static char chunk[65536];

	memset(chunk, 'x', sizeof(chunk));
	for (; bytes > 0; bytes -= (long long)sizeof(chunk))
		if (send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) < 0)
			return 0;
	return 1;
}

static int
pass_fds(int fd, int n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} part = { .bytes = "" };
	char text[4096];
	struct iovec iov = { text, words(text, sizeof(text)) };
	struct msghdr head = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &part,
		.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n) };
	int null = open("/dev/null", O_RDONLY);

	part.align =
	    (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n),
		    .cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS };
	for (int i = 0; i < n; i++)
		memcpy(CMSG_DATA(&part.align) + sizeof(int) * (size_t)i, &null,
		    sizeof(int));
	if (sendmsg(fd, &head, MSG_NOSIGNAL) < 0)
		return 1;
	return print_answers(fd);
}

static int
deafness(int fd, int n)
{
	struct pollfd p = { fd, POLLOUT, 0 };
	char text[4096];
	size_t len = words(text, sizeof(text));

	fd_set_nonblock(fd, true);
	while (n > 0 && poll(&p, 1, PATIENCE_MS) == 1) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return 0;
		n -= sent > 0;
	}
	return n == 0 || p.revents & (POLLHUP | POLLERR) ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[2] : "";
	const char *colon = strchr(how, ':');
	long long number = colon ? atoll(colon + 1) : 0;

	if (strncmp(how, "idle:", 5) == 0)
		return idle(argv[1], (int)number);
	if (strncmp(how, "drip:", 5) == 0)
		return drip(dial(argv[1]), (int)number);
	if (strncmp(how, "huge:", 5) == 0)
		return huge(dial(argv[1]), number);
	if (strncmp(how, "fds:", 4) == 0 && number <= FDS_MAX)
		return pass_fds(dial(argv[1]), (int)number);
	if (strncmp(how, "deafness:", 9) == 0)
		return deafness(dial(argv[1]), (int)number);
	if (strcmp(how, "half") == 0 || strcmp(how, "all") == 0) {
		int fd = dial(argv[1]);
		char text[4096];
		size_t len = words(text, sizeof(text));

		if (send(fd, text, len, MSG_NOSIGNAL) < 0)
			return 1;
		shutdown(fd, SHUT_WR);
		return *how == 'a' ? print_all(fd) : print_answers(fd);
	}
	return 2;
}
