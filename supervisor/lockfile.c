/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel drops a lock with its holder, so a stale file cannot lie; the
 * number in it is only for the message. */
#include "supervisor/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

#define LOCK_MODE 0644

static pid_t
read_holder(int fd)
{
	char text[24] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

bool
lockfile_sign(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
}

enum ms_err
lockfile_take(const char *path, int *fd_r, pid_t *holder_r, struct why *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);

	*holder_r = 0;
	if (fd < 0)
		return why_set(why, MS_EIO, "cannot open %s: %s", path,
		    strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*holder_r = read_holder(fd);
		fd_close(&fd);
		return why_set(why, MS_EBUSY, "%s is locked", path);
	}
	if (!lockfile_sign(fd)) {
		fd_close(&fd);
		return why_set(why, MS_EIO, "cannot write %s: %s", path,
		    strerror(errno));
	}
	*fd_r = fd;
	return MS_OK;
}

bool
lockfile_is(const char *path, int fd)
{
	struct stat of_path, of_fd;

	return fd >= 0 && fstat(fd, &of_fd) == 0 && stat(path, &of_path) == 0 &&
	    of_path.st_dev == of_fd.st_dev && of_path.st_ino == of_fd.st_ino;
}
