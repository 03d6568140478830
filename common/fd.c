/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls with their small print handled once: short writes, EINTR,
 * descriptors that arrive uninvited, and files that are whole or not there.
 */
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define IOV_MAX_PARTS 64
#define READ_CHUNK    ((size_t)65536)
#define TEMP_SUFFIX   ".tmp"

void
fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd); /* never again on EINTR: the number is free */
	*fd = -1;
	errno = saved;
}

static bool
set_flag(int fd, int get, int set, int flag, bool on)
{
	int flags = fcntl(fd, get);
	int wanted = on ? flags | flag : flags & ~flag;

	return flags >= 0 && (wanted == flags || fcntl(fd, set, wanted) == 0);
}

bool
fd_set_nonblock(int fd, bool on)
{
	return set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on);
}

bool
fd_set_cloexec(int fd, bool on)
{
	return set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on);
}

int
fd_move(int fd, int to, bool cloexec)
{
	if (fd == to)
		return fd_set_cloexec(fd, cloexec) ? 0 : -1;
	while (dup3(fd, to, cloexec ? O_CLOEXEC : 0) < 0) {
		if (errno != EINTR && errno != EBUSY)
			return -1;
	}
	close(fd);
	return 0;
}

/* The error of errno, its text and the thing it happened to into why. */
static enum ms_err
refused(struct why *why, const char *what, const char *path)
{
	int code = errno;
	enum ms_err err = MS_EIO;

	if (code == ENOENT)
		err = MS_ENOTFOUND;
	else if (code == EACCES || code == EPERM || code == EROFS)
		err = MS_EPERM;
	return why_set(why, err, "%s %s: %s", what, path, strerror(code));
}

enum ms_err
fd_write_all(int fd, const void *bytes, size_t n, struct why *why)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return why_set(why, MS_EIO, "cannot write: %s",
			    strerror(errno));
		at += done;
		n -= (size_t)done;
	}
	return MS_OK;
}

/* A window of iovecs over many parts; skip is what of parts[0] is written. */
static int
fill_iov(struct iovec *iov, const struct slice *parts, size_t count,
    size_t skip)
{
	int n = 0;

	for (size_t i = 0; i < count && n < IOV_MAX_PARTS; i++) {
		iov[n].iov_base = (char *)(uintptr_t)parts[i].ptr + skip;
		iov[n].iov_len = parts[i].len - skip;
		skip = 0;
		n++;
	}
	return n;
}

enum ms_err
fd_pwritev_all(int fd, const struct slice *parts, size_t count, off_t at,
    struct why *why)
{
	struct iovec iov[IOV_MAX_PARTS];
	size_t skip = 0;

	for (;;) {
		ssize_t done;

		while (count > 0 && skip >= parts->len) {
			skip -= parts->len;
			parts++;
			count--;
		}
		if (count == 0)
			return MS_OK;
		done = pwritev(fd, iov, fill_iov(iov, parts, count, skip), at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return why_set(why, MS_EIO, "cannot write: %s",
			    done < 0 ? strerror(errno) : "nothing written");
		at += done;
		skip += (size_t)done;
	}
}

ssize_t
fd_read_some(int fd, struct buf *buf, size_t max)
{
	unsigned char *to;
	ssize_t n;

	if (buf->limit_bytes && buf->limit_bytes - buf->len < max)
		max = buf->limit_bytes - buf->len;
	if (max == 0) {
		errno = ENOBUFS;
		return -1;
	}
	to = buf_reserve(buf, max);
	if (!to) {
		errno = ENOMEM;
		return -1;
	}
	do
		n = read(fd, to, max);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		buf->len += (size_t)n;
	return n;
}

/* Reads one byte past the limit to know that the file is larger; the size
 * that stat() tells is not believed, /proc says 0 and files grow. */
static enum ms_err
read_to_end(int fd, const char *path, size_t limit_bytes, struct buf *buf,
    struct why *why)
{
	size_t start = buf->len;

	for (;;) {
		size_t left = limit_bytes - (buf->len - start);
		size_t chunk = left < READ_CHUNK ? left + 1 : READ_CHUNK;
		unsigned char *to = buf_reserve(buf, chunk);
		ssize_t n;

		if (!to)
			return why_set(why, MS_ENOMEM, "no memory for %s",
			    path);
		do
			n = read(fd, to, chunk);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return refused(why, "cannot read", path);
		if (n == 0)
			return MS_OK;
		if ((size_t)n > left)
			return why_set(why, MS_ETOOBIG,
			    "%s is larger than %zu bytes", path, limit_bytes);
		buf->len += (size_t)n;
	}
}

enum ms_err
file_read(const char *path, size_t limit_bytes, struct buf *buf,
    struct why *why)
{
	size_t start = buf->len;
	/* opening waits for no writer; reading one that is there does */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum ms_err err;

