/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket file outlives the process that made it, so binding must tell the
 * dead from the living: it connects, and only a refusal lets it remove the
 * file.  Two starters of one path at the same moment are excluded higher up
 * (one instance per run directory), not here.
 */
#include "common/sock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"

#define SOCK_FLAGS    (SOCK_CLOEXEC | SOCK_NONBLOCK)
#define DGRAM_MODE    0666 /* who sent it is asked of each datagram */
#define UNIX_MAX_PATH (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

struct unix_addr {
	struct sockaddr_un un;
	socklen_t len;
	bool is_abstract;
};

static enum ms_err
unix_addr(const char *path, struct unix_addr *addr, struct why *why)
{
	size_t len = strlen(path);

	*addr = (struct unix_addr){ .un.sun_family = AF_UNIX };
	if (len == 0 || (len == 1 && path[0] == '@'))
		return why_set(why, MS_EINVAL, "the socket path is empty");
	if (len > UNIX_MAX_PATH)
		return why_set(why, MS_EINVAL,
		    "socket path %s is too long: %zu bytes, at most %zu", path,
		    len, UNIX_MAX_PATH);
	memcpy(addr->un.sun_path, path, len);
	addr->is_abstract = path[0] == '@';
	if (addr->is_abstract)
		addr->un.sun_path[0] = '\0';
	/* an abstract name is counted, a path ends with its NUL */
	addr->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
	    !addr->is_abstract);
	return MS_OK;
}

static enum ms_err
err_of_errno(void)
{
	switch (errno) {
	case EADDRINUSE:
	case EEXIST:
		return MS_EEXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return MS_EPERM;
	case ENOENT:
		return MS_ENOTFOUND;
	case EADDRNOTAVAIL:
	case ENOTDIR:
		return MS_EINVAL;
	default:
		return MS_EIO;
	}
}

static enum ms_err
cannot(const char *what, const char *path, struct why *why)
{
	int saved = errno;
	enum ms_err err = err_of_errno();
	const char *slash = strrchr(path, '/');

	if (saved == ENOENT && slash)
		return why_set(why, err,
		    "cannot %s %s: directory %.*s does not exist", what, path,
		    slash == path ? 1 : (int)(slash - path), path);
	return why_set(why, err, "cannot %s %s: %s", what, path,
	    strerror(saved));
}

/* The file stands in the way and nobody is behind it. */
static enum ms_err
remove_stale(const struct unix_addr *addr, int type, const char *path,
    struct why *why)
{
	struct stat st;
	int probe, refused;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? MS_OK : cannot("look at", path, why);
	if (!S_ISSOCK(st.st_mode))
		return why_set(why, MS_EEXISTS, "%s exists and is not a socket",
		    path);
	probe = socket(AF_UNIX, type | SOCK_FLAGS, 0);
	if (probe < 0)
		return cannot("probe", path, why);
	refused =
	    connect(probe, (const struct sockaddr *)&addr->un, addr->len) < 0 &&
	    errno == ECONNREFUSED;
	fd_close(&probe);
	if (!refused)
		return why_set(why, MS_EEXISTS, "somebody listens on %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return cannot("remove", path, why);
	return MS_OK;
}

static enum ms_err
bind_unix(int fd, const struct unix_addr *addr, int type, const char *path,
    struct why *why)
{
	const struct sockaddr *sa = (const struct sockaddr *)&addr->un;
	enum ms_err err;

	if (bind(fd, sa, addr->len) == 0)
		return MS_OK;
	if (errno == EADDRINUSE && addr->is_abstract)
		return why_set(why, MS_EEXISTS, "somebody listens on %s", path);
	if (errno != EADDRINUSE)
		return cannot("listen on", path, why);
	err = remove_stale(addr, type, path, why);
	if (err)
		return err;
	if (bind(fd, sa, addr->len) < 0)
		return cannot("listen on", path, why);
	return MS_OK;
}

/* What must hold before the first byte can arrive.  Linux gives the file the
 * mode of the unbound socket, less the umask: narrow from the beginning. */
static bool
prepare(int fd, const struct unix_addr *addr, int type, mode_t mode)
{
	int on = 1;

	if (!addr->is_abstract && fchmod(fd, mode) < 0)
		return false;
	return type != SOCK_DGRAM ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0;
}

static enum ms_err
open_bound(const char *path, int type, mode_t mode, int *fd_r, struct why *why)
{
	struct unix_addr addr;
	enum ms_err err = unix_addr(path, &addr, why);
	int fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, type | SOCK_FLAGS, 0);
	if (fd < 0)
		return cannot("make a socket for", path, why);
	if (!prepare(fd, &addr, type, mode))
		err = cannot("prepare a socket for", path, why);
	if (!err)
		err = bind_unix(fd, &addr, type, path, why);
	if (!err && !addr.is_abstract && chmod(path, mode) < 0)
		err = cannot("set the mode of", path, why); /* umask undone */
	if (err)
		fd_close(&fd);
	else
		*fd_r = fd;
	return err;
}

