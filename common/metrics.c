/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of this process: its segment is found or begun, and what its
 * process is doing is written where others look for it.
 *
 * An old segment is judged from a copy (metrics_read.c does the same), so the
 * mapping has no page that was not written.
 */
#include "common/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/metrics_clock.h"
#include "common/metrics_impl.h"
#include "common/metrics_load.h"

#define BACK_BYTES 4096u /* blocks are taken so many at a time */

struct metrics_registry metrics_registry = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.fd = -1,
	.every = 1 };

static struct metrics_registry *const r = &metrics_registry;

/* ---- the file ------------------------------------------------------------------ */

bool
metrics_back(struct metrics_area *area, uint32_t bytes)
{
	uint32_t want = (bytes + BACK_BYTES - 1) / BACK_BYTES * BACK_BYTES;

	if (bytes <= area->backed)
		return true;
	if (r->fd >= 0 &&
	    fallocate(r->fd, 0, area->at + area->backed, want - area->backed) !=
		0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return false;
	area->backed = want;
	return true;
}

/* Of the open file: it ends with the process, and reading the file elsewhere in
 * this process does not take it away. */
static enum ms_err
lock_file(const char *path, struct why *why)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(r->fd, F_OFD_SETLK, &lock) == 0)
		return MS_OK;
	if (errno == EAGAIN || errno == EACCES)
		return why_set(why, MS_EBUSY,
		    "%s: another process counts there", path);
	return why_set(why, MS_EIO, "%s: cannot lock: %s", path,
	    strerror(errno));
}

static enum ms_err
open_file(const char *path, struct why *why)
{
	struct stat st;

	r->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (r->fd < 0)
		return why_set(why, MS_EIO, "%s: %s", path, strerror(errno));
	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return why_set(why, MS_EIO, "%s: not a file", path);
	return lock_file(path, why);
}

/* Empties it: who reads meanwhile sees a file nobody has written. */
static enum ms_err
clear_file(const char *path, struct why *why)
{
	if (ftruncate(r->fd, 0) != 0 ||
	    ftruncate(r->fd, METRICS_SEGMENT_BYTES) != 0)
		return why_set(why, MS_EIO, "%s: cannot set its length: %s",
		    path, strerror(errno));
	return MS_OK;
}

/* Good as it is, or empty afterwards. */
static enum ms_err
judge_file(const char *path, struct why *why)
{
	struct metrics_load load;
	struct why reason = { "" };
	enum ms_err err = metrics_load_read(r->fd, &load, &reason);
	bool blank = load.blank;

	metrics_load_fini(&load);
	if (!err && !blank)
		return MS_OK;
	if (err == MS_EIO || err == MS_ENOMEM)
		return why_set(why, err, "%s: %s", path, reason.text);
	if (err)
		why_set(why, MS_OK, "%s: %s; begun afresh", path, reason.text);
	return clear_file(path, why);
}

static enum ms_err
map(struct why *why)
{
	void *base = mmap(NULL, METRICS_SEGMENT_BYTES, PROT_READ | PROT_WRITE,
	    r->fd >= 0 ? MAP_SHARED
		       : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	    r->fd, 0);

	if (base == MAP_FAILED)
		return why_set(why, MS_EIO, "cannot map the segment: %s",
		    strerror(errno));
	/* numbers are not worth a core file of this size */
	madvise(base, METRICS_SEGMENT_BYTES, MADV_DONTDUMP);
	/* and pages around those in use are holes: none is read ahead */
	madvise(base, METRICS_SEGMENT_BYTES, MADV_RANDOM);
	r->base = base;
	return MS_OK;
}

static void
find_places(void)
{
	r->head = (void *)r->base;
	r->families = (void *)(r->base + SEGMENT_FAMILIES_AT);
	r->series = (void *)(r->base + SEGMENT_SERIES_AT);
	r->strings = (char *)r->base + SEGMENT_STRINGS_AT;
	r->families_area = (struct metrics_area){ SEGMENT_FAMILIES_AT, 0 };
	r->series_area = (struct metrics_area){ SEGMENT_SERIES_AT, 0 };
	r->strings_area = (struct metrics_area){ SEGMENT_STRINGS_AT, 0 };
	for (uint32_t i = 0; i < METRICS_SHARDS; i++)
		r->shards[i] = (struct metrics_area){
			METRICS_HEAD_BYTES + i * METRICS_SHARD_BYTES, 0
		};
}

/* ---- taking it over -------------------------------------------------------------- */

uint64_t *
metrics_cell(unsigned shard, uint32_t offset)
{
	return (uint64_t *)(void *)(r->base + r->shards[shard].at + offset);
}

static void
begin_head(void)
{
	struct segment_head head;

	segment_head_init(&head);
	memcpy((char *)r->head + sizeof(head.magic),
	    (char *)&head + sizeof(head.magic),
	    sizeof(head) - sizeof(head.magic));
	__atomic_store_n(&r->head->magic, head.magic, __ATOMIC_RELEASE);
}

