/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn of a flow: read once, find the borders, send at once what may go, keep
 * the rest.  An incomplete head waits here, so that the receiver is always
 * either inside a body or exactly between two messages.
 *
 * COPY needs no state of its own: Query owes one ReadyForQuery whatever comes
 * between.  A Sync sent during COPY is not answered by the server; it then
 * looks as if it owed one for ever, and is closed instead of used again.
 */
#include "workers/pool/relay.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define READS_PER_TURN 4 /* a busy flow must not starve the others */

static struct relay *
relay_of(struct relay_side *side, bool is_client)
{
	return is_client ? container_of(side, struct relay, client)
			 : container_of(side, struct relay, server);
}

static void
finish(struct relay *relay, enum relay_end end)
{
	relay_stop(relay);
	relay->on_end(relay, end);
}

/* ---- where the two stand ---------------------------------------------------- */

static void
note_up(struct relay *relay, uint8_t type)
{
	switch (type) {
	case 'Q':
	case 'F':
	case 'S':
		relay->outstanding++;
		relay->unsynced = false;
		break;
	case 'P':
	case 'B':
	case 'D':
	case 'E':
	case 'C':
	case 'H':
		relay->unsynced = true;
		break;
	default:
		break;
	}
}

static bool
note_down(struct relay *relay)
{
	struct slice body = buf_slice(&relay->down.stream.body);

	if (relay->down.stream.type == 'S')
		relay->on_param(relay, body);
	if (relay->down.stream.type != 'Z')
		return true;
	if (body.len != 1 || relay->outstanding == 0)
		return false;
	relay->outstanding--;
	relay->status = body.ptr[0];
	relay->on_ready(relay);
	return true;
}

static void
end_flow(struct relay_flow *flow, enum relay_end end)
{
	flow->ended = true;
	flow->end = end;
}

/* How many of the bytes may be passed on. */
static size_t
borders_up(struct relay *relay, struct slice bytes)
{
	struct slice rest = bytes;
	enum pg_border border;

	while ((border = pg_stream_next(&relay->up.stream, &rest)) != PG_MORE) {
		if (border == PG_BROKEN) {
			end_flow(&relay->up, RELAY_CLIENT_BROKEN);
			return bytes.len - rest.len;
		}
		if (border == PG_MESSAGE)
			continue;
		if (relay->up.stream.type == 'X') {
			relay->up.stream.inside = false;
			end_flow(&relay->up, RELAY_TERMINATE);
			return bytes.len - rest.len - PG_HEAD_BYTES;
		}
		note_up(relay, relay->up.stream.type);
	}
	return bytes.len - rest.len;
}

static size_t
borders_down(struct relay *relay, struct slice bytes)
{
	struct slice rest = bytes;
	enum pg_border border;

	while (
	    (border = pg_stream_next(&relay->down.stream, &rest)) != PG_MORE) {
		if (border == PG_BROKEN ||
		    (border == PG_MESSAGE && !note_down(relay))) {
			end_flow(&relay->down, RELAY_SERVER_BROKEN);
			break;
		}
	}
	return bytes.len - rest.len;
}

/* ---- moving bytes ------------------------------------------------------------- */

static enum relay_end
gone(const struct relay *relay, const struct relay_side *side)
{
	return side == &relay->client ? RELAY_CLIENT_GONE : RELAY_SERVER_GONE;
}

/* Bytes sent; 0 when it takes none now; -1 when it is gone. */
static ssize_t
send_some(struct relay_side *to, const void *bytes, size_t n)
{
	ssize_t sent = send(to->fd, bytes, n, MSG_NOSIGNAL);

	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void
keep(struct relay *relay, struct relay_flow *flow, const char *bytes, size_t n)
{
	struct ev_loop *ev = loop_ev(relay->loop);

	buf_add(&flow->kept, bytes, n);
	ev_io_stop(ev, &flow->from->readable);
	ev_io_start(ev, &flow->to->writable);
}

/* False: the relay has ended.
 * A server that dies is noticed by writing before its last words are read:
 * then only its side of the flow stops, and reading finds the end. */
static bool
receiver_gone(struct relay *relay, struct relay_flow *flow)
{
	struct ev_loop *ev = loop_ev(relay->loop);

	if (flow == &relay->down) {
		finish(relay, RELAY_CLIENT_GONE);
		return false;
	}
	ev_io_stop(ev, &flow->from->readable);
	ev_io_stop(ev, &flow->to->writable);
	buf_fini(&flow->kept);
	flow->kept_done = 0;
	return true;
}

static size_t
borders(struct relay *relay, struct relay_flow *flow, struct slice bytes)
{
	return flow == &relay->up ? borders_up(relay, bytes)
				  : borders_down(relay, bytes);
}

/* False: stop reading for now, or the relay has ended. */
static bool
pass_on(struct relay *relay, struct relay_flow *flow, struct slice bytes)
{
	size_t n = borders(relay, flow, bytes);
	ssize_t sent;

	flow->head_len = flow->ended ? 0 : bytes.len - n;
	memcpy(flow->head, bytes.ptr + n, flow->head_len);
	sent = n ? send_some(flow->to, bytes.ptr, n) : 0;
	if (sent < 0)
		return receiver_gone(relay, flow) && false;
	if ((size_t)sent < n) {
		keep(relay, flow, bytes.ptr + sent, n - (size_t)sent);
		return false;
	}
	if (flow->ended) {
		finish(relay, flow->end);
		return false;
	}
	return true;
}

/* False: nothing more to read now, or the relay has ended. */
static bool
read_once(struct relay *relay, struct relay_flow *flow)
{
	char bytes[PG_HEAD_BYTES + RELAY_BYTES];
	size_t had = flow->head_len;
	ssize_t n;

	memcpy(bytes, flow->head, had);
	n = recv(flow->from->fd, bytes + had, RELAY_BYTES, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		finish(relay, gone(relay, flow->from));
		return false;
	}
	return pass_on(relay, flow, (struct slice){ bytes, had + (size_t)n }) &&
	    (size_t)n == RELAY_BYTES;
}

static void
read_flow(struct relay *relay, struct relay_flow *flow)
{
	for (int i = 0; i < READS_PER_TURN; i++)
		if (!read_once(relay, flow))
			return;
}

static void
write_flow(struct relay *relay, struct relay_flow *flow)
{
	struct ev_loop *ev = loop_ev(relay->loop);
	ssize_t sent = send_some(flow->to, flow->kept.ptr + flow->kept_done,
	    flow->kept.len - flow->kept_done);

	if (sent < 0) {
		receiver_gone(relay, flow);
		return;
	}
	flow->kept_done += (size_t)sent;
	if (flow->kept_done < flow->kept.len)
		return;
	buf_fini(&flow->kept);
	flow->kept_done = 0;
	ev_io_stop(ev, &flow->to->writable);
	if (flow->ended) {
		finish(relay, flow->end);
		return;
	}
	ev_io_start(ev, &flow->from->readable);
}

static void
on_client_readable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct relay_side *side = container_of(io, struct relay_side, readable);
	struct relay *relay = relay_of(side, true);

	(void)ev;
	read_flow(relay, &relay->up);
}

