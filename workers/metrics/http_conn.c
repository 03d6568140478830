/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nobody may sit on a connection: a request must have come and its answer must
 * have been taken within request_timeout, and when there are too many, the one
 * that has been silent longest goes.  So the slow cannot keep out the others.
 *
 * A connection is cut by shutdown(2): its end is then read like any other.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "common/log.h"
#include "workers/metrics/http_impl.h"

#define SEND_BYTES (128 << 10)

void
http_conn_cut(struct http_conn *conn, const char *reason)
{
	if (conn->cut)
		return;
	conn->cut = true;
	metric_add(conn->http->d->own[OWN_CONNECTIONS_CUT], 1);
	log_debug("connection cut", "reason=%s", LOGQ(reason));
	shutdown(conn->fd, SHUT_RDWR);
}

/* ---- deadlines ----------------------------------------------------------------- */

static struct http_conn *
first_alive(const struct http *http)
{
	struct http_conn *conn;

	TAILQ_FOREACH(conn, &http->conns, link)
		if (!conn->cut)
			return conn;
	return NULL;
}

static void
watch_deadline(struct http *http)
{
	const struct http_conn *first = first_alive(http);

	if (!first)
		loop_timer_stop(http->loop, &http->deadline);
	else if (!ev_is_active(&http->deadline))
		loop_timer_start(http->loop, &http->deadline,
		    mono_ms_left(mono_now(), first->deadline));
}

static void
on_deadline(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct http *http = container_of(timer, struct http, deadline);
	struct mono now = mono_now();
	struct http_conn *conn;

	(void)ev;
	(void)events;
	TAILQ_FOREACH(conn, &http->conns, link)
		if (!conn->cut && mono_reached(now, conn->deadline))
			http_conn_cut(conn,
			    conn->asked ? "the answer is not taken"
					: "the request does not come");
	watch_deadline(http);
}

/* ---- limits ---------------------------------------------------------------------- */

static void
make_room(struct http *http)
{
	struct http_conn *conn, *victim = NULL;

	TAILQ_FOREACH(conn, &http->conns, link) {
		if (conn->cut)
			continue;
		if (!victim || (victim->asked && !conn->asked))
			victim = conn;
		if (!victim->asked)
			break;
	}
	if (victim)
		http_conn_cut(victim, "too many connections");
}

static size_t
count_alive(const struct http *http)
{
	const struct http_conn *conn;
	size_t n = 0;

	TAILQ_FOREACH(conn, &http->conns, link)
		n += !conn->cut;
	return n;
}

/* ---- public ------------------------------------------------------------------------ */

static struct http_conn *
begin(struct http *http, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_conn *conn = xcalloc(1, sizeof(*conn));

	conn->http = http;
	conn->mhd = mhd;
	conn->fd = info ? info->connect_fd : -1;
	/* what the kernel keeps of answers that nobody reads */
	setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &(int){ SEND_BYTES },
	    sizeof(int));
	conn->deadline =
	    mono_add_ms(mono_now(), http->d->conf.request_timeout_ms);
	if (count_alive(http) >= http->d->conf.max_connections)
		make_room(http);
	TAILQ_INSERT_TAIL(&http->conns, conn, link);
	http->conn_count++;
	watch_deadline(http);
	return conn;
}

static void
end(struct http *http, struct http_conn *conn)
{
	http_drop_page(conn);
	TAILQ_REMOVE(&http->conns, conn, link);
	http->conn_count--;
	watch_deadline(http);
	free(conn);
}

void
http_on_connection(void *arg, struct MHD_Connection *mhd, void **conn,
    enum MHD_ConnectionNotificationCode code)
{
	struct http *http = arg;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*conn = begin(http, mhd);
	} else if (*conn) {
		end(http, *conn);
		*conn = NULL;
	}
	metric_set(http->d->own[OWN_CONNECTIONS], (int64_t)http->conn_count);
}

void
http_conns_init(struct http *http)
{
	TAILQ_INIT(&http->conns);
	ev_init(&http->deadline, on_deadline);
}

void
http_conns_release(struct http *http)
{
	struct http_conn *conn;

	TAILQ_FOREACH(conn, &http->conns, link) {
		http_drop_page(conn);
		if (conn->suspended)
			MHD_resume_connection(conn->mhd);
		conn->suspended = false;
		conn->cut = true;
	}
	loop_timer_stop(http->loop, &http->deadline);
}
