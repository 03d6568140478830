/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children are listed in /proc/thread-self/children.  The kernel warns that it
 * may miss some when children are reaped while it is read; nobody but this
 * single thread reaps them, so here it is exact.  Without that file all of
 * /proc is searched.
 */
#include "supervisor/launch/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"

#define CHUNK_BYTES 4096

bool
proc_stat_read(pid_t pid, struct proc_stat *stat_r)
{
	char path[40], text[512];
	const char *after_name;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* the name is in brackets and may hold brackets itself */
	after_name = strrchr(text, ')');
	return after_name &&
	    sscanf(after_name + 1,
		" %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
		"%*d %*d %*d %*d %llu",
		&stat_r->state, &stat_r->parent, &stat_r->group,
		&stat_r->session, &stat_r->start) == 5;
}

/* Numbers separated by blanks; one may lie across two chunks. */
static bool
read_list(int fd, void (*each)(pid_t pid, void *arg), void *arg)
{
	char chunk[CHUNK_BYTES];
	pid_t pid = 0;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (isdigit((unsigned char)chunk[i])) {
				pid = pid * 10 + (chunk[i] - '0');
				continue;
			}
			if (pid > 0)
				each(pid, arg);
			pid = 0;
		}
	}
	return n == 0;
}

static bool
search(void (*each)(pid_t pid, void *arg), void *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct proc_stat st;

	if (!proc)
		return false;
	while ((entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && proc_stat_read(pid, &st) &&
		    st.parent == getpid())
			each(pid, arg);
	}
	closedir(proc);
	return true;
}

bool
proc_children(void (*each)(pid_t pid, void *arg), void *arg)
{
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return search(each, arg);
	ok = read_list(fd, each, arg);
	fd_close(&fd);
	return ok;
}
