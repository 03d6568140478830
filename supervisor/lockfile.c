/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel drops a lock with its last holder, so a stale file cannot lie.
 * A child that has not become its program yet holds it too: when msd was
 * killed in that moment, the lock outlives it by a little. */
#include "supervisor/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

#define LOCK_MODE  0644
#define LEAVING_MS 5000 /* the last of a killed msd are gone by then */
#define LOOK_MS    10

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

static bool
is_dead(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

static bool
lock(int fd)
{
	for (int ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; ms += LOOK_MS) {
		if (ms >= LEAVING_MS || !is_dead(read_holder(fd)))
			return false;
		poll(NULL, 0, LOOK_MS);
	}
	return true;
}

enum ms_err
lockfile_take(const char *path, int *fd_r, pid_t *holder_r, struct why *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);

	*holder_r = 0;
	if (fd < 0)
		return why_set(why, MS_EIO, "cannot open %s: %s", path,
		    strerror(errno));
	if (!lock(fd)) {
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
