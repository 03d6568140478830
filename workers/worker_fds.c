/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an earlier life of this worker has left with msd: descriptors by name.
 * They arrive as systemd's LISTEN_FDS do.  What nobody has taken by READY was
 * of an older configuration: it is closed, and msd told to forget it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "workers/worker_impl.h"

struct passed_fd {
	int fd; /* -1: taken */
	char *name;
};

static uint64_t
number_of(const char *variable)
{
	const char *text = getenv(variable);
	uint64_t value;

	return text && parse_u64(slice_of(text), &value) ? value : 0;
}

void
worker_fds_find(struct worker_fds *fds)
{
	const char *names = getenv("LISTEN_FDNAMES");
	struct slice rest = slice_of(names ? names : ""), name;
	uint64_t count = number_of("LISTEN_FDS");

	*fds = (struct worker_fds){ .max = (size_t)number_of("FDSTORE") };
	if (number_of("LISTEN_PID") != (uint64_t)getpid() || count == 0 ||
	    count > PASSED_FDS_MAX)
		return;
	fds->passed = xcalloc((size_t)count, sizeof(*fds->passed));
	for (; fds->count < count && slice_cut(&rest, ':', &name);
	     fds->count++) {
		struct passed_fd *passed = &fds->passed[fds->count];

		passed->fd = LISTEN_FD_START + (int)fds->count;
		passed->name = xasprintf("%.*s", (int)name.len, name.ptr);
		if (!fd_set_cloexec(passed->fd, true))
			passed->fd = -1;
	}
}

void
worker_fds_settle(struct worker *w)
{
	struct worker_fds *fds = &w->fds;

	for (size_t i = 0; i < fds->count; i++) {
		if (fds->passed[i].fd < 0)
			continue;
		log_debug("not needed any more", "fd=%s", fds->passed[i].name);
		worker_forget_fd(w, fds->passed[i].name);
		fd_close(&fds->passed[i].fd);
	}
}

void
worker_fds_fini(struct worker_fds *fds)
{
	for (size_t i = 0; i < fds->count; i++) {
		fd_close(&fds->passed[i].fd);
		free(fds->passed[i].name);
	}
	free(fds->passed);
	*fds = (struct worker_fds){ 0 };
}

bool
worker_keeps_fds(struct worker *w)
{
	return w->fds.max > 0 && w->notifier.fd >= 0;
}

int
worker_take_fd(struct worker *w, const char *name)
{
	for (size_t i = 0; i < w->fds.count; i++) {
		struct passed_fd *passed = &w->fds.passed[i];
		int fd = passed->fd;

		if (fd < 0 || strcmp(passed->name, name) != 0)
			continue;
		passed->fd = -1;
		return fd;
	}
	return -1;
}

int
worker_take_left(struct worker *w, const char *prefix)
{
	for (size_t i = 0; i < w->fds.count; i++) {
		struct passed_fd *passed = &w->fds.passed[i];
		int fd = passed->fd;

		if (fd < 0 ||
		    strncmp(passed->name, prefix, strlen(prefix)) != 0)
			continue;
		passed->fd = -1;
		worker_forget_fd(w, passed->name);
		return fd;
	}
	return -1;
}

void
worker_keep_fd(struct worker *w, const char *name, int fd)
{
	if (worker_keeps_fds(w))
		notifier_say_fd(&w->notifier, NOTIFY_FDSTORE, name, fd);
}

void
worker_forget_fd(struct worker *w, const char *name)
{
	if (worker_keeps_fds(w))
		notifier_say_fd(&w->notifier, NOTIFY_FDSTOREREMOVE, name, -1);
}

/* ---- memory --------------------------------------------------------------- */

static void *
map_note(int fd, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Of another size it is another version's. */
static void *
take_note(struct worker *w, const char *name, size_t bytes)
{
	int fd = worker_take_fd(w, name);
	struct stat st;
	void *note = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size == (off_t)bytes)
		note = map_note(fd, bytes);
	if (!note)
		worker_forget_fd(w, name);
	fd_close(&fd);
	return note;
}

void *
worker_note(struct worker *w, const char *name, size_t bytes)
{
	void *note = take_note(w, name, bytes);
	int fd;

	if (note)
		return note;
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0)
		note = map_note(fd, bytes);
	if (note)
		worker_keep_fd(w, name, fd);
	fd_close(&fd);
	return note ? note : xcalloc(1, bytes);
}
