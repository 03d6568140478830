/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a kept descriptor has hung up is told by an epoll of the store's
 * own that asks for nothing: hanging up is reported all the same, and what
 * arrives meanwhile (a connection in the backlog) wakes nobody.  libev could
 * not ask that way.
 */
#include "supervisor/child/fdstore.h"

#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"

#define EVENTS_PER_TURN 16

struct kept {
	int fd;
	char *name;
	bool polls;
};

struct fdstore {
	struct loop *loop;
	int epoll_fd;
	ev_io hang_ups;
	struct kept *kept;
	size_t count;
};

/* ---- the same ----------------------------------------------------------- */

/* Without kcmp() only sockets can be told apart: each has an inode. */
static bool
is_same_socket(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && S_ISSOCK(x.st_mode) &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool
is_same_file(int a, int b)
{
	pid_t self = getpid();
	long order = syscall(SYS_kcmp, self, self, KCMP_FILE, a, b);

	return order < 0 ? is_same_socket(a, b) : order == 0;
}

/* ---- keeping ------------------------------------------------------------ */

static void
drop_at(struct fdstore *store, size_t i)
{
	struct kept *kept = &store->kept[i];

	/* others may hold the file open, so closing would not unregister it */
	epoll_ctl(store->epoll_fd, EPOLL_CTL_DEL, kept->fd, NULL);
	fd_close(&kept->fd);
	free(kept->name);
	store->count--;
	memmove(kept, kept + 1, (store->count - i) * sizeof(*kept));
}

static void
drop_fd(struct fdstore *store, int fd)
{
	for (size_t i = 0; i < store->count; i++) {
		if (store->kept[i].fd == fd) {
			drop_at(store, i);
			return;
		}
	}
}

static void
drop_hung_up(struct fdstore *store)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int n;

	do {
		n = epoll_wait(store->epoll_fd, events, EVENTS_PER_TURN, 0);
		for (int i = 0; i < n; i++)
			drop_fd(store, events[i].data.fd);
	} while (n == EVENTS_PER_TURN);
}

static void
on_hang_up(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	drop_hung_up(container_of(io, struct fdstore, hang_ups));
}

static struct fdstore *
fdstore_new(struct loop *loop)
{
	struct fdstore *store = xcalloc(1, sizeof(*store));

	store->loop = loop;
	store->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ev_io_init(&store->hang_ups, on_hang_up, store->epoll_fd, EV_READ);
	if (store->epoll_fd >= 0) /* else hang-ups go unnoticed, no more */
		ev_io_start(loop_ev(loop), &store->hang_ups);
	return store;
}

bool
fdstore_add(struct fdstore **store_ptr, struct loop *loop, int fd,
    const char *name, bool polls, size_t max)
{
	struct fdstore *store = *store_ptr;
	struct epoll_event asks_nothing = { .data.fd = fd };

	for (size_t i = 0; store && i < store->count; i++) {
		if (is_same_file(store->kept[i].fd, fd)) {
			fd_close(&fd);
			return true;
		}
	}
	if (fdstore_count(store) >= max) {
		fd_close(&fd);
		return false;
	}
	if (!store)
		*store_ptr = store = fdstore_new(loop);
	store->kept =
	    xreallocarray(store->kept, store->count + 1, sizeof(*store->kept));
	store->kept[store->count++] = (struct kept){ fd,
		xstrdup(*name ? name : FDSTORE_DEFAULT_NAME), polls };
	/* a plain file has no other end: EPERM */
	if (polls)
		epoll_ctl(store->epoll_fd, EPOLL_CTL_ADD, fd, &asks_nothing);
	return true;
}

size_t
fdstore_remove(struct fdstore *store, const char *name)
{
	size_t before = fdstore_count(store);

	for (size_t i = before; i-- > 0;)
		if (strcmp(store->kept[i].name, name) == 0)
			drop_at(store, i);
	return before - fdstore_count(store);
}

void
fdstore_trim(struct fdstore *store, size_t max)
{
	if (store)
		drop_hung_up(store);
	while (fdstore_count(store) > max)
		drop_at(store, store->count - 1);
}

void
fdstore_free(struct fdstore **store_ptr)
{
	struct fdstore *store = *store_ptr;

	if (!store)
		return;
	*store_ptr = NULL;
	while (store->count > 0)
		drop_at(store, store->count - 1);
	ev_io_stop(loop_ev(store->loop), &store->hang_ups);
	fd_close(&store->epoll_fd);
	free(store->kept);
	free(store);
}

/* ---- looking ------------------------------------------------------------ */

size_t
fdstore_count(const struct fdstore *store)
{
	return store ? store->count : 0;
}

int
fdstore_fd(const struct fdstore *store, size_t i)
{
	return store->kept[i].fd;
}

const char *
fdstore_name(const struct fdstore *store, size_t i)
{
	return store->kept[i].name;
}

bool
fdstore_polls(const struct fdstore *store, size_t i)
{
	return store->kept[i].polls;
}
