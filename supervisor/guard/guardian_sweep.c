/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only direct children are known to be ours and not somebody with a reused
 * number; the children of what is killed become ours in turn, so sweeping
 * until none is left gets them all.  Nothing is reaped while the list is read:
 * it stays exact.
 */
#include "supervisor/guard/guardian_sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "supervisor/launch/orphans.h"

#define CHUNK_BYTES 4096

/* Numbers separated by blanks; one may lie across two chunks. */
static size_t
kill_listed(int fd)
{
	char chunk[CHUNK_BYTES];
	size_t count = 0;
	pid_t pid = 0;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (isdigit((unsigned char)chunk[i])) {
				pid = pid * 10 + (chunk[i] - '0');
				continue;
			}
			if (pid > 0 && kill(pid, SIGKILL) == 0)
				count++;
			pid = 0;
		}
	}
	return count;
}

/* Without the kernel's list of children. */
static size_t
kill_searched(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct proc_stat st;
	size_t count = 0;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && proc_stat_read(pid, &st) &&
		    st.parent == getpid() && kill(pid, SIGKILL) == 0)
			count++;
	}
	if (proc)
		closedir(proc);
	return count;
}

size_t
guardian_sweep(void)
{
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	size_t count;

	if (fd < 0)
		return kill_searched();
	count = kill_listed(fd);
	fd_close(&fd);
	return count;
}

bool
guardian_reap(void)
{
	pid_t pid;

	do
		pid = waitpid(-1, NULL, WNOHANG);
	while (pid > 0 || (pid < 0 && errno == EINTR));
	return pid < 0 && errno == ECHILD;
}
