/* SPDX-License-Identifier: Apache-2.0 */
#include "common/metrics_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/alloc.h"

static int
by_name(const void *a, const void *b)
{
	const struct metrics_source *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
add_source(struct metrics_set *set, const char *name)
{
	size_t n = set->count;

	if (n == METRICS_SET_MAX) {
		set->ignored++;
		return;
	}
	if ((n & (n - 1)) == 0) /* 0, 1, 2, 4, 8, ...: full */
		set->sources = xreallocarray(set->sources, n ? 2 * n : 1,
		    sizeof(*set->sources));
	set->sources[n] = (struct metrics_source){ .name = xstrdup(name) };
	set->count++;
}

enum ms_err
metrics_set_open(struct metrics_set *set_r, const char *dir, struct why *why)
{
	const struct dirent *entry;
	DIR *d = opendir(dir);

	*set_r = (struct metrics_set){ 0 };
	if (!d)
		return why_set(why, errno == ENOENT ? MS_ENOTFOUND : MS_EIO,
		    "%s: %s", dir, strerror(errno));
	set_r->dir = xstrdup(dir);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			add_source(set_r, entry->d_name);
	closedir(d);
	if (set_r->count)
		qsort(set_r->sources, set_r->count, sizeof(*set_r->sources),
		    by_name);
	return MS_OK;
}

/* Not every file system knows it. */
static int64_t
birth_ns(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &st) ||
	    !(st.stx_mask & STATX_BTIME))
		return 0;
	return st.stx_btime.tv_sec * INT64_C(1000000000) + st.stx_btime.tv_nsec;
}

bool
metrics_set_next(struct metrics_set *set,
    const struct metrics_source **source_r)
{
	struct metrics_source *source;
	char *path;

	if (set->read == set->count)
		return false;
	source = &set->sources[set->read++];
	path = xasprintf("%s/%s", set->dir, source->name);
	source->err =
	    metrics_snapshot_read(path, &source->snapshot, &source->why);
	if (source->err)
		source->snapshot = (struct metrics_snapshot){ .count = 0 };
	source->created_ns = birth_ns(path);
	free(path);
	if (source_r)
		*source_r = source;
	return true;
}

enum ms_err
metrics_set_read(struct metrics_set *set_r, const char *dir, struct why *why)
{
	enum ms_err err = metrics_set_open(set_r, dir, why);

	while (!err && metrics_set_next(set_r, NULL))
		;
	return err;
}

void
metrics_set_fini(struct metrics_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		metrics_snapshot_fini(&set->sources[i].snapshot);
		free(set->sources[i].name);
	}
	free(set->sources);
	free(set->dir);
	*set = (struct metrics_set){ 0 };
}

const struct metrics_source *
metrics_set_find(const struct metrics_set *set, const char *name)
{
	const struct metrics_source key = { .name = (char *)name };

	return set->count ? bsearch(&key, set->sources, set->count,
				sizeof(*set->sources), by_name)
			  : NULL;
}
