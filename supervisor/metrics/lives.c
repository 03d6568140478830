/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/metrics/lives.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "common/alloc.h"
#include "common/fd.h"

struct life_file {
	char *name;
	int fd;
	UT_hash_handle hh;
};

static int
open_file(const struct segments *segments, const char *name)
{
	return openat(segments->dir_fd, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static bool
read_life(int fd, pid_t pid, struct metrics_life *life_r)
{
	return fd >= 0 && metrics_life_read_fd(fd, life_r, NULL) == MS_OK &&
	    life_r->pid == (uint32_t)pid;
}

static void
drop(struct lives *lives, struct life_file *file)
{
	HASH_DEL(lives->files, file);
	fd_close(&file->fd);
	free(file->name);
	free(file);
}

static void
keep(struct lives *lives, const char *name, int fd)
{
	struct life_file *file;

	if (HASH_COUNT(lives->files) >= LIVES_OPEN_MAX) {
		fd_close(&fd);
		return;
	}
	file = xcalloc(1, sizeof(*file));
	file->name = xstrdup(name);
	file->fd = fd;
	HASH_ADD_KEYPTR(hh, lives->files, file->name, strlen(file->name), file);
}

bool
lives_read(struct lives *lives, const struct segments *segments,
    const char *name, pid_t pid, struct metrics_life *life_r)
{
	struct life_file *file;
	int fd;

	if (segments->dir_fd < 0)
		return false;
	HASH_FIND_STR(lives->files, name, file);
	if (file && read_life(file->fd, pid, life_r))
		return true;
	if (file) /* another file may bear its name now */
		drop(lives, file);
	fd = open_file(segments, name);
	if (!read_life(fd, pid, life_r)) {
		fd_close(&fd);
		return false;
	}
	keep(lives, name, fd);
	return true;
}

void
lives_forget(struct lives *lives, const char *name)
{
	struct life_file *file;

	HASH_FIND_STR(lives->files, name, file);
	if (file)
		drop(lives, file);
}

void
lives_close(struct lives *lives)
{
	struct life_file *file, *next;

	HASH_ITER(hh, lives->files, file, next)
		drop(lives, file);
}
