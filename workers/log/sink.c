/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file side of ms-log.  Every failure here has one answer: count the lines
 * that were lost, try again at the next write.  Whoever logs must never wait
 * for a disk, and ms-log must never die of one.
 */
#include "workers/log/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"

#define LOOK_EVERY_MS 1000 /* is the file still the one its name says? */

void
sink_init(struct sink *sink, const char *path, uint64_t limit_bytes,
    uint32_t keep)
{
	*sink = (struct sink){ .path = xstrdup(path), .fd = -1 };
	sink_set_limits(sink, limit_bytes, keep);
}

void
sink_fini(struct sink *sink)
{
	fd_close(&sink->fd);
	free(sink->path);
	sink->path = NULL;
}

void
sink_set_limits(struct sink *sink, uint64_t limit_bytes, uint32_t keep)
{
	sink->limit_bytes = limit_bytes;
	sink->keep = keep;
}

void
sink_reopen(struct sink *sink)
{
	fd_close(&sink->fd);
}

static bool
sink_open(struct sink *sink)
{
	struct stat st;

	if (sink->fd >= 0)
		return true;
	sink->fd = open(sink->path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (sink->fd < 0)
		return false;
	sink->size_bytes = fstat(sink->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return true;
}

static void
shift(const char *path, uint32_t from)
{
	char *old = from ? xasprintf("%s.%u", path, from) : xstrdup(path);
	char *new = xasprintf("%s.%u", path, from + 1);

	if (rename(old, new) != 0 && errno != ENOENT)
		log_warn("log file not rotated", "path=%s reason=%s", LOGQ(old),
		    LOGQ(strerror(errno)));
	free(old);
	free(new);
}

static void
rotate(struct sink *sink)
{
	fd_close(&sink->fd);
	for (uint32_t i = sink->keep; i-- > 0;)
		shift(sink->path, i);
	if (sink->keep == 0 && unlink(sink->path) != 0 && errno != ENOENT)
		log_warn("log file not removed", "path=%s reason=%s",
		    LOGQ(sink->path), LOGQ(strerror(errno)));
}

/* logrotate or a person may have moved or removed the file. */
static void
look_for_file(struct sink *sink, struct mono now)
{
	struct stat ours, named;

	if (sink->fd < 0 || mono_ms_between(sink->looked, now) < LOOK_EVERY_MS)
		return;
	sink->looked = now;
	if (fstat(sink->fd, &ours) != 0 || stat(sink->path, &named) != 0 ||
	    ours.st_ino != named.st_ino || ours.st_dev != named.st_dev)
		sink_reopen(sink);
}

/* A short write leaves a torn line behind: take it back. */
static bool
append(struct sink *sink, const void *bytes, size_t n)
{
	ssize_t done;

	do
		done = write(sink->fd, bytes, n);
	while (done < 0 && errno == EINTR);
	if (done == (ssize_t)n) {
		sink->size_bytes += n;
		return true;
	}
	if (done > 0 && ftruncate(sink->fd, (off_t)sink->size_bytes) != 0)
		sink->size_bytes += (uint64_t)done;
	return false;
}

static bool
confess(struct sink *sink)
{
	char line[96];
	int n;

	if (sink->dropped_lines == 0)
		return true;
	n = snprintf(line, sizeof line, "[ms-log: %llu lines dropped here]\n",
	    (unsigned long long)sink->dropped_lines);
	if (!append(sink, line, (size_t)n))
		return false;
	sink->dropped_lines = 0;
	return true;
}

void
sink_write(struct sink *sink, struct slice text, uint64_t lines,
    struct mono now)
{
	if (text.len == 0)
		return;
	look_for_file(sink, now);
	if (sink_open(sink) && sink->limit_bytes > 0 && sink->size_bytes > 0 &&
	    sink->size_bytes + text.len > sink->limit_bytes)
		rotate(sink);
	if (!sink_open(sink) || !confess(sink) ||
	    !append(sink, text.ptr, text.len))
		sink->dropped_lines += lines;
}
