/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/msd_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/sock.h"

#define ANSWER_MS  1000
#define READ_BYTES (256u << 10)

static void
hang_up(struct msd_client *c)
{
	ev_io_stop(loop_ev(c->loop), &c->readable);
	loop_timer_stop(c->loop, &c->timeout);
	fd_close(&c->fd);
}

static void
end(struct msd_client *c, struct slice line, const char *reason)
{
	hang_up(c);
	c->done(c, line, reason);
	if (c->fd >= 0)
		return;   /* asked again already */
	buf_fini(&c->in); /* with many workers it is large */
	c->in.limit_bytes = MSD_ANSWER_BYTES_MAX;
}

static void
on_readable(struct ev_loop *ev, ev_io *io, int events)
{
	struct msd_client *c = container_of(io, struct msd_client, readable);
	ssize_t n = fd_read_some(c->fd, &c->in, READ_BYTES);
	struct slice line, none = { NULL, 0 };
	size_t off = 0;

	(void)ev;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		end(c, none, n == 0 ? "it has hung up" : strerror(errno));
	else if (buf_line(&c->in, &off, &line))
		end(c, line, NULL);
}

static void
on_timeout(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	end(container_of(timer, struct msd_client, timeout),
	    (struct slice){ NULL, 0 }, "no answer in time");
}

void
msd_client_init(struct msd_client *c, struct loop *loop, const char *socket,
    void (*done)(struct msd_client *c, struct slice line, const char *reason))
{
	*c = (struct msd_client){ .loop = loop, .fd = -1, .done = done };
	c->socket = socket && *socket ? xstrdup(socket) : NULL;
	c->in.limit_bytes = MSD_ANSWER_BYTES_MAX;
	ev_io_init(&c->readable, on_readable, -1, EV_READ);
	ev_init(&c->timeout, on_timeout);
}

void
msd_client_fini(struct msd_client *c)
{
	hang_up(c);
	buf_fini(&c->in);
	free(c->socket);
	c->socket = NULL;
}

bool
msd_client_ask(struct msd_client *c, const char *question, struct why *why)
{
	size_t n = strlen(question);

	if (!c->socket || c->fd >= 0)
		return false;
	if (sock_dial_unix(c->socket, &c->fd, why) != MS_OK)
		return false;
	if (send(c->fd, question, n, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)n) {
		why_set(why, MS_EBUSY, "it does not take the question");
		fd_close(&c->fd);
		return false;
	}
	buf_reset(&c->in);
	ev_io_set(&c->readable, c->fd, EV_READ);
	ev_io_start(loop_ev(c->loop), &c->readable);
	loop_timer_start(c->loop, &c->timeout, ANSWER_MS);
	return true;
}
