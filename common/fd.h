/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: flags, moving, passing, whole reads and writes. */
#ifndef COMMON_FD_H
#define COMMON_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"

/* Closes *fd when it is >= 0 and sets it to -1; errno is kept. */
void fd_close(int *fd);
bool fd_set_nonblock(int fd, bool on);
bool fd_set_cloexec(int fd, bool on);
/* Moves fd to `to` (dup3 + close); async-signal-safe.  0 or -1 with errno. */
int fd_move(int fd, int to, bool cloexec);

/* Blocking; retry EINTR and short writes.  MS_EIO with errno text in why. */
enum ms_err fd_write_all(int fd, const void *bytes, size_t n, struct why *why);
enum ms_err fd_pwritev_all(int fd, const struct slice *parts, size_t count,
    off_t at, struct why *why);
/*
 * Reads what is there, at most max bytes, into buf.  >0 bytes, 0 end of file,
 * -1 with errno (EAGAIN included; ENOBUFS: buf is at its limit).  Never blocks
 * on a nonblocking fd.
 */
ssize_t fd_read_some(int fd, struct buf *buf, size_t max);
/* Whole file, refused with MS_ETOOBIG past limit_bytes. */
enum ms_err file_read(const char *path, size_t limit_bytes, struct buf *buf,
    struct why *why);
/* Temp file (path.tmp), fdatasync, rename, fsync of the directory: whole or
 * untouched.  mode is exact.  One writer per path at a time. */
enum ms_err file_replace(const char *path, struct slice bytes, mode_t mode,
    struct why *why);
enum ms_err dir_sync(const char *path, struct why *why);
/* mkdir -p with exactly mode for each new part. */
enum ms_err dir_make(const char *path, mode_t mode, struct why *why);

/* One datagram or chunk with at most one fd (SCM_RIGHTS).  As send/recv. */
ssize_t fd_send(int sock, const void *bytes, size_t n, int fd);
/* *fd_r is -1 when none came; received fds are CLOEXEC. */
ssize_t fd_recv(int sock, void *bytes, size_t n, int *fd_r);

#endif
