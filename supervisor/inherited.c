/* SPDX-License-Identifier: Apache-2.0 */
/* Found by their address, not by LISTEN_FDNAMES: a name can be forgotten. */
#include "supervisor/inherited.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/fd.h"
#include "common/str.h"
#include "proto/contract.h"

#define PASSED_MAX 1024u

static bool
is_bound_to(int fd, const char *path)
{
	struct sockaddr_un at = { 0 };
	socklen_t len = sizeof(at), int_len = sizeof(int);
	int listens = 0;

	return getsockname(fd, (struct sockaddr *)&at, &len) == 0 &&
	    at.sun_family == AF_UNIX &&
	    len > offsetof(struct sockaddr_un, sun_path) &&
	    strncmp(at.sun_path, path, sizeof(at.sun_path)) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_len) ==
	    0 &&
	    listens;
}

int
inherited_unix(pid_t pid, const char *path)
{
	const char *meant = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	uint64_t n;

	if (!meant || strtol(meant, NULL, 10) != pid || !count ||
	    !parse_u64(slice_of(count), &n) || n > PASSED_MAX)
		return -1;
	for (int fd = LISTEN_FD_START; fd < LISTEN_FD_START + (int)n; fd++) {
		if (!is_bound_to(fd, path))
			continue;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return fd_set_nonblock(fd, true) ? fd : -1;
	}
	return -1;
}
