/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client without manners: pg_rude SOCKET USER DATABASE says wrong things to a
 * pool, one connection each, and checks what it is told.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/sock.h"

#define WAIT_MS 10000
#define V3_0    (3u << 16)

static const char *path, *user, *database;
static const char *doing = "start";

static void
die(const char *what)
{
	fprintf(stderr, "%s: %s\n", doing, what);
	exit(1);
}

static int
dial(void)
{
	struct why why;
	int fd;

	if (sock_dial_unix(path, &fd, &why))
		die(why.text);
	return fd;
}

static void
say(int fd, const void *bytes, size_t n)
{
	if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("cannot send");
}
#define SAY(fd, text) say(fd, text, sizeof(text) - 1)

/* False at the end of the stream. */
static bool
hear(int fd, void *at, size_t n)
{
	char *to = at;

	while (n > 0) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t got;

		if (poll(&p, 1, WAIT_MS) != 1)
			die("no answer");
		got = recv(fd, to, n, 0);
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

static uint32_t
big(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* The next message; its type, 0 at the end. */
static char
message(int fd, char *body, size_t room)
{
	unsigned char head[5];
	uint32_t n;

	if (!hear(fd, head, sizeof(head)))
		return 0;
	n = big(head + 1) - 4;
	if (n >= room)
		die("a message too long");
	body[n] = '\0';
	if (!hear(fd, body, n))
		die("half a message");
	return (char)head[0];
}

static void
expect_fatal(int fd, const char *sqlstate)
{
	char body[4096], want[8] = "C";
	bool found = false;

	if (message(fd, body, sizeof(body)) != 'E')
		die("no error");
	strcat(want, sqlstate);
	for (char *field = body; *field; field += strlen(field) + 1)
		found |= strcmp(field, want) == 0;
	if (!found)
		die("another error");
	if (message(fd, body, sizeof(body)) != 0)
		die("more after the error");
	close(fd);
}

static void
say_startup(int fd, uint32_t version, const char *more, size_t more_bytes)
{
	struct buf out = { 0 };
	uint32_t n;
	unsigned char head[8] = { 0, 0, 0, 0, (unsigned char)(version >> 24),
		(unsigned char)(version >> 16), (unsigned char)(version >> 8),
		(unsigned char)version };

	buf_add(&out, head, sizeof(head));
	buf_add(&out, "user", 5);
	buf_add(&out, user, strlen(user) + 1);
	buf_add(&out, "database", 9);
	buf_add(&out, database, strlen(database) + 1);
	buf_add_u8(&out, 0);
	n = (uint32_t)out.len;
	out.ptr[2] = (unsigned char)(n >> 8);
	out.ptr[3] = (unsigned char)n;
	buf_add(&out, more, more_bytes);
	say(fd, out.ptr, out.len);
	buf_fini(&out);
}

static void
until_ready(int fd)
{
	char body[4096], type;

	while ((type = message(fd, body, sizeof(body))) != 'Z')
		if (type == 0 || type == 'E')
			die("no session");
}

static int
session(void)
{
	int fd = dial();

	say_startup(fd, V3_0, "", 0);
	until_ready(fd);
	return fd;
}

static void
start_ups(void)
{
	static const struct {
		const char *what, *bytes;
		size_t n;
	} bad[] = {
		{ "length 0", "\0\0\0\0\0\3\0\0", 8 },
		{ "length 7", "\0\0\0\7\0\3\0\0", 8 },
		{ "length 10001", "\0\0\x27\x11\0\3\0\0", 8 },
		{ "length 2 GiB", "\x7f\xff\xff\xff\0\3\0\0", 8 },
		{ "length 4 GiB", "\xff\xff\xff\xff\0\3\0\0", 8 },
		{ "http", "GET / HTTP/1.0\r\n\r\n", 18 },
	};
	int fd;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		doing = bad[i].what;
		fd = dial();
		say(fd, bad[i].bytes, bad[i].n);
		expect_fatal(fd, "08P01");
	}
	doing = "protocol 2";
	fd = dial();
	say_startup(fd, 2u << 16, "", 0);
	expect_fatal(fd, "0A000");
	doing = "a query before the welcome";
	fd = dial();
	say_startup(fd, V3_0, "Q\0\0\0\15select 1\0", 14);
	expect_fatal(fd, "08P01");
}

static void
encryption(void)
{
	char byte, body[4096];
	int fd = dial();

	doing = "request for encryption";
	SAY(fd, "\0\0\0\10\4\xd2\x16\x2f");
	if (!hear(fd, &byte, 1) || byte != 'N')
		die("not refused");
	say_startup(fd, V3_0, "", 0);
	until_ready(fd);
	close(fd);

	doing = "bytes behind a request for encryption";
	fd = dial();
	SAY(fd, "\0\0\0\10\4\xd2\x16\x2f\0\0\0\10");
	expect_fatal(fd, "08P01");

	doing = "two requests for encryption";
	fd = dial();
	SAY(fd, "\0\0\0\10\4\xd2\x16\x2f");
	if (!hear(fd, &byte, 1))
		die("no answer");
	SAY(fd, "\0\0\0\10\4\xd2\x16\x2f");
	expect_fatal(fd, "08P01");

	doing = "protocol 3.2";
	fd = dial();
	say_startup(fd, V3_0 | 2, "", 0);
	if (message(fd, body, sizeof(body)) != 'v')
		die("no negotiation");
	until_ready(fd);
	close(fd);
}

static void
cancels(void)
{
	int fd = dial();
	char byte;

	doing = "cancel of nobody";
	SAY(fd, "\0\0\0\20\4\xd2\x16\x2e\0\0\0\1\0\0\0\2");
	if (hear(fd, &byte, 1))
		die("answered");
	close(fd);
	doing = "short cancel";
	fd = dial();
	SAY(fd, "\0\0\0\14\4\xd2\x16\x2e\0\0\0\1");
	expect_fatal(fd, "08P01");
}

static void
sessions(void)
{
	int fd = session();

	doing = "message of length 3";
	SAY(fd, "Q\0\0\0\3");
	expect_fatal(fd, "08P01");

	doing = "half a message";
	fd = session();
	SAY(fd, "Q\0\0\1\0select");
	close(fd);

	doing = "parse without sync";
	fd = session();
	SAY(fd, "P\0\0\0\20\0select 1\0\0\0");
	close(fd);

	doing = "half a head";
	fd = session();
	SAY(fd, "Q\0\0");
	close(fd);

	doing = "a query and good-bye at once";
	fd = session();
	SAY(fd, "Q\0\0\0\50insert into seen values ('goodbye')\0X\0\0\0\4");
	close(fd);
}

/* Asks for 64 MB and reads nothing; the caller looks after the pool. */
static void
glutton(void)
{
	int fd = session();
	char line[8];

	doing = "glutton";
	SAY(fd,
	    "Q\0\0\0\74select repeat('x', 65536) from generate_series(1, 1024)\0");
	puts("full");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return;
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	path = argv[1];
	user = argv[2];
	database = argv[3];
	if (argc == 5) {
		glutton();
		return 0;
	}
	start_ups();
	encryption();
	cancels();
	sessions();
	return 0;
}
