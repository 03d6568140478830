/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After log-in a server only ever does one of three things: an exchange of
 * ours (barrier, settings, reset: a request and the ReadyForQuery it ends
 * with), sit idle, or serve a relay.  Whatever it says outside of these makes
 * it broken; nothing doubtful is ever used again.
 */
#include "workers/pool/pg_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "workers/pool/pg_trace.h"

#define EXCHANGE_TIMEOUT_MS 10000u /* of settings and reset */
#define LEAVE_TIMEOUT_MS    5000u  /* of a server we have said good-bye to */
#define READ_BYTES          16384u

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events);
static void on_poll(struct ev_loop *ev, ev_io *io, int events);
static void on_exchange(struct ev_loop *ev, ev_io *io, int events);
static void on_idle(struct ev_loop *ev, ev_io *io, int events);
static void on_leaving(struct ev_loop *ev, ev_io *io, int events);

struct pg_server *
pg_server_new(struct loop *loop, struct workq *workq,
    const struct pg_server_ops *ops, void *owner)
{
	struct pg_server *server = xcalloc(1, sizeof(*server));

	server->loop = loop;
	server->workq = workq;
	server->ops = ops;
	server->owner = owner;
	server->fd = -1;
	server->in.keep = "ESZ";
	ev_init(&server->timer, on_timer);
	ev_init(&server->io, on_poll);
	return server;
}

static void
watch(struct pg_server *server, void (*fn)(struct ev_loop *, ev_io *, int),
    int events)
{
	ev_io_stop(loop_ev(server->loop), &server->io);
	ev_io_init(&server->io, fn, server->fd, events);
	ev_io_start(loop_ev(server->loop), &server->io);
}

static void
unwatch(struct pg_server *server)
{
	ev_io_stop(loop_ev(server->loop), &server->io);
	loop_timer_stop(server->loop, &server->timer);
}

static void
trace_close(struct pg_server *server)
{
	if (server->trace) {
		PQuntrace(server->conn);
		fclose(server->trace);
		server->trace = NULL;
	}
	if (server->trace_text)
		explicit_bzero(server->trace_text, server->trace_bytes);
	free(server->trace_text);
	server->trace_text = NULL;
}

/* PQfinish() would say Terminate into whatever is half said: the socket is
 * shut first. */
static void
hang_up(struct pg_server *server)
{
	unwatch(server);
	pg_lookup_cancel(&server->lookup);
	trace_close(server);
	if (server->fd >= 0)
		shutdown(server->fd, SHUT_RDWR);
	PQfinish(server->conn);
	server->conn = NULL;
	server->fd = -1;
	server->state = SERVER_DEAD;
}

void
pg_server_free(struct pg_server *server)
{
	hang_up(server);
	pg_params_fini(&server->params);
	pg_stream_fini(&server->in);
	buf_fini(&server->unread);
	buf_fini(&server->out);
	buf_fini(&server->error);
	loop_later_free(server->loop, server);
}

static void
broken(struct pg_server *server, const char *why)
{
	unwatch(server);
	server->ops->broken(server, why);
}

/* ---- exchanges ------------------------------------------------------------ */

/* What is in server->out is sent; `ready` answers are awaited. */
static void
exchange(struct pg_server *server, enum pg_server_state state, unsigned ready,
    uint64_t timeout_ms)
{
	server->state = state;
	server->awaited = ready;
	server->failed = false;
	buf_reset(&server->error);
	server->out_done = 0;
	loop_timer_start(server->loop, &server->timer, timeout_ms);
	watch(server, on_exchange, EV_READ | EV_WRITE);
}

