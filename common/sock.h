/* SPDX-License-Identifier: Apache-2.0 */
/* Listening, dialling and knowing the peer.  All sockets CLOEXEC, NONBLOCK. */
#ifndef COMMON_SOCK_H
#define COMMON_SOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

/*
 * Unix stream sockets.  A path beginning with '@' is abstract.  Listening
 * replaces a socket file that nobody listens on, and answers MS_EEXISTS when
 * somebody does.  Too long a path is MS_EINVAL, never cut.  Dialling a path
 * nobody listens on is MS_EUNAVAILABLE, one with a full queue MS_EBUSY.
 */
enum ms_err sock_listen_unix(const char *path, mode_t mode, int *fd_r,
    struct why *why);
/* A listening socket that is needed no more, whoever else holds it: it refuses
 * from now on, and its file goes unless another socket has taken the path.  It
 * stays open. */
void sock_retire_unix(int fd);
enum ms_err sock_dial_unix(const char *path, int *fd_r, struct why *why);
/* TCP with a numeric address; SO_REUSEADDR. */
enum ms_err sock_listen_tcp(const char *addr, unsigned port, int *fd_r,
    struct why *why);
/* Datagram socket bound to path (abstract with '@'), SO_PASSCRED on, mode 0666:
 * the receiver checks the credentials of each datagram. */
enum ms_err sock_bind_dgram(const char *path, int *fd_r, struct why *why);

struct peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};
/* Kernel's word on the other end of a connected Unix socket. */
bool sock_peer(int fd, struct peer *peer_r);

#endif
