/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client: bytes in, lines, bytes out.
 *
 * An event reader is fed from the ring by number: it costs no queue of its
 * own beyond one buffer, and when it is so slow that the ring has moved on,
 * it is cut off and counted; it can come back with the number it has.
 *
 * Who has said all it wanted may close its sending half and still hears the
 * answers: only who has hung up altogether is gone.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "supervisor/ctl/ctl_impl.h"
#include "supervisor/events.h"

#define READ_BYTES        (16u << 10)
#define LINES_PER_TURN    32u
#define STREAM_BYTES_HIGH (256u << 10) /* stop filling a slow reader */

/* ---- end ---------------------------------------------------------------- */

void
ctl_client_end(struct ctl_client *client)
{
	struct ctl *ctl = client->ctl;
	struct ev_loop *ev = loop_ev(ctl->msd->loop);

	if (client->dead)
		return;
	client->dead = true;
	ctl_drop_waits(client);
	ev_io_stop(ev, &client->readable);
	ev_io_stop(ev, &client->writable);
	fd_close(&client->fd);
	TAILQ_REMOVE(&ctl->clients, client, entry);
	ctl->client_count--;
	meters_clients(&ctl->msd->meters, ctl->client_count);
	buf_fini(&client->in);
	buf_fini(&client->out);
	if (!client->more.queued)
		loop_later_free(ctl->msd->loop, client);
}

/* ---- out ---------------------------------------------------------------- */

static void
fill_stream(struct ctl_client *client)
{
	struct events *events = client->ctl->msd->events;

	while (client->follows && client->out.len < STREAM_BYTES_HIGH) {
		const char *line;

		if (client->ends && client->next >= client->until) {
			client->follows = false;
			buf_printf(&client->out,
			    "{\"id\":%lld,\"ok\":true,\"end\":true}\n",
			    (long long)client->stream_id);
			return;
		}
		if (client->next >= events_next(events))
			return;
		line = events_get(events, client->next);
		if (!line) { /* the ring has overtaken it */
			client->ctl->slow_dropped++;
			log_warn("slow event reader dropped", "dropped=%llu",
			    (unsigned long long)client->ctl->slow_dropped);
			ctl_client_end(client);
			return;
		}
		buf_add_str(&client->out, line);
		buf_add_u8(&client->out, '\n');
		client->next++;
	}
}

static bool
has_hung_up(const struct ctl_client *client)
{
	struct pollfd asked = { .fd = client->fd };

	return poll(&asked, 1, 0) > 0;
}

void
ctl_client_end_if_done(struct ctl_client *client)
{
	bool owed = client->waits > 0 || client->follows ||
	    client->asks_reexec || client->out.len > 0;

	if (client->said_all && !client->more.queued &&
	    (!owed || has_hung_up(client)))
		ctl_client_end(client);
}

void
ctl_client_flush(struct ctl_client *client)
{
	struct ev_loop *ev = loop_ev(client->ctl->msd->loop);

	for (;;) {
		ssize_t n;

		fill_stream(client);
		if (client->dead)
			return;
		if (client->out.failed) { /* does not read its answers */
			client->ctl->slow_dropped++;
			ctl_client_end(client);
			return;
		}
		if (client->out.len == 0)
			break;
		n = send(client->fd, client->out.ptr, client->out.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ev_io_start(ev, &client->writable);
			return;
		}
		if (n < 0) {
			ctl_client_end(client);
			return;
		}
		buf_drop(&client->out, (size_t)n);
	}
	ev_io_stop(ev, &client->writable);
	if (client->out.cap > STREAM_BYTES_HIGH)
		buf_fini(&client->out); /* one big answer is no reason */
	client->out.limit_bytes = CTL_REPLY_BYTES_MAX;
	ctl_client_end_if_done(client);
}

static void
on_writable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	ctl_client_flush(container_of(io, struct ctl_client, writable));
}

/* ---- replies ------------------------------------------------------------ */

void
ctl_client_head(struct ctl_client *client, int64_t id, bool ok)
{
	struct buf *out = &client->out;

	buf_add_str(out, "{\"id\":");
	if (id >= 0)
		buf_printf(out, "%lld", (long long)id);
	else
		buf_add_str(out, "null");
	buf_printf(out, ",\"ok\":%s", ok ? "true" : "false");
}

