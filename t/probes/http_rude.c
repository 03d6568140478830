/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_rude HOST:PORT idle N     N connections that say nothing
 *                     drip N     N requests of a byte every 50 ms
 *                     garbage N  N times bytes that are no request
 *                     huge       a request whose headers do not end
 *                     deaf N     N requests whose answers are read late
 * Says "all there" when all are connected.  idle and drip stay until the other
 * end has closed every connection, deaf ones for a second and a half; at most
 * ten.  Then it says how many were closed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX     1024
#define PATIENT 10 /* seconds */

static struct sockaddr_in address = { .sin_family = AF_INET };
static struct pollfd fds[MAX];

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 1024;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static void
say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    errno != EAGAIN && errno != EPIPE && errno != ECONNRESET)
		perror("send");
}

static void
dial_all(int n)
{
	for (int i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = dial(), .events = POLLRDHUP };
	puts("all there");
	fflush(stdout);
}

static int
count_closed(int n)
{
	int closed = 0;

	poll(fds, (nfds_t)n, 0);
	for (int i = 0; i < n; i++)
		closed +=
		    (fds[i].revents & (POLLHUP | POLLERR | POLLRDHUP)) != 0;
	return closed;
}

static int
stay(int n, bool drip)
{
	static const char request[] =
	    "GET /metrics HTTP/1.1\r\nX-Slow: "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	time_t end = time(NULL) + PATIENT;
	int closed;

	for (size_t at = 0; (closed = count_closed(n)) < n; at++) {
		char byte[2] = { request[at % (sizeof(request) - 1)] };

		if (time(NULL) > end)
			break;
		for (int i = 0; drip && i < n; i++)
			say(fds[i].fd, byte);
		poll(NULL, 0, 50);
	}
	return closed;
}

/* Until its end, or too long. */
static bool
read_all(int fd)
{
	struct timeval patient = { .tv_sec = PATIENT };
	char bytes[65536];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patient, sizeof(patient));
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		;
	return n == 0 || errno == ECONNRESET;
}

static int
deaf(int n)
{
	int ended = 0;

	for (int i = 0; i < n; i++)
		say(fds[i].fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	poll(NULL, 0, 1500);
	for (int i = 0; i < n; i++)
		ended += read_all(fds[i].fd);
	return ended;
}

static int
garbage(int n)
{
	int answered = 0;

	for (int i = 0; i < n; i++) {
		char bytes[512];
		int fd = dial();

		for (size_t j = 0; j < sizeof(bytes) - 1; j++)
			bytes[j] = (char)(1 + rand() % 255);
		bytes[sizeof(bytes) - 1] = '\0';
		say(fd, bytes);
		say(fd, i % 2 ? "\r\n\r\n" : "\n");
		shutdown(fd, SHUT_WR);
		answered += recv(fd, bytes, sizeof(bytes), 0) >= 0 ||
		    errno == ECONNRESET;
		close(fd);
	}
	return answered;
}

static int
huge(void)
{
	int fd = dial(), n;
	char line[1024], answer[512];

	memset(line, 'a', sizeof(line));
	memcpy(line, "X-Huge: ", 8);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	say(fd, "GET /metrics HTTP/1.1\r\n");
	for (int i = 0; i < 1024; i++)
		if (send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL) < 0)
			break;
	n = (int)recv(fd, answer, sizeof(answer) - 1, 0);
	answer[n > 0 ? n : 0] = '\0';
	printf("%.*s\n", (int)strcspn(answer, "\r\n"), answer);
	return 1;
}

int
main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[3]) : 1, closed;
	char *colon = argc > 2 ? strrchr(argv[1], ':') : NULL;
	const char *mode = argc > 2 ? argv[2] : "";

	if (!colon || n < 1 || n > MAX)
		return 2;
	*colon = '\0';
	inet_pton(AF_INET, argv[1], &address.sin_addr);
	address.sin_port = htons((uint16_t)atoi(colon + 1));
	if (strcmp(mode, "garbage") == 0) {
		closed = garbage(n);
	} else if (strcmp(mode, "huge") == 0) {
		closed = huge();
	} else {
		dial_all(n);
		closed = strcmp(mode, "deaf") == 0
		    ? deaf(n)
		    : stay(n, strcmp(mode, "drip") == 0);
	}
	printf("%d closed\n", closed);
	return closed == n ? 0 : 1;
}