/* What is now is not what was before. */
static void
reset_gauges(void)
{
	for (uint32_t i = 0; i < r->head->series_count; i++) {
		const struct segment_series *s = &r->series[i];

		if (r->families[s->family].kind != METRIC_GAUGE)
			continue;
		for (unsigned n = 0; n < METRICS_SHARDS; n++) {
			if (r->head->shards_used & 1u << n)
				__atomic_store_n(metrics_cell(n, s->offset), 0,
				    __ATOMIC_RELAXED);
		}
	}
}

static enum ms_err
take_over(struct why *why)
{
	struct metrics_area head = { 0, 0 };

	find_places();
	if (!metrics_back(&head, sizeof(struct segment_head)) ||
	    !metrics_back(&r->strings_area, 1) ||
	    !metrics_back(&r->shards[SEGMENT_SHARED_SHARD],
		SEGMENT_VALUES_AT) ||
	    !metrics_back(&r->shards[0], SEGMENT_VALUES_AT))
		return why_set(why, MS_EIO, "no room for the segment: %s",
		    strerror(errno));
	if (__atomic_load_n(&r->head->magic, __ATOMIC_ACQUIRE) != SEGMENT_MAGIC)
		begin_head();
	r->head->life = (struct segment_life){ 0 };
	r->head->epoch++;
	reset_gauges();
	if (!metrics_index_all())
		return why_set(why, MS_ENOMEM, "no memory for the segment");
	metrics_take_shard(0);
	if (metrics_thread.shard != r->base + r->shards[0].at)
		return why_set(why, MS_EIO, "no room for the segment");
	metrics_declare_own();
	return MS_OK;
}

static void
let_go(void)
{
	metrics_drop_shards();
	if (r->base)
		munmap(r->base, METRICS_SEGMENT_BYTES);
	r->base = NULL;
	fd_close(&r->fd);
	metrics_index_fini(&r->family_index);
	metrics_index_fini(&r->series_index);
	memset(r->series_in, 0, sizeof(r->series_in));
	r->refused = r->overflow = (struct metric){ 0 };
	r->shared_used = false;
}

/* A forked child that does not exec must not count in its parent's file. */
static void
on_fork_child(void)
{
	r->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	metrics_drop_shards();
	if (r->base)
		munmap(r->base, METRICS_SEGMENT_BYTES);
	r->base = NULL;
	fd_close(&r->fd);
}

static enum ms_err
watch_forks(struct why *why)
{
	static bool watched;

	if (!watched && pthread_atfork(NULL, NULL, on_fork_child) != 0)
		return why_set(why, MS_ENOMEM, "no memory for the segment");
	watched = true;
	return MS_OK;
}

static enum ms_err
attach(const char *path, struct why *why)
{
	enum ms_err err;

	if (r->base)
		return why_set(why, MS_EEXISTS,
		    "this process has its segment already");
	err = watch_forks(why);
	if (!err && path) {
		err = open_file(path, why);
		if (!err)
			err = judge_file(path, why);
	}
	if (!err)
		err = map(why);
	if (!err)
		err = take_over(why);
	if (err)
		let_go();
	return err;
}

enum ms_err
metrics_attach(const char *path, struct why *why)
{
	enum ms_err err;

	pthread_mutex_lock(&r->lock);
	metrics_clock_init();
	err = attach(path, why);
	pthread_mutex_unlock(&r->lock);
	return err;
}

bool
metrics_attached(void)
{
	bool is;

	pthread_mutex_lock(&r->lock);
	is = r->base != NULL;
	pthread_mutex_unlock(&r->lock);
	return is;
}

void
metrics_detach(void)
{
	pthread_mutex_lock(&r->lock);
	let_go();
	pthread_mutex_unlock(&r->lock);
}

/* ---- life ------------------------------------------------------------------------ */

/* Field 22 of /proc/self/stat; the name before it may hold anything but the
 * last ')'. */
static uint64_t
own_start_ticks(void)
{
	char text[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *at;

	fd_close(&fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

void
metrics_life_begin(uint64_t generation, uint64_t mono_ns)
{
	struct segment_life *life;

	if (!r->base)
		return;
	life = &r->head->life;
	life->generation = generation;
	life->started_ns = mono_ns;
	life->started_ticks = own_start_ticks();
	__atomic_store_n(&life->busy_since_ns, mono_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&life->pid, (uint32_t)getpid(), __ATOMIC_RELEASE);
	metrics_life_phase(LIFE_STARTING);
}

void
metrics_life_phase(enum life_phase phase)
{
	if (r->base)
		__atomic_store_n(&r->head->life.phase, (uint32_t)phase,
		    __ATOMIC_RELEASE);
}

void
metrics_life_busy(uint64_t mono_ns)
{
	if (r->base)
		__atomic_store_n(&r->head->life.busy_since_ns, mono_ns,
		    __ATOMIC_RELAXED);
}
