/* SPDX-License-Identifier: Apache-2.0 */
/* A checked copy of a segment's directory: for the registry, which takes one
 * over, and for the reader. */
#ifndef COMMON_METRICS_LOAD_H
#define COMMON_METRICS_LOAD_H

#include "common/metrics_segment.h"

struct metrics_load {
	bool blank; /* nobody has written yet; nothing else is set */
	struct segment_head head;
	struct segment_tables tables;
	unsigned char *memory; /* of the tables */
};

/* The file at path, for reading.  MS_ENOTFOUND, MS_EPERM, MS_EIO. */
enum ms_err metrics_file_open(const char *path, int *fd_r, struct why *why);
/* Whole or MS_ECORRUPT. */
enum ms_err metrics_file_read(int fd, void *into, size_t bytes, uint64_t at,
    struct why *why);
/* Only the head.  MS_ECORRUPT, MS_EIO. */
enum ms_err metrics_load_head(int fd, struct metrics_load *load_r,
    struct why *why);
/* MS_ECORRUPT, MS_EIO, MS_ENOMEM. */
enum ms_err metrics_load_read(int fd, struct metrics_load *load_r,
    struct why *why);
void metrics_load_fini(struct metrics_load *load);

#endif