	if (fd < 0)
		return refused(why, "cannot open", path);
	fd_set_nonblock(fd, false);
	err = read_to_end(fd, path, limit_bytes, buf, why);
	if (err)
		buf->len = start;
	fd_close(&fd);
	return err;
}

/* "a/b" to "a", "b" to ".", "/b" to "/". */
static void
parent_of(const char *path, char parent[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash)
		strcpy(parent, ".");
	else if (len == 0)
		strcpy(parent, "/");
	else
		snprintf(parent, PATH_MAX, "%.*s", (int)len, path);
}

static enum ms_err
write_temp(const char *temp, struct slice bytes, mode_t mode, struct why *why)
{
	enum ms_err err;
	int fd;

	unlink(temp); /* left by a process that died here */
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return refused(why, "cannot create", temp);
	err = fd_write_all(fd, bytes.ptr, bytes.len, why);
	if (!err && fchmod(fd, mode) < 0) /* exactly, whatever the umask */
		err = refused(why, "cannot set the mode of", temp);
	if (!err && fdatasync(fd) < 0)
		err = refused(why, "cannot sync", temp);
	fd_close(&fd);
	return err;
}

enum ms_err
file_replace(const char *path, struct slice bytes, mode_t mode, struct why *why)
{
	char temp[PATH_MAX], parent[PATH_MAX];
	enum ms_err err;

	if (strlen(path) + sizeof(TEMP_SUFFIX) > sizeof(temp))
		return why_set(why, MS_EINVAL, "the path is too long");
	stpcpy(stpcpy(temp, path), TEMP_SUFFIX);
	err = write_temp(temp, bytes, mode, why);
	if (!err && rename(temp, path) < 0)
		err = refused(why, "cannot replace", path);
	if (err) {
		unlink(temp);
		return err;
	}
	parent_of(path, parent);
	return dir_sync(parent, why);
}

enum ms_err
dir_sync(const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum ms_err err = MS_OK;

	if (fd < 0)
		return refused(why, "cannot open", path);
	if (fsync(fd) < 0)
		err = refused(why, "cannot sync", path);
	fd_close(&fd);
	return err;
}

static enum ms_err
make_one(const char *path, mode_t mode, struct why *why)
{
	struct stat st;

	if (mkdir(path, mode) == 0) {
		if (chmod(path, mode) < 0) /* exactly, whatever the umask */
			return refused(why, "cannot set the mode of", path);
		return MS_OK;
	}
	if (errno != EEXIST)
		return refused(why, "cannot make directory", path);
	if (stat(path, &st) < 0)
		return refused(why, "cannot look at", path);
	if (!S_ISDIR(st.st_mode))
		return why_set(why, MS_EEXISTS, "%s is not a directory", path);
	return MS_OK;
}

enum ms_err
dir_make(const char *path, mode_t mode, struct why *why)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	enum ms_err err;

	if (len == 0 || len >= sizeof(part))
		return why_set(why, MS_EINVAL,
		    len ? "the path is too long" : "the path is empty");
	memcpy(part, path, len + 1);
	for (char *at = part + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		err = make_one(part, mode, why);
		if (err)
			return err;
		*at = '/';
	}
	return make_one(part, mode, why);
}

ssize_t
fd_send(int sock, const void *bytes, size_t n, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes, n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t done;

	if (fd >= 0) {
		struct cmsghdr *cmsg = &control.align;

		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.bytes);
	}
	do
		done = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	return done;
}

/* Keeps the first descriptor, closes every other: a sender must not be able
 * to fill our table. */
static void
keep_first_fd(struct cmsghdr *cmsg, int *fd_r)
{
	size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int fd;

	for (size_t i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
		if (*fd_r < 0)
			*fd_r = fd;
		else
			fd_close(&fd);
	}
}

ssize_t
fd_recv(int sock, void *bytes, size_t n, int *fd_r)
{
	union { /* credentials come too where SO_PASSCRED is on */
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) +
		    CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { bytes, n };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t done;

	*fd_r = -1;
	do
		done = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return done;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			keep_first_fd(c, fd_r);
	}
	return done;
}
