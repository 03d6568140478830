/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's log as one stream: PATH.2, PATH.1, PATH, in this order.  A file
 * is known by its inode, so a rotation between two looks, or several, changes
 * nothing of what is read.
 */
#ifndef SUPERVISOR_MSCTL_LOG_FILE_H
#define SUPERVISOR_MSCTL_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"

struct log_file {
	const char *path; /* of the file in use; borrowed */
	int fd;           /* the one that is read, -1 while there is none */
	off_t at;         /* read up to here */
};

/* Where the last *lines lines of the file begin; *lines is how many of them
 * are missing when that is its start. */
off_t log_tail_offset(int fd, uint64_t *lines);

/* Opens PATH and writes its last lines, with those of older files when it has
 * not so many.  False with errno: there is no PATH, or it cannot be read. */
bool log_file_open(struct log_file *file, const char *path, uint64_t lines,
    void (*write)(struct buf *out));
/* Writes what has come since. */
void log_file_catch_up(struct log_file *file, void (*write)(struct buf *out));
void log_file_close(struct log_file *file);

#endif
