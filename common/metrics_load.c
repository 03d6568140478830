/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying by pread().  The count of series is read first and everything else
 * later: what it counts was complete before, and a family that was given up
 * for another says so before the other is counted.
 */
#include "common/metrics_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/metrics_index.h"

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

/* ---- twins --------------------------------------------------------------------- */

static bool
same_series(const struct segment_tables *t, uint32_t a, uint32_t b)
{
	const struct segment_series *x = &t->series[a], *y = &t->series[b];

	if (x->family != y->family)
		return false;
	for (uint32_t l = 0; l < t->families[x->family].label_count; l++) {
		if (strcmp(t->strings + x->value_at[l],
			t->strings + y->value_at[l]) != 0)
			return false;
	}
	return true;
}

static bool
same_family(const struct segment_tables *t, uint32_t a, uint32_t b)
{
	return strcmp(t->strings + t->families[a].name_at,
		   t->strings + t->families[b].name_at) == 0;
}

/* Is one like it there already?  Without memory we cannot know. */
static bool
meet(const struct segment_tables *t, struct metrics_index *index, uint32_t hash,
    uint32_t number,
    bool (*same)(const struct segment_tables *, uint32_t, uint32_t))
{
	uint32_t at = 0, other;

	while ((other = metrics_index_next(index, hash, &at)) !=
	    METRICS_INDEX_NONE) {
		if (same(t, number, other))
			return true;
	}
	return !metrics_index_add(index, hash, number);
}

static bool
has_twin_families(const struct segment_tables *t)
{
	struct metrics_index index = { 0 };
	bool twins = false;

	for (uint32_t i = 0; !twins && i < t->head->family_count; i++) {
		const struct segment_family *f = &t->families[i];

		twins = f->state == FAMILY_CURRENT &&
		    meet(t, &index, metrics_hash(0, t->strings + f->name_at), i,
			same_family);
	}
	metrics_index_fini(&index);
	return twins;
}

static bool
has_twin_series(const struct segment_tables *t)
{
	struct metrics_index index = { 0 };
	bool twins = false;

	for (uint32_t i = 0; !twins && i < t->head->series_count; i++) {
		const struct segment_series *s = &t->series[i];
		uint32_t hash = s->family * 0x9e3779b1u;

		for (uint32_t l = 0; l < t->families[s->family].label_count;
		     l++)
			hash = metrics_hash(hash, t->strings + s->value_at[l]);
		twins = meet(t, &index, hash, i, same_series);
	}
	metrics_index_fini(&index);
	return twins;
}

/* ---- whole ---------------------------------------------------------------------- */

static enum ms_err
check_tables(const struct segment_tables *t, struct why *why)
{
	enum ms_err err = segment_tables_check(t, why);

	if (!err && (has_twin_families(t) || has_twin_series(t)))
		err = why_set(why, MS_ECORRUPT, "a name is there twice");
	return err;
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
	return err ? err : check_tables(&load->tables, why);
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
