/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dead process may have said something in its last moment (READY, STATUS,
 * why exec failed): all of it is heard before its death is handled.
 */
#include "supervisor/child/hear.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "supervisor/child/child.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/notify_sock.h"
#include "supervisor/launch/launch.h"
#include "supervisor/launch/spawn.h"
#include "supervisor/msd.h"

#define NOTIFY_PER_TURN 16u
#define NOTIFY_LAST     1024u /* of a dead process: all that can be queued */

/* What the error pipe says: end of file is "the program runs". */
static void
read_error(struct child *child)
{
	struct spawn_error report;
	ssize_t n;

	if (child->error_fd < 0)
		return;
	n = read(child->error_fd, &report, sizeof(report));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ev_io_stop(loop_ev(child->msd->loop), &child->error_io);
	fd_close(&child->error_fd);
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
	read_error(container_of(io, struct child, error_io));
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

	if (child->ready_fd < 0)
		return;
	n = read(child->ready_fd, text, sizeof(text));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && !memchr(text, '\n', (size_t)n))
		return;
	ev_io_stop(loop_ev(child->msd->loop), &child->ready_io);
	fd_close(&child->ready_fd);
	if (n > 0)
		child_event(child, CHILD_EV_READY);
}

static void
on_ready(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	read_ready(container_of(io, struct child, ready_io));
}

void
hear_init(struct child *child)
{
	ev_io_init(&child->error_io, on_error, -1, EV_READ);
	ev_io_init(&child->ready_io, on_ready, -1, EV_READ);
	ev_io_init(&child->notify_io, on_notify, -1, EV_READ);
}

void
hear_start(struct child *child)
{
	struct ev_loop *ev = loop_ev(child->msd->loop);

	if (child->error_fd >= 0) {
		ev_io_set(&child->error_io, child->error_fd, EV_READ);
		ev_io_start(ev, &child->error_io);
	}
	if (child->notify_fd >= 0) {
		ev_io_set(&child->notify_io, child->notify_fd, EV_READ);
		ev_io_start(ev, &child->notify_io);
	}
	if (child->ready_fd < 0)
		return;
	ev_io_set(&child->ready_io, child->ready_fd, EV_READ);
	ev_io_start(ev, &child->ready_io);
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
	ev_io_stop(ev, &child->error_io);
	ev_io_stop(ev, &child->ready_io);
	ev_io_stop(ev, &child->notify_io);
	fd_close(&child->error_fd);
	fd_close(&child->ready_fd);
	notify_sock_close(child);
}