static void
on_client_writable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct relay_side *side = container_of(io, struct relay_side, writable);
	struct relay *relay = relay_of(side, true);

	(void)ev;
	write_flow(relay, &relay->down);
}

static void
on_server_readable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct relay_side *side = container_of(io, struct relay_side, readable);
	struct relay *relay = relay_of(side, false);

	(void)ev;
	read_flow(relay, &relay->down);
}

static void
on_server_writable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct relay_side *side = container_of(io, struct relay_side, writable);
	struct relay *relay = relay_of(side, false);

	(void)ev;
	write_flow(relay, &relay->up);
}

/* ---- life ------------------------------------------------------------------------ */

void
relay_init(struct relay *relay, struct loop *loop)
{
	*relay = (struct relay){ .loop = loop, .status = 'I' };
	relay->up.from = relay->down.to = &relay->client;
	relay->up.to = relay->down.from = &relay->server;
	relay->down.stream.keep = "SZ";
	ev_init(&relay->client.readable, on_client_readable);
	ev_init(&relay->client.writable, on_client_writable);
	ev_init(&relay->server.readable, on_server_readable);
	ev_init(&relay->server.writable, on_server_writable);
}

static void
side_set(struct relay_side *side, int fd)
{
	side->fd = fd;
	ev_io_set(&side->readable, fd, EV_READ);
	ev_io_set(&side->writable, fd, EV_WRITE);
}

void
relay_start(struct relay *relay, int client_fd, int server_fd,
    struct slice greeting)
{
	struct ev_loop *ev = loop_ev(relay->loop);

	relay->running = true;
	side_set(&relay->client, client_fd);
	side_set(&relay->server, server_fd);
	ev_io_start(ev, &relay->client.readable);
	ev_io_start(ev, &relay->server.readable);
	/* an empty one too: the first write starts the reading */
	keep(relay, &relay->down, greeting.ptr, greeting.len);
}

void
relay_stop(struct relay *relay)
{
	struct ev_loop *ev = loop_ev(relay->loop);

	if (!relay->running)
		return;
	relay->running = false;
	ev_io_stop(ev, &relay->client.readable);
	ev_io_stop(ev, &relay->client.writable);
	ev_io_stop(ev, &relay->server.readable);
	ev_io_stop(ev, &relay->server.writable);
}

void
relay_fini(struct relay *relay)
{
	relay_stop(relay);
	pg_stream_fini(&relay->up.stream);
	pg_stream_fini(&relay->down.stream);
	buf_fini(&relay->up.kept);
	buf_fini(&relay->down.kept);
}

bool
relay_is_busy(const struct relay *relay)
{
	return relay->outstanding > 0 || relay->up.stream.inside ||
	    relay->up.kept.len > 0;
}

bool
relay_is_settled(const struct relay *relay)
{
	return !relay_is_busy(relay) && !relay->unsynced &&
	    !relay->down.stream.inside && relay->down.head_len == 0;
}

bool
relay_can_tell_client(const struct relay *relay)
{
	return !relay->down.stream.inside && relay->down.stream.type != 'E';
}

struct slice
relay_kept_for_client(const struct relay *relay)
{
	const struct relay_flow *down = &relay->down;
	struct slice all = buf_slice(&down->kept);

	if (down->kept_done == 0)
		return all;
	return (struct slice){ all.ptr + down->kept_done,
		all.len - down->kept_done };
}
