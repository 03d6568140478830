/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the log: lock, recovery, the segment to go on with. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "workers/bus/journal_priv.h"

#define RESERVE_BYTES (1u << 20)
#define RESERVE_NAME  "RESERVE"

/* One broker per directory; the kernel forgets the lock with the process. */
static enum ms_err
take_lock(struct journal *j, struct why *why)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	j->lock = openat(j->dir, "LOCK", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (j->lock < 0)
		return why_set(why, MS_EIO, "cannot open %s/LOCK: %s", j->path,
		    strerror(errno));
	if (flock(j->lock, LOCK_EX | LOCK_NB) < 0)
		return why_set(why, MS_ECONFLICT,
		    "%s is in use by another process", j->path);
	if (ftruncate(j->lock, 0) < 0 ||
	    pwrite(j->lock, text, (size_t)len, 0) != len)
		log_warn("cannot write the lock file", "error=%s",
		    LOGQ(strerror(errno)));
	return MS_OK;
}

static void
make_reserve(struct journal *j)
{
	int fd =
	    openat(j->dir, RESERVE_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd >= 0 && !segment_allocate(fd, RESERVE_BYTES)) {
		log_warn("no space for the reserve", "file=%s/" RESERVE_NAME,
		    j->path);
		unlinkat(j->dir, RESERVE_NAME, 0);
	}
	fd_close(&fd);
}

bool
journal_give_reserve(struct journal *j)
{
	return unlinkat(j->dir, RESERVE_NAME, 0) == 0;
}

/* The last segment goes on where it ends, or a new one begins. */
static enum ms_err
open_active(struct journal *j, struct why *why)
{
	struct segment *last =
	    j->segment_count ? j->segments[j->segment_count - 1] : NULL;
	char name[SEGMENT_NAME_BYTES];

	if (last && segment_is_empty(last) && last->first_seq != j->next_seq) {
		unlinkat(j->dir, segment_name(last->first_seq, name), 0);
		segment_free(&j->segments[--j->segment_count]);
		last = NULL;
	}
	if (!last || last->bytes >= j->limits.segment_bytes) {
		/* without space we start all the same: what is stored can be
		 * read and settled, which may make space */
		if (journal_segment_begin(j, 0, why) && j->failed)
			return MS_ESTORAGE;
		return MS_OK;
	}
	last->fd = openat(j->dir, segment_name(last->first_seq, name),
	    O_RDWR | O_CLOEXEC);
	if (last->fd < 0)
		return why_set(why, MS_EIO, "cannot open %s: %s", name,
		    strerror(errno));
	if (last->file_bytes < j->limits.segment_bytes &&
	    segment_allocate(last->fd, j->limits.segment_bytes))
		last->file_bytes = j->limits.segment_bytes;
	return MS_OK;
}

static struct journal *
journal_new(struct loop *loop, const struct journal_options *options)
{
	static const struct figures none;
	struct journal *j = xcalloc(1, sizeof(*j));

	j->loop = loop;
	j->workq = options->workq;
	j->figures = options->figures ? options->figures : &none;
	j->limits = options->limits;
	j->isolate = options->isolate;
	j->synced_fn = options->synced;
	j->failed_fn = options->failed;
	j->settled_fn = options->settled;
	j->arg = options->arg;
	j->sync = options->sync ? options->sync : fdatasync;
	j->dir = j->lock = j->read_fd = -1;
	j->hot = hot_new(
	    options->hot_bytes ? options->hot_bytes : JOURNAL_HOT_BYTES);
	journal_sync_init(j);
	ev_timer_init(&j->retain_timer, journal_on_retain, 0., 0.);
	return j;
}

static enum ms_err
open_dir(struct journal *j, const char *dir, struct why *why)
{
	enum ms_err err = dir_make(dir, 0750, why);

	if (err)
		return err;
	if (strlen(dir) >= sizeof(j->path) - 64)
		return why_set(why, MS_EINVAL, "the path is too long");
	strcpy(j->path, dir);
	stpcpy(stpcpy(j->manifest_path, dir), "/MANIFEST");
	j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0)
		return why_set(why, MS_EIO, "cannot open %s: %s", dir,
		    strerror(errno));
	return take_lock(j, why);
}

static void
journal_release(struct journal *j)
{
	syncer_free(&j->syncer);
	loop_timer_stop(j->loop, &j->sync_timer);
	loop_timer_stop(j->loop, &j->retain_timer);
	for (size_t i = 0; i < j->rolled_count; i++)
		fd_close(&j->rolled[i]);
	for (size_t i = 0; i < j->segment_count; i++)
		segment_free(&j->segments[i]);
	free(j->segments);
	hot_free(&j->hot);
	buf_fini(&j->window.bytes);
	buf_fini(&j->pending);
	buf_fini(&j->job.manifest);
	fd_close(&j->read_fd);
	fd_close(&j->lock);
	fd_close(&j->dir);
	free(j);
}

enum ms_err
journal_open(struct loop *loop, const struct journal_options *options,
    struct journal **journal_r, struct journal_recovery *recovery_r,
    struct why *why)
{
	struct journal *j = journal_new(loop, options);
	struct why local;
	enum ms_err err;

	why = why ? why : &local;
	memset(recovery_r, 0, sizeof(*recovery_r));
	err = open_dir(j, options->dir, why);
	if (!err)
		err = journal_recover(j, recovery_r, why);
	if (!err)
		err = open_active(j, why);
	if (err) {
		journal_release(j);
		return err;
	}
	make_reserve(j);
	/* What recovery accepted is made safe beside the first work; until
	 * then nobody is told that it is. */
	j->dir_dirty = j->manifest_dirty = true;
	journal_sync_soon(j);
	*journal_r = j;
	return MS_OK;
}

void
journal_close(struct journal **journal)
{
	struct journal *j = *journal;
	struct why why;

	if (!j)
		return;
	*journal = NULL;
	if (!j->failed)
		(void)!journal_commit(j, &why);
	journal_sync_last(j);
	journal_release(j);
}

void
journal_set_limits(struct journal *j, const struct journal_limits *limits)
{
	j->limits = *limits;
	journal_retain(j, wall_ns());
}
