/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dead process may have said something in its last moment (READY, STATUS,
 * why exec failed): all of it is heard before its death is handled.
 */
#include "supervisor/child/hear.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "supervisor/child/child.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/notify_sock.h"
#include "supervisor/launch/launch.h"
#include "supervisor/launch/spawn.h"
#include "supervisor/msd.h"

#define NOTIFY_PER_TURN 16u
#define NOTIFY_LAST     1024u /* of a dead process: all that can be queued */

/* Most workers have neither pipe, and no worker has them for long. */
struct early {
	struct child *child;
	ev_io error_io, ready_io;
};

static void
end_early(struct child *child)
{
	struct ev_loop *ev = loop_ev(child->msd->loop);

	if (child->early) {
		ev_io_stop(ev, &child->early->error_io);
		ev_io_stop(ev, &child->early->ready_io);
	}
	free(child->early);
	child->early = NULL;
	fd_close(&child->error_fd);
	fd_close(&child->ready_fd);
}

/* One of the two pipes has said all it had to say. */
static void
close_pipe(struct child *child, int *fd, ev_io *io)
{
	ev_io_stop(loop_ev(child->msd->loop), io);
	fd_close(fd);
	if (child->error_fd < 0 && child->ready_fd < 0)
		end_early(child);
}

/* What the error pipe says: end of file is "the program runs". */
static void
read_error(struct child *child)
{
	struct spawn_error report;
	ssize_t n;

	if (!child->early || child->error_fd < 0)
		return;
	n = read(child->error_fd, &report, sizeof(report));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close_pipe(child, &child->error_fd, &child->early->error_io);
	if (n == (ssize_t)sizeof(report)) {
		child_not_started(child, &report);
		return;
	}
	child->runs = true;
	child_launched(child);
}

static void
on_error(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	read_error(container_of(io, struct early, error_io)->child);
}

static void
on_notify(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	notify_sock_read(container_of(io, struct child, notify_io),
	    NOTIFY_PER_TURN);
}

static void
read_ready(struct child *child)
{
	char text[256];
	ssize_t n;

	if (!child->early || child->ready_fd < 0)
		return;
	n = read(child->ready_fd, text, sizeof(text));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && !memchr(text, '\n', (size_t)n))
		return;
	close_pipe(child, &child->ready_fd, &child->early->ready_io);
	if (n > 0)
		child_event(child, CHILD_EV_READY);
}

static void
on_ready(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	read_ready(container_of(io, struct early, ready_io)->child);
}

void
hear_init(struct child *child)
{
	ev_io_init(&child->notify_io, on_notify, -1, EV_READ);
}

static void
start_early(struct child *child)
{
	struct ev_loop *ev = loop_ev(child->msd->loop);
	struct early *early;

	if (child->error_fd < 0 && child->ready_fd < 0)
		return;
	early = child->early = xcalloc(1, sizeof(*early));
	early->child = child;
	ev_io_init(&early->error_io, on_error, child->error_fd, EV_READ);
	ev_io_init(&early->ready_io, on_ready, child->ready_fd, EV_READ);
	if (child->error_fd >= 0)
		ev_io_start(ev, &early->error_io);
	if (child->ready_fd >= 0)
		ev_io_start(ev, &early->ready_io);
}

void
hear_start(struct child *child)
{
	struct ev_loop *ev = loop_ev(child->msd->loop);

	start_early(child);
	if (child->notify_fd >= 0) {
		ev_io_set(&child->notify_io, child->notify_fd, EV_READ);
		ev_io_start(ev, &child->notify_io);
	}
}

void
hear_out(struct child *child)
{
	notify_sock_read(child, NOTIFY_LAST);
}

void
hear_end(struct child *child)
{
	struct ev_loop *ev = loop_ev(child->msd->loop);

	if (child->pid) {
		read_error(child);
		read_ready(child);
		hear_out(child);
	}
	mainpid_end(child);
	end_early(child);
	ev_io_stop(ev, &child->notify_io);
	notify_sock_close(child);
}
