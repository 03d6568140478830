/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/log/rolled.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/log.h"
#include "common/str.h"

#define NUMBER_MAX 1000000u

struct old {
	uint64_t number;
	uint64_t bytes;
};

struct olds {
	struct old *at;
	size_t count, cap;
};

/* NAME.12 for NAME; 0 for anything else. */
static uint64_t
number_of(const char *file, const char *name, size_t name_len)
{
	uint64_t number;

	if (strncmp(file, name, name_len) != 0 || file[name_len] != '.' ||
	    file[name_len + 1] < '1' || file[name_len + 1] > '9' ||
	    !parse_u64(slice_of(file + name_len + 1), &number) ||
	    number > NUMBER_MAX)
		return 0;
	return number;
}

static int
compare(const void *a, const void *b)
{
	const struct old *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static struct olds
find_olds(const char *path)
{
	char *dir_copy = xstrdup(path), *name_copy = xstrdup(path);
	const char *name = basename(name_copy);
	DIR *dir = opendir(dirname(dir_copy));
	struct olds olds = { .count = 0 };
	size_t len = strlen(name);
	struct dirent *file;

	while (dir && (file = readdir(dir))) {
		uint64_t number = number_of(file->d_name, name, len);
		struct stat st;

		if (number == 0 ||
		    fstatat(dirfd(dir), file->d_name, &st,
			AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (olds.count == olds.cap) {
			olds.cap = olds.cap ? olds.cap * 2 : 16;
			olds.at =
			    xreallocarray(olds.at, olds.cap, sizeof(*olds.at));
		}
		olds.at[olds.count++] =
		    (struct old){ number, (uint64_t)st.st_size };
	}
	if (dir)
		closedir(dir);
	if (olds.count)
		qsort(olds.at, olds.count, sizeof(*olds.at), compare);
	free(dir_copy);
	free(name_copy);
	return olds;
}

/* Number 0 is the file in use. */
static bool
move(const char *path, uint64_t from, uint64_t to)
{
	char *old = from ? xasprintf("%s.%llu", path, (unsigned long long)from)
			 : xstrdup(path);
	char *new = xasprintf("%s.%llu", path, (unsigned long long)to);
	bool moved =
	    renameat2(AT_FDCWD, old, AT_FDCWD, new, RENAME_NOREPLACE) == 0;
	int saved = errno;

	/* a file system that does not know the flag; nobody else is here */
	if (!moved && saved == EINVAL && access(new, F_OK) != 0)
		moved = rename(old, new) == 0;
	else
		errno = saved;
	saved = errno;
	free(old);
	free(new);
	errno = saved;
	return moved;
}

static void
drop(const char *path, uint64_t number)
{
	char *old = xasprintf("%s.%llu", path, (unsigned long long)number);

	if (unlink(old) != 0 && errno != ENOENT)
		log_warn("old log file not removed", "path=%s reason=%s",
		    LOGQ(old), LOGQ(strerror(errno)));
	free(old);
}

void
rolled_tidy(const char *path, const struct rotation *limits)
{
	struct olds olds = find_olds(path);
	uint64_t *bytes = xcalloc(olds.count + 1, sizeof(*bytes));
	size_t keeps;

	for (size_t i = 0; i < olds.count; i++)
		bytes[i] = olds.at[i].bytes;
	keeps = rotation_keeps(limits, bytes, olds.count);
	for (size_t i = olds.count; i-- > keeps;)
		drop(path, olds.at[i].number);
	for (size_t i = 0; i < keeps; i++)
		if (olds.at[i].number != i + 1)
			move(path, olds.at[i].number, i + 1);
	free(bytes);
	free(olds.at);
}

bool
rolled_shift(const char *path, const struct rotation *limits)
{
	struct olds olds = find_olds(path);
	uint64_t gap = 1;
	bool moved = true;

	for (size_t i = 0; i < olds.count && olds.at[i].number == gap; i++)
		gap++;
	while (moved && gap > 0) {
		moved = move(path, gap - 1, gap);
		gap--;
	}
	free(olds.at);
	if (moved)
		rolled_tidy(path, limits);
	return moved;
}
