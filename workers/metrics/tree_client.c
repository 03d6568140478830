/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection for each question: they are seconds apart, and a msd that has
 * replaced itself needs no care then.
 */
#include "workers/metrics/tree_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"

#define ANSWER_MS  1000
#define READ_BYTES (256u << 10)

static void
hang_up(struct tree_client *c)
{
	ev_io_stop(loop_ev(c->loop), &c->readable);
	loop_timer_stop(c->loop, &c->timeout);
	fd_close(&c->fd);
}

/* Once for each time that it is away. */
static void
tell(struct tree_client *c, const char *reason)
{
	if (!c->told)
		log_warn("msd does not tell of its workers", "reason=%s",
		    LOGQ(reason));
	c->told = true;
}

static void
end(struct tree_client *c, struct tree_facts *facts, const char *reason)
{
	hang_up(c);
	buf_fini(&c->in); /* with many workers it is large */
	c->in.limit_bytes = TREE_ANSWER_BYTES_MAX;
	if (!facts)
		tell(c, reason);
	else if (c->told) {
		log_info("msd tells of its workers again", NULL);
		c->told = false;
	}
	c->done(c, facts);
}

static void
take_answer(struct tree_client *c, struct slice line)
{
	struct tree_facts facts;
	struct why why = { "" };

	if (tree_facts_parse(line, &facts, &why) == MS_OK)
		end(c, &facts, NULL);
	else
		end(c, NULL, why.text);
}

static void
on_readable(struct ev_loop *ev, ev_io *io, int events)
{
	struct tree_client *c = container_of(io, struct tree_client, readable);
	ssize_t n = fd_read_some(c->fd, &c->in, READ_BYTES);
	struct slice line;
	size_t off = 0;

	(void)ev;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		end(c, NULL, n == 0 ? "it has hung up" : strerror(errno));
	else if (buf_line(&c->in, &off, &line))
		take_answer(c, line);
}

static void
on_timeout(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	end(container_of(timer, struct tree_client, timeout), NULL,
	    "no answer in time");
}

void
tree_client_init(struct tree_client *c, struct loop *loop, const char *socket,
    void (*done)(struct tree_client *c, struct tree_facts *facts))
{
	*c = (struct tree_client){ .loop = loop, .fd = -1, .done = done };
	c->socket = socket && *socket ? xstrdup(socket) : NULL;
	c->in.limit_bytes = TREE_ANSWER_BYTES_MAX;
	ev_io_init(&c->readable, on_readable, -1, EV_READ);
	ev_init(&c->timeout, on_timeout);
}

void
tree_client_fini(struct tree_client *c)
{
	hang_up(c);
	buf_fini(&c->in);
	free(c->socket);
	c->socket = NULL;
}

bool
tree_client_ask(struct tree_client *c)
{
	const size_t n = strlen(tree_facts_question);
	struct why why = { "" };

	if (!c->socket || c->fd >= 0)
		return false;
	if (sock_dial_unix(c->socket, &c->fd, &why) != MS_OK) {
		tell(c, why.text);
		return false;
	}
	if (send(c->fd, tree_facts_question, n, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)n) {
		tell(c, "it does not take the question");
		fd_close(&c->fd);
		return false;
	}
	ev_io_set(&c->readable, c->fd, EV_READ);
	ev_io_start(loop_ev(c->loop), &c->readable);
	loop_timer_start(c->loop, &c->timeout, ANSWER_MS);
	return true;
}
