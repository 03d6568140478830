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

enum ms_err
lockfile_take(const char *path, int *fd_r, pid_t *holder_r, struct why *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
	char text[24];
	int n;

	*holder_r = 0;
	if (fd < 0)
		return why_set(why, MS_EIO, "cannot open %s: %s", path,
		    strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*holder_r = read_holder(fd);
		fd_close(&fd);
		return why_set(why, MS_EBUSY, "%s is locked", path);
	}
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		fd_close(&fd);
		return why_set(why, MS_EIO, "cannot write %s: %s", path,
		    strerror(errno));
	}
	*fd_r = fd;
	return MS_OK;
}