/* False: the socket is gone. */
static bool
send_out(struct pg_server *server)
{
	struct buf *out = &server->out;
	ssize_t n;

	if (server->out_done == out->len)
		return true;
	n = send(server->fd, out->ptr + server->out_done,
	    out->len - server->out_done, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	server->out_done += (size_t)n;
	if (server->out_done == out->len)
		watch(server, on_exchange, EV_READ);
	return true;
}

static void
exchange_done(struct pg_server *server)
{
	struct slice error = buf_slice(&server->error);
	enum pg_server_state was = server->state;

	unwatch(server);
	buf_fini(&server->out);
	server->state = SERVER_IDLE;
	watch(server, on_idle, EV_READ);
	if (was == SERVER_BARRIER)
		server->ops->opened(server);
	else if (was == SERVER_SETTING)
		server->ops->set(server, error);
	else if (server->failed)
		broken(server, "reset failed");
	else
		server->ops->reset(server);
}

/* One message of an exchange; NULL or what is wrong with it. */
static const char *
hear(struct pg_server *server)
{
	struct slice body = buf_slice(&server->in.body);

	if (server->state == SERVER_BARRIER && server->in.type != 'Z')
		return "not aligned after log-in";
	switch (server->in.type) {
	case 'S':
		pg_server_learn(server, body);
		return NULL;
	case 'E':
		if (!server->failed)
			buf_add_slice(&server->error, body);
		server->failed = true;
		return NULL;
	case 'Z':
		if (body.len != 1 || server->awaited == 0)
			return "malformed ReadyForQuery";
		server->awaited--;
		if (server->awaited == 0 && body.ptr[0] != 'I')
			return "in a transaction after log-in or reset";
		return NULL;
	default:
		return NULL;
	}
}

static const char *
hear_all(struct pg_server *server, struct slice bytes)
{
	enum pg_border border;
	const char *wrong = NULL;

	while (!wrong &&
	    (border = pg_stream_next(&server->in, &bytes)) != PG_MORE) {
		if (border == PG_BROKEN)
			wrong = "malformed message";
		else if (border == PG_MESSAGE)
			wrong = hear(server);
	}
	if (wrong)
		return wrong;
	buf_reset(&server->unread);
	buf_add_slice(&server->unread, bytes);
	if (server->awaited == 0 && (server->unread.len || server->in.inside))
		return "more than was asked for";
	return NULL;
}

static void
lost(struct pg_server *server, const char *why)
{
	if (server->state == SERVER_BARRIER) {
		unwatch(server);
		server->ops->failed(server, "", why);
		return;
	}
	broken(server, why);
}

static void
on_exchange(struct ev_loop *ev, ev_io *io, int events)
{
	struct pg_server *server = container_of(io, struct pg_server, io);
	char bytes[READ_BYTES];
	const char *wrong;
	ssize_t n;

	(void)ev;
	if (events & EV_WRITE && !send_out(server)) {
		lost(server, "connection lost");
		return;
	}
	if (!(events & EV_READ))
		return;
	if (server->unread.len)
		memcpy(bytes, server->unread.ptr, server->unread.len);
	n = recv(server->fd, bytes + server->unread.len,
	    sizeof(bytes) - server->unread.len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lost(server, "connection lost");
		return;
	}
	wrong = hear_all(server,
	    (struct slice){ bytes, server->unread.len + (size_t)n });
	if (wrong)
		lost(server, wrong);
	else if (server->awaited == 0)
		exchange_done(server);
}

/* ---- opening ---------------------------------------------------------------- */

static void
open_failed(struct pg_server *server)
{
	struct pg_refusal refusal = { "", "" };
	char *newline;

	fflush(server->trace);
	if (!server->trace_text ||
	    !pg_trace_refusal(server->trace_text, &refusal)) {
		snprintf(refusal.message, sizeof(refusal.message), "%s",
		    PQerrorMessage(server->conn));
		newline = strchr(refusal.message, '\n');
		if (newline)
			*newline = '\0';
	}
	unwatch(server);
	server->ops->failed(server, refusal.sqlstate, refusal.message);
}

static void
learn_reported(struct pg_server *server)
{
	static const char *const names[] = { "server_version",
		"server_encoding", "client_encoding", "application_name",
		"default_transaction_read_only", "in_hot_standby",
		"is_superuser", "session_authorization", "DateStyle",
		"IntervalStyle", "TimeZone", "integer_datetimes",
		"standard_conforming_strings", "scram_iterations",
		"search_path" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = PQparameterStatus(server->conn, names[i]);

		if (value)
			pg_params_set(&server->params, names[i], value);
	}
}

/* Of connect_timeout. */
static uint64_t
left_ms(struct pg_server *server)
{
	double left =
	    ev_timer_remaining(loop_ev(server->loop), &server->timer) * 1000.;

	return left > 0 ? (uint64_t)left : 0;
}

static void
take_over(struct pg_server *server)
{
	bool has_key;

	fflush(server->trace);
	has_key = server->trace_text &&
	    pg_trace_key(server->trace_text, &server->key);
	trace_close(server);
	if (!has_key) {
		unwatch(server);
		server->ops->failed(server, "",
		    "the server gave no cancel key");
		return;
	}
	learn_reported(server);
	server->fd = PQsocket(server->conn);
	buf_reset(&server->out);
	pg_put_sync(&server->out);
	exchange(server, SERVER_BARRIER, 1, left_ms(server));
}

static void
poll_libpq(struct pg_server *server)
{
	PostgresPollingStatusType status = PQconnectPoll(server->conn);

	if (status == PGRES_POLLING_OK) {
		take_over(server);
		return;
	}
	if (status == PGRES_POLLING_FAILED) {
		open_failed(server);
		return;
	}
	/* libpq may have closed one socket and be on to the next */
	server->fd = PQsocket(server->conn);
	watch(server, on_poll,
	    status == PGRES_POLLING_READING ? EV_READ : EV_WRITE);
}

static void
on_poll(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct pg_server *server = container_of(io, struct pg_server, io);

	(void)ev;
	/* before libpq can close the descriptor under the watcher */
	ev_io_stop(ev, io);
	poll_libpq(server);
}

static void
on_refused_at_once(struct ev_loop *ev, ev_timer *timer)
{
	struct pg_server *server = container_of(timer, struct pg_server, timer);

	(void)ev;
	open_failed(server);
}

static void
dial(struct pg_server *server, const struct pg_hosts *hosts)
{
	server->state = SERVER_CONNECTING;
	server->conn =
	    pg_upstream_dial(server->up, hosts, server->database, server->user);
	server->trace =
	    open_memstream(&server->trace_text, &server->trace_bytes);
	if (!server->conn || !server->trace)
		log_fatal(MS_EXIT_OSERR, "out of memory", NULL);
	if (PQstatus(server->conn) == CONNECTION_BAD) {
		/* not inside the owner's call */
		loop_timer_start(server->loop, &server->timer, 0);
		return;
	}
	PQtrace(server->conn, server->trace);
	PQsetTraceFlags(server->conn, PQTRACE_SUPPRESS_TIMESTAMPS);
	server->fd = PQsocket(server->conn);
	watch(server, on_poll, EV_WRITE);
}

static void
on_looked_up(void *arg, const struct pg_hosts *hosts, const char *error)
{
	struct pg_server *server = arg;

	server->lookup = NULL;
	if (hosts) {
		dial(server, hosts);
		return;
	}
	unwatch(server);
	server->ops->failed(server, "", error);
}

void
pg_server_open(struct pg_server *server, const struct pg_upstream *up,
    const char *database, const char *user, uint64_t timeout_ms)
{
	server->up = up;
	server->database = database;
	server->user = user;
	loop_timer_start(server->loop, &server->timer, timeout_ms);
	if (!up->has_names) {
		dial(server, NULL);
		return;
	}
	server->state = SERVER_LOOKING_UP;
	server->lookup = pg_lookup_start(server->workq, up, timeout_ms,
	    on_looked_up, server);
}

/* ---- at rest and at work ------------------------------------------------------ */

bool
pg_server_is_fresh(const struct pg_server *server)
{
	char byte;

	return recv(server->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	    (errno == EAGAIN || errno == EINTR);
}

/* Only bad news comes unasked: the server is stopping, or gone.  A changed
 * setting is reported with the next answer, not here. */
static void
on_idle(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct pg_server *server = container_of(io, struct pg_server, io);

	(void)ev;
	if (!pg_server_is_fresh(server))
		broken(server, "closed by the server");
}

void
pg_server_learn(struct pg_server *server, struct slice body)
{
	const char *name, *value;

	if (pg_parse_param(body, &name, &value))
		pg_params_set(&server->params, name, value);
}

void
pg_server_set(struct pg_server *server, const struct pg_setting *settings,
    size_t count)
{
	buf_reset(&server->out);
	pg_put_settings(&server->out, settings, count);
	exchange(server, SERVER_SETTING, 1, EXCHANGE_TIMEOUT_MS);
}

void
pg_server_link(struct pg_server *server)
{
	unwatch(server);
	server->state = SERVER_LINKED;
}

static void
begin_reset(struct pg_server *server)
{
	bool open = server->status != 'I';

	buf_reset(&server->out);
	if (open)
		pg_put_query(&server->out, "ROLLBACK");
	pg_put_query(&server->out, "DISCARD ALL");
	exchange(server, SERVER_RESETTING, open ? 2 : 1, EXCHANGE_TIMEOUT_MS);
}

void
pg_server_reset(struct pg_server *server)
{
	server->state = SERVER_RESETTING;
	if (server->cancels == 0) {
		begin_reset(server);
		return;
	}
	/* A cancel that comes late would hit the next client. */
	loop_timer_start(server->loop, &server->timer, EXCHANGE_TIMEOUT_MS);
}

void
pg_server_count_cancel(struct pg_server *server, int change)
{
	server->cancels += (unsigned)change;
	if (server->cancels == 0 && server->state == SERVER_RESETTING &&
	    server->awaited == 0)
		begin_reset(server);
}

/* ---- closing ---------------------------------------------------------------- */

static void
leave(struct pg_server *server)
{
	hang_up(server);
	server->ops->gone(server);
}

static void
on_leaving(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct pg_server *server = container_of(io, struct pg_server, io);
	char bytes[READ_BYTES];
	ssize_t n = recv(server->fd, bytes, sizeof(bytes), 0);

	(void)ev;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		leave(server);
}

static void
cancel_work(struct pg_server *server)
{
	server->busy = false;
	loop_timer_start(server->loop, &server->timer, LEAVE_TIMEOUT_MS);
	server->ops->cancel(server);
}

void
pg_server_close(struct pg_server *server, bool aligned, bool busy,
    uint64_t patient_ms)
{
	unwatch(server);
	pg_lookup_cancel(&server->lookup);
	if (server->state == SERVER_CONNECTING || server->fd < 0) {
		server->state = SERVER_CLOSING;
		server->fd = -1;
		loop_timer_start(server->loop, &server->timer, 0);
		return;
	}
	server->state = SERVER_CLOSING;
	server->busy = busy;
	buf_reset(&server->out);
	if (aligned) {
		pg_put_terminate(&server->out);
		/* five bytes into a socket that owes nothing */
		(void)!send(server->fd, server->out.ptr, server->out.len,
		    MSG_NOSIGNAL);
	}
	shutdown(server->fd, SHUT_WR);
	watch(server, on_leaving, EV_READ);
	if (busy && patient_ms == 0)
		cancel_work(server);
	else
		loop_timer_start(server->loop, &server->timer,
		    busy ? patient_ms : LEAVE_TIMEOUT_MS);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct pg_server *server = container_of(timer, struct pg_server, timer);

	switch (server->state) {
	case SERVER_LOOKING_UP:
		pg_lookup_cancel(&server->lookup);
		server->ops->failed(server, "", "connect_timeout is over");
		return;
	case SERVER_CONNECTING:
		if (PQstatus(server->conn) == CONNECTION_BAD) {
			on_refused_at_once(ev, timer);
			return;
		}
		unwatch(server);
		server->ops->failed(server, "", "connect_timeout is over");
		return;
	case SERVER_CLOSING:
		if (server->busy)
			cancel_work(server);
		else
			leave(server);
		return;
	default:
		lost(server, "no answer in time");
	}
}

bool
pg_server_address(const struct pg_server *server,
    struct sockaddr_storage *addr_r, socklen_t *len_r)
{
	const char *host = PQhost(server->conn), *port = PQport(server->conn);
	struct sockaddr_un *un = (struct sockaddr_un *)addr_r;
	int n;

	memset(addr_r, 0, sizeof(*addr_r));
	*len_r = sizeof(*addr_r);
	if (!host || host[0] != '/')
		return getpeername(server->fd, (struct sockaddr *)addr_r,
			   len_r) == 0;
	un->sun_family = AF_UNIX;
	n = snprintf(un->sun_path, sizeof(un->sun_path), "%s/.s.PGSQL.%s", host,
	    port);
	*len_r = sizeof(*un);
	return n > 0 && (size_t)n < sizeof(un->sun_path);
}
