/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file side of ms-log.  Every failure here has one answer: say so once,
 * try again later.  Whoever logs must never wait for a disk, and ms-log must
 * never die of one.
 */
#include "workers/log/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "workers/log/rolled.h"
#include "workers/log/stamp.h"

#define LOOK_EVERY_MS 250u /* is the file still the one its name says? */
#define FILE_MODE     0640
#define DIR_MODE      0755
#define NS_PER_MS     1000000

void
sink_init(struct sink *sink, const char *path, const struct rotation *limits)
{
	*sink = (struct sink){ .path = xstrdup(path), .fd = -1 };
	sink_set_limits(sink, limits);
}

void
sink_fini(struct sink *sink)
{
	fd_close(&sink->fd);
	free(sink->path);
	sink->path = NULL;
}

void
sink_set_limits(struct sink *sink, const struct rotation *limits)
{
	sink->limits = *limits;
	sink->has_tidied = false;
}

void
sink_reopen(struct sink *sink)
{
	fd_close(&sink->fd);
	sink->looked = (struct mono){ 0 };
}

/* ---- trouble ------------------------------------------------------------ */

static void
note_trouble(struct sink *sink, int error)
{
	if (sink->error == 0)
		log_warn("log not written, its lines are dropped",
		    "path=%s reason=%s", LOGQ(sink->path),
		    LOGQ(strerror(error)));
	sink->error = error;
	metric_add(sink->failures, 1);
}

static void
note_success(struct sink *sink)
{
	if (sink->error != 0)
		log_info("log is written again", "path=%s", LOGQ(sink->path));
	sink->error = 0;
}

/* ---- opening ------------------------------------------------------------ */

static int
open_path(const char *path)
{
	/* nonblocking: the name may be a pipe's that nobody reads */
	return open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    FILE_MODE);
}

static void
make_dir_of(const char *path)
{
	char *copy = xstrdup(path);
	struct why why;

	if (dir_make(dirname(copy), DIR_MODE, &why) != MS_OK)
		log_debug("no directory for a log", "reason=%s",
		    LOGQ(why.text));
	free(copy);
}

/* Its first line says when it was begun; the clock may have been set since. */
static uint64_t
age_of(const char *path)
{
	char start[128];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd >= 0 ? pread(fd, start, sizeof start, 0) : 0;
	int64_t begun, now = wall_ns();

	fd_close(&fd);
	if (n <= 0 || !stamp_time((struct slice){ start, (size_t)n }, &begun) ||
	    begun > now)
		return 0;
	return (uint64_t)(now - begun) / NS_PER_MS;
}

static void
know_file(struct sink *sink, struct mono now)
{
	struct stat st;

	sink->is_file = fstat(sink->fd, &st) == 0 && S_ISREG(st.st_mode);
	sink->size_bytes = sink->is_file ? (uint64_t)st.st_size : 0;
	sink->opened = now;
	sink->age_ms = sink->size_bytes > 0 ? age_of(sink->path) : 0;
	if (sink->is_file && !sink->has_tidied)
		rolled_tidy(sink->path, &sink->limits);
	sink->has_tidied = true;
}

static bool
sink_open(struct sink *sink, struct mono now)
{
	if (sink->fd >= 0)
		return true;
	if (sink->error && mono_ms_between(sink->looked, now) < LOOK_EVERY_MS)
		return false;
	sink->looked = now;
	sink->fd = open_path(sink->path);
	if (sink->fd < 0 && errno == ENOENT) {
		make_dir_of(sink->path);
		sink->fd = open_path(sink->path);
	}
	if (sink->fd < 0) {
		note_trouble(sink, errno);
		return false;
	}
	know_file(sink, now);
	return true;
}

/* ---- the file in place -------------------------------------------------- */

/* logrotate or a person may have moved, removed or truncated the file. */
static void
look_for_file(struct sink *sink, struct mono now)
{
	struct stat ours, named;

	if (sink->fd < 0 || mono_ms_between(sink->looked, now) < LOOK_EVERY_MS)
		return;
	sink->looked = now;
	if (fstat(sink->fd, &ours) != 0 || stat(sink->path, &named) != 0 ||
	    ours.st_ino != named.st_ino || ours.st_dev != named.st_dev) {
		sink_reopen(sink);
		return;
	}
	if (sink->is_file && (uint64_t)ours.st_size < sink->size_bytes) {
		sink->opened = now;
		sink->age_ms = 0;
	}
	if (sink->is_file)
		sink->size_bytes = (uint64_t)ours.st_size;
}

/* What cannot be moved goes on growing: better than losing lines. */
static void
rotate_when_due(struct sink *sink, uint64_t more, struct mono now)
{
	uint64_t age_ms = sink->age_ms + mono_ms_between(sink->opened, now);

	if (sink->fd < 0 || !sink->is_file ||
	    !rotation_is_due(&sink->limits, sink->size_bytes, age_ms, more))
		return;
	if (rolled_shift(sink->path, &sink->limits)) {
		metric_add(sink->rotations, 1);
		sink_reopen(sink);
		return;
	}
	log_warn("log file not rotated", "path=%s reason=%s", LOGQ(sink->path),
	    LOGQ(strerror(errno)));
	/* as if it were new: tried again after the same time and growth */
	sink->opened = now;
	sink->age_ms = 0;
	sink->size_bytes = 0;
}

/* ---- writing ------------------------------------------------------------ */

/* A short write leaves a torn line behind: take it back. */
static size_t
whole_lines(struct sink *sink, struct slice text, size_t done)
{
	const char *end = memrchr(text.ptr, '\n', done);
	size_t kept = end ? (size_t)(end - text.ptr) + 1 : 0;
	struct stat st;

	if (sink->is_file && kept < done && fstat(sink->fd, &st) == 0 &&
	    ftruncate(sink->fd, st.st_size - (off_t)(done - kept)) != 0)
		log_debug("torn line", "path=%s", LOGQ(sink->path));
	return kept;
}

static size_t
append(struct sink *sink, struct slice text)
{
	ssize_t done;

	do
		done = write(sink->fd, text.ptr, text.len);
	while (done < 0 && errno == EINTR);
	if (done == (ssize_t)text.len) {
		note_success(sink);
	} else {
		note_trouble(sink, done < 0 ? errno : ENOSPC);
		done = done > 0 ? (ssize_t)whole_lines(sink, text, (size_t)done)
				: 0;
	}
	sink->size_bytes += (uint64_t)done;
	return (size_t)done;
}

size_t
sink_write(struct sink *sink, struct slice text, struct mono now)
{
	if (text.len == 0)
		return 0;
	look_for_file(sink, now);
	if (sink_open(sink, now))
		rotate_when_due(sink, text.len, now);
	return sink_open(sink, now) ? append(sink, text) : 0;
}
