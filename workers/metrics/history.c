/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame is one pwrite() into the page cache: readers see the old one, the
 * new one, or one whose checksum is wrong.  Nothing is synced: after a power
 * loss the last hour is of no use.
 */
#include "workers/metrics/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "proto/history.h"

#define FILE_MODE 0640

struct history {
	struct metricsd *d;
	char *path;
	int fd; /* -1: none is kept, or it could not be opened */
	uint64_t period_ms;
	uint64_t next_seq;
	struct sample *last; /* of the last frame */
	bool told;
};

static void
tell(struct history *h, const char *reason)
{
	if (!h->told)
		log_warn("no history is written", "path=%s reason=%s",
		    LOGQ(h->path), LOGQ(reason));
	h->told = true;
}

/* ---- the file ------------------------------------------------------------------ */

static bool
read_at(int fd, void *to, size_t n, off_t at, struct slice *bytes_r)
{
	ssize_t got = pread(fd, to, n, at);

	*bytes_r = (struct slice){ to, got > 0 ? (size_t)got : 0 };
	return got > 0;
}

/* The number behind the highest that stands there. */
static uint64_t
find_next(int fd)
{
	unsigned char *frame = xmalloc(HISTORY_FRAME_BYTES);
	uint64_t next = 0, seq;
	struct slice bytes;

	for (uint64_t i = 0; i < HISTORY_FRAMES; i++)
		if (read_at(fd, frame, HISTORY_FRAME_BYTES,
			(off_t)history_frame_at(i), &bytes) &&
		    history_frame_check(bytes, &seq) &&
		    seq % HISTORY_FRAMES == i && seq >= next)
			next = seq + 1;
	free(frame);
	return next;
}

static bool
is_history(const struct history *h, int fd, struct why *why)
{
	char head[64];
	uint64_t period_ms;
	struct slice bytes;

	(void)read_at(fd, head, sizeof(head), 0, &bytes);
	if (history_head_parse(bytes, &period_ms, why) != MS_OK)
		return false;
	if (period_ms == h->period_ms)
		return true;
	why_set(why, MS_EINVAL, "its steps are of %llu ms",
	    (unsigned long long)period_ms);
	return false;
}

/* Who may read our numbers may read their history. */
static mode_t
mode_of_numbers(void)
{
	const char *segment = getenv(ENV_METRICS);
	struct stat st;

	return segment && stat(segment, &st) == 0 ? st.st_mode & 0644
						  : FILE_MODE;
}

/* What was there is no history of these steps: another file takes its name. */
static bool
begin_afresh(struct history *h, struct why *why)
{
	struct buf head = { 0 };
	enum ms_err err;

	history_head_print(h->period_ms, &head);
	err = file_replace(h->path, buf_slice(&head), mode_of_numbers(), why);
	buf_fini(&head);
	return err == MS_OK;
}

static int
open_file(const struct history *h)
{
	int fd = open(h->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	/* one writer: a second ms-metrics of this folder goes without */
	if (fd >= 0 &&
	    (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		flock(fd, LOCK_EX | LOCK_NB) != 0))
		fd_close(&fd);
	return fd;
}

static void
open_history(struct history *h)
{
	struct why why = { "" };

	h->fd = open_file(h);
	if (h->fd < 0 && errno != ENOENT) {
		tell(h, "it cannot be opened, or another process writes it");
		return;
	}
	if (h->fd < 0 || !is_history(h, h->fd, &why)) {
		if (h->fd >= 0 && !h->told)
			log_info("the history begins afresh",
			    "path=%s reason=%s", LOGQ(h->path), LOGQ(why.text));
		fd_close(&h->fd);
		if (!begin_afresh(h, &why) || (h->fd = open_file(h)) < 0) {
			tell(h, why.text[0] ? why.text : "it cannot be opened");
			return;
		}
	}
	h->next_seq = find_next(h->fd);
	if (h->told)
		log_info("history is written again", "path=%s", LOGQ(h->path));
	h->told = false;
}

/* ---- frames --------------------------------------------------------------------- */

static void
write_frame(struct history *h, const struct buf *bytes)
{
	struct why why = { "" };
	struct slice part = buf_slice(bytes);

	if (fd_pwritev_all(h->fd, &part, 1,
		(off_t)history_frame_at(h->next_seq), &why) != MS_OK) {
		tell(h, why.text);
		return;
	}
	h->told = false;
	h->next_seq++;
	metric_add(h->d->own[OWN_HISTORY_FRAMES], 1);
}

static void
on_sample(void *self, struct sample *sample)
{
	struct history *h = self;
	struct top_frame frame;
	struct buf bytes = { 0 };

	if (h->fd < 0 && h->period_ms)
		open_history(h); /* there may be room now, or the other left */
	if (h->fd < 0 ||
	    (h->last &&
		/* a tick that comes a little early is in time */
		mono_ms_between(h->last->at, sample->at) * 10 <
		    h->period_ms * 9))
		return;
	if (top_frame_take(&sample->numbers, h->last ? &h->last->numbers : NULL,
		sample->has_tree ? &sample->tree : NULL, &frame) == MS_OK) {
		frame.wall_ns = sample->wall_ns;
		frame.mono_ns = sample->at.ns;
		if (history_frame_print(&frame, h->next_seq, &bytes) == MS_OK)
			write_frame(h, &bytes);
	}
	buf_fini(&bytes);
	top_frame_fini(&frame);
	sample_drop(&h->last);
	h->last = sample_hold(sample);
}

/* ---- the module -------------------------------------------------------------------- */

static enum ms_err
start(struct metricsd *d, void **self_r, struct why *why)
{
	struct history *h = xcalloc(1, sizeof(*h));

	(void)why;
	h->d = d;
	h->fd = -1;
	h->period_ms = d->conf.history_ms / HISTORY_FRAMES;
	h->path = xasprintf("%s/" HISTORY_FILE, worker_run_dir(d->w));
	if (h->period_ms)
		open_history(h);
	*self_r = h;
	return MS_OK;
}

static void
stop(void *self)
{
	struct history *h = self;

	fd_close(&h->fd);
	sample_drop(&h->last);
	free(h->path);
	free(h);
}

const struct module history_module = {
	.name = "history",
	.start = start,
	.sample = on_sample,
	.stop = stop,
};
