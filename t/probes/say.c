/* SPDX-License-Identifier: Apache-2.0 */
/* say SOCKET: standard input to a Unix socket, its answers to standard output,
 * until the other end has been silent for a second. */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/sock.h"

#define SILENCE_MS 1000

int
main(int argc, char **argv)
{
	char bytes[65536];
	struct pollfd p = { .events = POLLIN };
	ssize_t n;

	if (argc != 2 || sock_dial_unix(argv[1], &p.fd, NULL) != MS_OK)
		return 1;
	fd_set_nonblock(p.fd, false);
	while ((n = read(0, bytes, sizeof(bytes))) > 0)
		if (send(p.fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	shutdown(p.fd, SHUT_WR);
	while (poll(&p, 1, SILENCE_MS) == 1 &&
	    (n = read(p.fd, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)n) != n)
			break;
	return 0;
}
