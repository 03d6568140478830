/* SPDX-License-Identifier: Apache-2.0 */
/* Three steps on one watcher: connected, sent, hung up. */
#include "workers/pool/cancel.h"

#include <errno.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"

#define CANCEL_TIMEOUT_MS 5000u

static void
on_io(struct ev_loop *ev, ev_io *io, int events)
{
	struct cancel *cancel = container_of(io, struct cancel, io);
	ssize_t n;
	char byte;

	if (events & EV_WRITE) {
		n = send(cancel->fd, cancel->out.ptr, cancel->out.len,
		    MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* 16 bytes into an empty socket go whole or not at all */
		if (n != (ssize_t)cancel->out.len) {
			cancel->done(cancel);
			return;
		}
		ev_io_stop(ev, io);
		ev_io_set(io, cancel->fd, EV_READ);
		ev_io_start(ev, io);
		return;
	}
	n = recv(cancel->fd, &byte, 1, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	cancel->done(cancel);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct cancel *cancel = container_of(timer, struct cancel, timer);

	(void)ev;
	cancel->done(cancel);
}

struct cancel *
cancel_start(struct loop *loop, const struct sockaddr_storage *addr,
    socklen_t len, struct pg_key key)
{
	struct cancel *cancel = xcalloc(1, sizeof(*cancel));
	int rc;

	cancel->loop = loop;
	pg_put_cancel(&cancel->out, key);
	ev_init(&cancel->timer, on_timer);
	ev_init(&cancel->io, on_io);
	cancel->fd = socket(addr->ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = cancel->fd < 0
	    ? -1
	    : connect(cancel->fd, (const struct sockaddr *)addr, len);
	if (rc < 0 && (cancel->fd < 0 || errno != EINPROGRESS)) {
		loop_timer_start(loop, &cancel->timer, 0);
		return cancel;
	}
	ev_io_set(&cancel->io, cancel->fd, EV_WRITE);
	ev_io_start(loop_ev(loop), &cancel->io);
	loop_timer_start(loop, &cancel->timer, CANCEL_TIMEOUT_MS);
	return cancel;
}

void
cancel_free(struct cancel *cancel)
{
	ev_io_stop(loop_ev(cancel->loop), &cancel->io);
	loop_timer_stop(cancel->loop, &cancel->timer);
	fd_close(&cancel->fd);
	buf_fini(&cancel->out);
	loop_later_free(cancel->loop, cancel);
}
