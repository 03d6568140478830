/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp_sink PORT PORT_FILE OUT: writes what comes to 127.0.0.1:PORT (0: any,
 * PORT_FILE says which) to OUT, each datagram ended by a line "--".  Until it is
 * killed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
say_port(int fd, const char *path)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	FILE *file = fopen(path, "w");

	if (!file || getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		die(path);
	fprintf(file, "%u\n", ntohs(addr.sin_port));
	fclose(file);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char bytes[65536];
	ssize_t n;
	FILE *out;

	if (argc != 4)
		return 2;
	addr.sin_port = htons((uint16_t)atoi(argv[1]));
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		die("bind");
	out = fopen(argv[3], "a");
	if (!out)
		die(argv[3]);
	say_port(fd, argv[2]);
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) >= 0) {
		fwrite(bytes, 1, (size_t)n, out);
		fprintf(out, "\n-- %zd bytes\n", n);
		fflush(out);
	}
	die("recv");
}
