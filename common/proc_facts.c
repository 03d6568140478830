/* SPDX-License-Identifier: Apache-2.0 */
#include "common/proc_facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mono.h"

#define SECOND_NS UINT64_C(1000000000)

/* Bytes read, 0 when it cannot be; text ends in a NUL. */
static size_t
read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, size - 1);
	fd_close(&fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static uint64_t
ticks_to_ns(uint64_t ticks)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	return ticks / hz * SECOND_NS + ticks % hz * SECOND_NS / hz;
}

/* Of this machine; the difference of two clocks, so that it never jumps by
 * more than the wall clock does. */
static uint64_t
boot_wall_ns(void)
{
	struct timespec up;

	clock_gettime(CLOCK_BOOTTIME, &up);
	return (uint64_t)wall_ns() -
	    ((uint64_t)up.tv_sec * SECOND_NS + (uint64_t)up.tv_nsec);
}

static bool
parse_stat(const char *text, struct proc_facts *facts)
{
	/* the name may hold blanks and brackets; the last bracket ends it */
	const char *rest = strrchr(text, ')');
	uint64_t user, system, start, size;
	long threads, pages;

	if (!rest ||
	    sscanf(rest + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64
		" %" SCNu64 " %*d %*d %*d %*d %ld %*d %" SCNu64 " %" SCNu64
		" %ld",
		&user, &system, &threads, &start, &size, &pages) != 6)
		return false;
	facts->cpu_ns = ticks_to_ns(user) + ticks_to_ns(system);
	facts->threads = (uint32_t)threads;
	facts->started_ticks = start;
	facts->started_ns = boot_wall_ns() + ticks_to_ns(start);
	facts->virtual_bytes = size;
	facts->rss_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

static int64_t
count_fds(pid_t pid)
{
	const struct dirent *entry;
	char path[48];
	int64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static int64_t
max_fds(pid_t pid)
{
	static const char key[] = "Max open files";
	char text[4096];
	const char *line;
	int64_t value;

	if (read_file(pid, "limits", text, sizeof(text)) == 0)
		return -1;
	line = strstr(text, key);
	if (!line || sscanf(line + sizeof(key) - 1, " %" SCNd64, &value) != 1)
		return -1;
	return value;
}

bool
proc_facts_read(pid_t pid, struct proc_facts *facts_r)
{
	char text[1024];

	*facts_r = (struct proc_facts){ .fds = -1, .max_fds = -1 };
	if (pid <= 0 || read_file(pid, "stat", text, sizeof(text)) == 0 ||
	    !parse_stat(text, facts_r))
		return false;
	facts_r->fds = count_fds(pid);
	facts_r->max_fds = max_fds(pid);
	return true;
}