struct buf *
ctl_reply(const struct ctl_request *request)
{
	struct buf *out = &request->client->out;

	ctl_client_head(request->client, request->id, true);
	buf_add_str(out, ",\"v\":1");
	return out;
}

void
ctl_reply_end(const struct ctl_request *request)
{
	buf_add_str(&request->client->out, "}\n");
}

void
ctl_client_fail(struct ctl_client *client, int64_t id, const char *code,
    const char *text)
{
	ctl_client_head(client, id, false);
	buf_printf(&client->out,
	    ",\"error\":{\"code\":\"%s\",\"message\":", code);
	json_quote(&client->out, slice_of(text));
	buf_add_str(&client->out, "}}\n");
}

void
ctl_fail(const struct ctl_request *request, const char *code, const char *fmt,
    ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ctl_client_fail(request->client, request->id, code, text);
}

void
ctl_follow(const struct ctl_request *request, uint64_t from, bool follow)
{
	struct ctl_client *client = request->client;
	const struct events *events = request->msd->events;
	uint64_t first = events_first(events), next = events_next(events);
	struct buf *out = ctl_reply(request);

	buf_printf(out, ",\"life\":\"%s\",\"first\":%llu,\"next\":%llu",
	    events_life(events), (unsigned long long)first,
	    (unsigned long long)next);
	if (from > 0 && from < first)
		buf_printf(out, ",\"lost\":{\"first\":%llu,\"last\":%llu}",
		    (unsigned long long)from, (unsigned long long)first - 1);
	ctl_reply_end(request);
	client->follows = true;
	client->ends = !follow;
	client->next = from < first ? first : from > next ? next : from;
	client->until = next;
	client->stream_id = request->id;
}

/* ---- in ------------------------------------------------------------------ */

/* A bounded number of lines: one client must not own the turn. */
static void
run_lines(struct ctl_client *client)
{
	struct slice line;
	size_t off = 0;
	unsigned n = 0;

	while (n < LINES_PER_TURN && !client->out.failed &&
	    buf_line(&client->in, &off, &line)) {
		ctl_run_line(client, line);
		n++;
	}
	buf_drop(&client->in, off);
	if (n > 0) { /* the silent ones gather in front */
		TAILQ_REMOVE(&client->ctl->clients, client, entry);
		TAILQ_INSERT_TAIL(&client->ctl->clients, client, entry);
	}
	if (n == LINES_PER_TURN && !client->more.queued)
		loop_later(client->ctl->msd->loop, &client->more);
	if (client->in.len >= CTL_LINE_BYTES_MAX && n < LINES_PER_TURN) {
		ctl_client_fail(client, -1, "bad_request",
		    "the line is too long");
		ctl_client_flush(client);
		ctl_client_end(client);
		return;
	}
	ctl_client_flush(client);
}

static void
on_more(struct loop_task *task)
{
	struct ctl_client *client = container_of(task, struct ctl_client, more);

	if (client->dead)
		loop_later_free(client->ctl->msd->loop, client);
	else
		run_lines(client);
}

static void
on_readable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct ctl_client *client =
	    container_of(io, struct ctl_client, readable);
	ssize_t n;

	n = fd_read_some(client->fd, &client->in, READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		n = 1; /* full of lines that wait for their turn */
	if (n < 0) {
		ctl_client_end(client);
		return;
	}
	if (n == 0) {
		client->said_all = true;
		ev_io_stop(ev, &client->readable);
	}
	run_lines(client);
}

struct ctl_client *
ctl_client_new(struct ctl *ctl, int fd, bool may_control)
{
	struct ev_loop *ev = loop_ev(ctl->msd->loop);
	struct ctl_client *client = xcalloc(1, sizeof(*client));

	client->ctl = ctl;
	client->fd = fd;
	client->may_control = may_control;
	client->in.limit_bytes = CTL_LINE_BYTES_MAX + 1;
	client->out.limit_bytes = CTL_REPLY_BYTES_MAX;
	client->more.run = on_more;
	ev_io_init(&client->readable, on_readable, fd, EV_READ);
	ev_io_init(&client->writable, on_writable, fd, EV_WRITE);
	ev_io_start(ev, &client->readable);
	TAILQ_INSERT_TAIL(&ctl->clients, client, entry);
	ctl->client_count++;
	meters_clients(&ctl->msd->meters, ctl->client_count);
	return client;
}
