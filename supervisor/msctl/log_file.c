/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rotation renames the oldest file first.  So whoever finds his file under
 * number k, opens k - 1 and finds his file under k still, has opened the one
 * that was begun after it.
 */
#include "supervisor/msctl/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"

#define BLOCK_BYTES (64 << 10)
#define NUMBER_MAX  10000u
#define GAP_MAX     2u /* numbers missing in the middle of a rotation */
#define NOT_FOUND   UINT32_MAX

/* ---- the last lines ------------------------------------------------------- */

/* Newlines in bytes from the end; where the one that is `lines` + 1 from the
 * end of the file stands, or -1 when the block does not hold it. */
static ssize_t
count_back(const char *bytes, ssize_t n, uint64_t *lines)
{
	for (ssize_t i = n; i-- > 0;) {
		if (bytes[i] != '\n')
			continue;
		if (*lines == 0)
			return i;
		--*lines;
	}
	return -1;
}

off_t
log_tail_offset(int fd, uint64_t *lines)
{
	static char block[BLOCK_BYTES];
	off_t at = lseek(fd, 0, SEEK_END);
	char last = '\n';

	if (at <= 0)
		return 0;
	if (*lines == 0)
		return at;
	/* a last line without its newline counts as a line */
	if (pread(fd, &last, 1, at - 1) == 1 && last != '\n')
		--*lines;
	while (at > 0) {
		off_t start = at > BLOCK_BYTES ? at - BLOCK_BYTES : 0;
		ssize_t n = pread(fd, block, (size_t)(at - start), start);
		ssize_t hit;
		if (n <= 0)
			return at;
		hit = count_back(block, n, lines);
		if (hit >= 0)
			return start + hit + 1;
		at = start;
	}
	return 0;
}

/* ---- files by number ------------------------------------------------------ */

/* Number 0 is the file in use. */
static char *
numbered(const char *path, uint32_t number)
{
	return number ? xasprintf("%s.%u", path, number) : xstrdup(path);
}

static int
open_number(const char *path, uint32_t number)
{
	char *name = numbered(path, number);
	/* nonblocking: it may be a pipe that nobody writes */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int saved = errno;

	free(name);
	errno = saved;
	return fd;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool
stat_number(const char *path, uint32_t number, struct stat *st)
{
	char *name = numbered(path, number);
	bool there = stat(name, st) == 0;

	free(name);
	return there;
}

static uint32_t
number_of(const char *path, const struct stat *ours)
{
	struct stat st;

	for (uint32_t k = 0, gap = 0; k < NUMBER_MAX && gap <= GAP_MAX; k++) {
		if (!stat_number(path, k, &st))
			gap++;
		else if (is_same(&st, ours))
			return k;
		else
			gap = 0;
	}
	return NOT_FOUND;
}

/* The oldest that was written after a file that is gone. */
static uint32_t
number_after(const char *path, const struct stat *ours)
{
	uint32_t found = 0;
	struct stat st;

	for (uint32_t k = 1, gap = 0; k < NUMBER_MAX && gap <= GAP_MAX; k++) {
		if (!stat_number(path, k, &st)) {
			gap++;
			continue;
		}
		gap = 0;
		if (st.st_mtim.tv_sec < ours->st_mtim.tv_sec ||
		    (st.st_mtim.tv_sec == ours->st_mtim.tv_sec &&
			st.st_mtim.tv_nsec <= ours->st_mtim.tv_nsec))
			break;
		found = k;
	}
	return found;
}

/* ---- reading -------------------------------------------------------------- */

static void
copy_new(struct log_file *file, void (*write)(struct buf *out))
{
	struct buf out = { 0 };
	struct stat st;

	if (file->fd < 0)
		return;
	if (fstat(file->fd, &st) == 0 && st.st_size < file->at)
		file->at = 0; /* truncated in place */
	for (;;) {
		unsigned char *room = buf_reserve(&out, BLOCK_BYTES);
		ssize_t n =
		    room ? pread(file->fd, room, BLOCK_BYTES, file->at) : 0;
		if (n <= 0)
			break;
		out.len += (size_t)n;
		file->at += n;
		write(&out);
	}
	buf_fini(&out);
}

/* The descriptor of the file that comes after ours, -1: ours is the newest. */
static int
open_next(const struct log_file *file)
{
	struct stat ours, st;
	uint32_t k;
	int fd;

	if (file->fd < 0 || fstat(file->fd, &ours) != 0)
		return open_number(file->path, 0);
	for (;;) {
		k = number_of(file->path, &ours);
		if (k == 0)
			return -1;
		if (k == NOT_FOUND) {
			k = ours.st_nlink ? 0 : number_after(file->path, &ours);
			return open_number(file->path, k);
		}
		fd = open_number(file->path, k - 1);
		if (fd < 0)
			return -1; /* not begun yet */
		if (stat_number(file->path, k, &st) && is_same(&st, &ours))
			return fd;
		fd_close(&fd);
	}
}

void
log_file_catch_up(struct log_file *file, void (*write)(struct buf *out))
{
	int fd;

	copy_new(file, write);
	while ((fd = open_next(file)) >= 0) {
		copy_new(file, write); /* between our look and the rename */
		fd_close(&file->fd);
		file->fd = fd;
		file->at = 0;
		copy_new(file, write);
	}
}

/* Lines that the newer files do not have: oldest file first. */
static void
write_older(const struct log_file *newer, uint32_t number, uint64_t lines,
    void (*write)(struct buf *out))
{
	struct log_file older = { .path = newer->path };
	struct stat a, b;

	older.fd = open_number(newer->path, number);
	if (older.fd < 0 || number > NUMBER_MAX)
		return;
	if (fstat(older.fd, &a) == 0 && fstat(newer->fd, &b) == 0 &&
	    is_same(&a, &b)) { /* rotated while we looked */
		write_older(newer, number + 1, lines, write);
		fd_close(&older.fd);
		return;
	}
	older.at = log_tail_offset(older.fd, &lines);
	if (lines > 0)
		write_older(&older, number + 1, lines, write);
	copy_new(&older, write);
	fd_close(&older.fd);
}

bool
log_file_open(struct log_file *file, const char *path, uint64_t lines,
    void (*write)(struct buf *out))
{
	*file = (struct log_file){ .path = path };
	file->fd = open_number(path, 0);
	if (file->fd < 0)
		return false;
	file->at = log_tail_offset(file->fd, &lines);
	if (lines > 0)
		write_older(file, 1, lines, write);
	copy_new(file, write);
	return true;
}

void
log_file_close(struct log_file *file)
{
	fd_close(&file->fd);
}