enum ms_err
sock_listen_unix(const char *path, mode_t mode, int *fd_r, struct why *why)
{
	int fd;
	enum ms_err err = open_bound(path, SOCK_STREAM, mode, &fd, why);

	if (err)
		return err;
	if (listen(fd, SOMAXCONN) < 0) {
		err = cannot("listen on", path, why);
		fd_close(&fd);
		return err;
	}
	*fd_r = fd;
	return MS_OK;
}

static enum ms_err
cannot_dial(const char *path, struct why *why)
{
	switch (errno) {
	case ENOENT:
	case ECONNREFUSED:
		return why_set(why, MS_EUNAVAILABLE, "nobody listens on %s",
		    path);
	case EAGAIN:
		return why_set(why, MS_EBUSY,
		    "%s is busy: its queue of connections is full", path);
	default:
		return cannot("connect to", path, why);
	}
}

enum ms_err
sock_dial_unix(const char *path, int *fd_r, struct why *why)
{
	struct unix_addr addr;
	enum ms_err err = unix_addr(path, &addr, why);
	int fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0);
	if (fd < 0)
		return cannot("make a socket for", path, why);
	/* A Unix socket connects at once or not at all. */
	if (connect(fd, (const struct sockaddr *)&addr.un, addr.len) < 0) {
		err = cannot_dial(path, why);
		fd_close(&fd);
		return err;
	}
	*fd_r = fd;
	return MS_OK;
}

static enum ms_err
listen_on(const struct addrinfo *info, const char *name, int *fd_r,
    struct why *why)
{
	int on = 1;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_FLAGS, 0);
	enum ms_err err = MS_OK;

	if (fd < 0)
		return cannot("make a socket for", name, why);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, info->ai_addr, info->ai_addrlen) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		err = cannot("listen on", name, why);
	if (err)
		fd_close(&fd);
	else
		*fd_r = fd;
	return err;
}

enum ms_err
sock_listen_tcp(const char *addr, unsigned port, int *fd_r, struct why *why)
{
	/* numeric only: resolving a name may block for a long time */
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *info = NULL;
	char service[16], name[128];
	enum ms_err err;

	if (port > UINT16_MAX)
		return why_set(why, MS_EINVAL, "port %u is not in 0..65535",
		    port);
	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(addr, service, &hints, &info) != 0)
		return why_set(why, MS_EINVAL,
		    "'%.64s' is not a numeric IP address", addr);
	snprintf(name, sizeof(name), strchr(addr, ':') ? "[%s]:%u" : "%s:%u",
	    addr, port);
	err = listen_on(info, name, fd_r, why);
	freeaddrinfo(info);
	return err;
}

enum ms_err
sock_bind_dgram(const char *path, int *fd_r, struct why *why)
{
	return open_bound(path, SOCK_DGRAM, DGRAM_MODE, fd_r, why);
}

void
sock_retire_unix(int fd)
{
	struct unix_addr addr = { .len = sizeof(addr.un) };
	char path[sizeof(addr.un.sun_path) + 1] = "";

	if (getsockname(fd, (struct sockaddr *)&addr.un, &addr.len) < 0 ||
	    addr.un.sun_family != AF_UNIX ||
	    addr.len <= offsetof(struct sockaddr_un, sun_path))
		return;
	memcpy(path, addr.un.sun_path,
	    addr.len - offsetof(struct sockaddr_un, sun_path));
	shutdown(fd, SHUT_RDWR);
	if (path[0]) /* not abstract */
		(void)!remove_stale(&addr, SOCK_STREAM, path, NULL);
}

bool
sock_peer(int fd, struct peer *peer_r)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ||
	    cred.uid == (uid_t)-1) /* TCP has no such word */
		return false;
	*peer_r = (struct peer){ cred.pid, cred.uid, cred.gid };
	return true;
}
