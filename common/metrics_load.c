/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying by pread().  The count of series is read first and everything else
 * later: what it counts was complete before.
 */
#include "common/metrics_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

enum ms_err
metrics_file_open(const char *path, int *fd_r, struct why *why)
{
	struct stat st;

	*fd_r = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd_r < 0)
		return why_set(why,
		    errno == ENOENT       ? MS_ENOTFOUND
			: errno == EACCES ? MS_EPERM
					  : MS_EIO,
		    "%s: %s", path, strerror(errno));
	if (fstat(*fd_r, &st) == 0 && S_ISREG(st.st_mode))
		return MS_OK;
	fd_close(fd_r);
	return why_set(why, MS_EIO, "%s: not a file", path);
}

/* How much was there; -1 with why set. */
static ssize_t
read_some(int fd, void *into, size_t bytes, uint64_t at, struct why *why)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(fd, (char *)into + done, bytes - done,
		    (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			why_set(why, MS_EIO, "cannot read: %s",
			    strerror(errno));
			return -1;
		}
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

enum ms_err
metrics_file_read(int fd, void *into, size_t bytes, uint64_t at,
    struct why *why)
{
	ssize_t n = read_some(fd, into, bytes, at, why);

	if (n < 0)
		return MS_EIO;
	if ((size_t)n == bytes)
		return MS_OK;
	return why_set(why, MS_ECORRUPT, "cut off at %llu bytes",
	    (unsigned long long)at + (size_t)n);
}

static enum ms_err
check_length(int fd, struct why *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return why_set(why, MS_EIO, "cannot stat: %s", strerror(errno));
	if (st.st_size == METRICS_SEGMENT_BYTES)
		return MS_OK;
	return why_set(why, MS_ECORRUPT, "of %lld bytes, a segment has %u",
	    (long long)st.st_size, METRICS_SEGMENT_BYTES);
}

enum ms_err
metrics_load_head(int fd, struct metrics_load *load, struct why *why)
{
	enum ms_err err;
	ssize_t n;

	*load = (struct metrics_load){ 0 };
	n = read_some(fd, &load->head, sizeof(load->head), 0, why);
	if (n < 0)
		return MS_EIO;
	/* made and not filled; the rest of a short one is zeros here */
	if (segment_head_is_blank(&load->head)) {
		load->blank = true;
		return MS_OK;
	}
	err = segment_head_check(&load->head, why);
	return err ? err : check_length(fd, why);
}

static enum ms_err
load_tables(int fd, struct metrics_load *load, struct why *why)
{
	const struct segment_head *head = &load->head;
	size_t families = head->family_count * sizeof(struct segment_family);
	size_t series = head->series_count * sizeof(struct segment_series);
	unsigned char *at = malloc(families + series + head->strings_used);
	enum ms_err err;

	if (!at)
		return why_set(why, MS_ENOMEM, "no memory for its directory");
	load->memory = at;
	load->tables = (struct segment_tables){ .head = head,
		.families = (void *)at,
		.series = (void *)(at + families),
		.strings = (char *)at + families + series };
	err = metrics_file_read(fd, at, families, SEGMENT_FAMILIES_AT, why);
	if (!err)
		err = metrics_file_read(fd, at + families, series,
		    SEGMENT_SERIES_AT, why);
	if (!err)
		err = metrics_file_read(fd, at + families + series,
		    head->strings_used, SEGMENT_STRINGS_AT, why);
	return err ? err : segment_tables_check(&load->tables, why);
}

enum ms_err
metrics_load_read(int fd, struct metrics_load *load, struct why *why)
{
	struct metrics_load first;
	enum ms_err err = metrics_load_head(fd, &first, why);

	*load = first;
	if (!err && !first.blank)
		err = metrics_load_head(fd, load, why);
	if (err || first.blank || load->blank)
		return err;
	load->head.series_count = first.head.series_count;
	err = load_tables(fd, load, why);
	if (err)
		metrics_load_fini(load);
	return err;
}

void
metrics_load_fini(struct metrics_load *load)
{
	free(load->memory);
	load->memory = NULL;
}
