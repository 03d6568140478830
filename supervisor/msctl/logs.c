/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl logs`: msd says which file, the file is read here, so a worker's
 * words can be read while anything else is broken.  Following notices through
 * inotify that lines came, and by the inode that the file was rotated; the
 * rotated file is read to its end before the new one is begun.
 */
#include "supervisor/msctl/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/verbs.h"

#define LINES_DEFAULT 20u
#define BLOCK_BYTES   (64 << 10)

/* ---- the last lines ------------------------------------------------------- */

/* Newlines in bytes from the end; where the one that is `lines` + 1 from the
 * end of the file stands, or -1 when the block does not hold it. */
static ssize_t
count_back(const char *bytes, ssize_t n, uint64_t *lines)
{
	for (ssize_t i = n; i-- > 0;) {
		if (bytes[i] != '\n')
			continue;
		if (*lines == 0)
			return i;
		--*lines;
	}
	return -1;
}

off_t
logs_tail_offset(int fd, uint64_t lines)
{
	char block[BLOCK_BYTES];
	off_t at = lseek(fd, 0, SEEK_END);
	char last = '\n';

	if (at <= 0)
		return 0;
	if (lines == 0)
		return at;
	/* a last line without its newline counts as a line */
	if (pread(fd, &last, 1, at - 1) == 1 && last != '\n')
		lines--;
	while (at > 0) {
		off_t start = at > BLOCK_BYTES ? at - BLOCK_BYTES : 0;
		ssize_t n = pread(fd, block, (size_t)(at - start), start);
		ssize_t hit;
		if (n <= 0)
			return at;
		hit = count_back(block, n, &lines);
		if (hit >= 0)
			return start + hit + 1;
		at = start;
	}
	return 0;
}

/* ---- following ------------------------------------------------------------ */

struct follow {
	const struct msctl *ctl;
	const char *path;
	int fd;     /* of the file, -1 while there is none */
	off_t at;   /* read up to here */
	int notify; /* inotify on its directory */
};

static void
copy_new(struct follow *f)
{
	struct buf out = { 0 };
	struct stat st;

	if (f->fd < 0)
		return;
	if (fstat(f->fd, &st) == 0 && st.st_size < f->at)
		f->at = 0; /* truncated in place */
	for (;;) {
		unsigned char *room = buf_reserve(&out, BLOCK_BYTES);
		ssize_t n = room ? pread(f->fd, room, BLOCK_BYTES, f->at) : 0;
		if (n <= 0)
			break;
		out.len += (size_t)n;
		f->at += n;
		ctl_write(&out);
	}
	buf_fini(&out);
}

static bool
is_rotated(const struct follow *f)
{
	struct stat named, open_file;

	if (stat(f->path, &named) != 0)
		return false;
	return f->fd < 0 || fstat(f->fd, &open_file) != 0 ||
	    named.st_ino != open_file.st_ino ||
	    named.st_dev != open_file.st_dev;
}

static void
catch_up(struct follow *f)
{
	copy_new(f);
	while (is_rotated(f)) {
		int fd = open(f->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		copy_new(f); /* written between our look and the rename */
		fd_close(&f->fd);
		f->fd = fd;
		f->at = 0;
		copy_new(f);
	}
}

static int
watch_directory(const char *path)
{
	char *copy = xstrdup(path);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 &&
	    inotify_add_watch(fd, dirname(copy),
		IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		fd_close(&fd);
	free(copy);
	return fd;
}

static int
follow(struct follow *f)
{
	char events[sizeof(struct inotify_event) + NAME_MAX + 1]
	    __attribute__((aligned(__alignof__(struct inotify_event))));

	f->notify = watch_directory(f->path);
	if (f->notify < 0)
		return ctl_fail(f->ctl, "io", "cannot watch %s: %s", f->path,
		    strerror(errno));
	for (;;) {
		struct pollfd p[] = {
			{ .fd = f->notify, .events = POLLIN },
			{ .fd = STDOUT_FILENO, .events = 0 },
		};
		catch_up(f);
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return ctl_fail(f->ctl, "io", "cannot wait: %s",
			    strerror(errno));
		if (p[1].revents & POLLERR)
			return CTL_OK; /* nobody reads our pipe any more */
		while (read(f->notify, events, sizeof(events)) > 0)
			continue;
	}
}

/* ---- the verb ------------------------------------------------------------- */

static int
print_file(const struct msctl *ctl, const char *path, uint64_t lines,
    bool follow_it)
{
	struct follow f = { .ctl = ctl, .path = path, .notify = -1 };
	int code = CTL_OK;

	f.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f.fd < 0 && !(follow_it && errno == ENOENT))
		return ctl_fail(ctl,
		    errno == EACCES       ? "permission"
			: errno == ENOENT ? "not_found"
					  : "io",
		    "cannot read %s: %s", path,
		    errno == ENOENT ? "it has not written anything yet"
				    : strerror(errno));
	if (f.fd >= 0)
		f.at = logs_tail_offset(f.fd, lines);
	copy_new(&f);
	if (follow_it)
		code = follow(&f);
	fd_close(&f.fd);
	fd_close(&f.notify);
	return code;
}

int
do_logs(struct msctl *ctl, const struct args *args)
{
	struct json *reply;
	uint64_t lines;
	const char *path;
	int code;

	if (!ctl_number(ctl, args, "lines", LINES_DEFAULT, &lines))
		return CTL_USAGE;
	code = ctl_once(ctl, ctl_request("logs", args->pos[0]), CTL_ANSWER_MS,
	    &reply);
	if (code != CTL_OK)
		return code;
	path = json_get_str(reply, "path", NULL);
	if (ctl->json)
		ctl_write_reply(reply);
	else if (path)
		code = print_file(ctl, path, lines, args_has(args, "follow"));
	else
		code = ctl_fail(ctl, "not_found", "%s writes no log file",
		    args->pos[0]);
	json_free(&reply);
	return code;
}
