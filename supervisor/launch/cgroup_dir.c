/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version 2 answers for a whole subtree (cgroup.events, cgroup.kill); where
 * those files are missing it is walked.
 */
#include "supervisor/launch/cgroup_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/str.h"
#include "supervisor/launch/cgroup_path.h"

#define TEXT_BYTES_MAX (1u << 20)
#define DEPTH_MAX      16

bool
cgroup_dir_write(const char *dir, const char *file, const char *text)
{
	char path[CGROUP_PATH_BYTES + 32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	fd_close(&fd);
	return n == (ssize_t)strlen(text);
}

bool
cgroup_dir_read(const char *dir, const char *file, struct buf *text)
{
	char path[CGROUP_PATH_BYTES + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return file_read(path, TEXT_BYTES_MAX, text, NULL) == MS_OK;
}

/* ---- walking ------------------------------------------------------------ */

/* Calls visit for dir and what is below, the lowest first, until it says
 * false. */
static bool
walk(const char *dir, int depth, bool (*visit)(const char *dir))
{
	DIR *d = depth < DEPTH_MAX ? opendir(dir) : NULL;
	char path[CGROUP_PATH_BYTES];
	struct dirent *entry;
	bool ok = true;
	int n;

	while (d && ok && (entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		n = snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (n > 0 && n < (int)sizeof(path))
			ok = walk(path, depth + 1, visit);
	}
	if (d)
		closedir(d);
	return ok && visit(dir);
}

static bool
has_nobody(const char *dir)
{
	struct buf text = { 0 };
	bool nobody =
	    !cgroup_dir_read(dir, "cgroup.procs", &text) || text.len == 0;

	buf_fini(&text);
	return nobody;
}

static bool
kill_each(const char *dir)
{
	struct buf text = { 0 };
	struct slice rest, line;
	uint64_t pid;

	if (cgroup_dir_read(dir, "cgroup.procs", &text)) {
		rest = buf_slice(&text);
		while (slice_cut(&rest, '\n', &line))
			if (parse_u64(line, &pid) && pid > 1)
				kill((pid_t)pid, SIGKILL);
	}
	buf_fini(&text);
	return true;
}

static bool
remove_one(const char *dir)
{
	return rmdir(dir) == 0 || errno == ENOENT;
}

/* ---- public ------------------------------------------------------------- */

bool
cgroup_dir_is_empty(const char *dir)
{
	struct buf text = { 0 };
	bool empty = cgroup_dir_read(dir, "cgroup.events", &text) &&
	    cgroup_count(buf_slice(&text), "populated") == 0;

	buf_fini(&text);
	/* `populated` may still count one that has just been reaped */
	return empty || walk(dir, 0, has_nobody);
}

void
cgroup_dir_kill(const char *dir)
{
	if (!cgroup_dir_write(dir, "cgroup.kill", "1"))
		walk(dir, 0, kill_each);
}

bool
cgroup_dir_remove(const char *dir)
{
	return remove_one(dir) || walk(dir, 0, remove_one);
}
