/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"
#include "proto/contract.h"
#include "workers/metrics/http_impl.h"
#include "workers/worker_health.h"

#define HEADER_BYTES  (16u << 10) /* of a request; MHD's memory for it */
#define CONN_SPARE    16u         /* cut ones that have not gone yet */
#define FILE_MODE     0644
#define ADDRESS_BYTES 64u

/* The port may be free again at any time. */
static const struct backoff_conf again_conf = { .span = { 500, 30000 } };

/* ---- the daemon's turns ------------------------------------------------------ */

static void
run(struct http *http)
{
	unsigned long long ms;

	if (!http->mhd)
		return;
	MHD_run(http->mhd);
	if (MHD_get_timeout(http->mhd, &ms) == MHD_YES)
		loop_timer_start(http->loop, &http->turn, ms);
	else
		loop_timer_stop(http->loop, &http->turn);
}

static void
on_ready(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev;
	(void)events;
	run(container_of(io, struct http, ready));
}

static void
on_turn(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	run(container_of(timer, struct http, turn));
}

void
http_run_soon(struct http *http)
{
	loop_timer_start(http->loop, &http->turn, 0);
}

static void MS_PRINTF(2, 0) on_log(void *arg, const char *fmt, va_list args)
{
	char text[200];

	(void)arg;
	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("http", "text=%s", LOGQ(text));
}

/* ---- listening ------------------------------------------------------------------ */

static char *
address_of(int fd)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
	const struct sockaddr_in6 *six = (const void *)&addr;
	const struct sockaddr_in *four = (const void *)&addr;
	socklen_t len = sizeof(addr);
	char text[INET6_ADDRSTRLEN] = "?";

	getsockname(fd, (struct sockaddr *)&addr, &len);
	if (addr.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
		return xasprintf("[%s]:%u", text, ntohs(six->sin6_port));
	}
	inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
	return xasprintf("%s:%u", text, ntohs(four->sin_port));
}

static enum ms_err
open_socket(const char *listen, int *fd_r, struct why *why)
{
	char address[ADDRESS_BYTES];
	struct slice host;
	uint16_t port;

	if (!endpoint_split(slice_of(listen), &host, &port, why))
		return MS_EINVAL;
	if (host.len >= sizeof(address))
		return why_set(why, MS_EINVAL, "'%s' is no address", listen);
	memcpy(address, host.ptr, host.len);
	address[host.len] = '\0';
	return sock_listen_tcp(address, port, fd_r, why);
}

/* Whoever wants to know the port finds it there; it says so at the worst too
 * late, never wrong. */
static void
say_where(struct http *http)
{
	struct why why = { "" };
	char *line = xasprintf("%s\n", http->listening);

	if (file_replace(http->file, slice_of(line), FILE_MODE, &why) != MS_OK)
		log_warn("cannot say where the listener is", "error=%s",
		    LOGQ(why.text));
	free(line);
}

static struct MHD_Daemon *
start_daemon(struct http *http, int fd)
{
	unsigned max = http->d->conf.max_connections + CONN_SPARE;

	/* clang-format off */
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
	    NULL, NULL, http_on_request, http,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, http,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, max,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
	    MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, http,
	    MHD_OPTION_END);
	/* clang-format on */
}

static enum ms_err
open_daemon(struct http *http, struct why *why)
{
	const union MHD_DaemonInfo *info;
	enum ms_err err;
	int fd = -1;

	err = open_socket(http->wanted, &fd, why);
	if (err)
		return err;
	http->mhd = start_daemon(http, fd);
	if (!http->mhd) {
		fd_close(&fd);
		return why_set(why, MS_EIO, "libmicrohttpd does not start");
	}
	http->listening = address_of(fd);
	info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	ev_io_set(&http->ready, info->epoll_fd, EV_READ);
	ev_io_start(loop_ev(http->loop), &http->ready);
	return MS_OK;
}

/* Said once for each time that it fails, not for each try. */
static void
listen_now(struct http *http)
{
	struct why why = { "" };

	if (open_daemon(http, &why) == MS_OK) {
		log_info("http listens", "address=%s", http->listening);
		backoff_reset(&http->backoff);
		say_where(http);
	} else {
		uint64_t delay = again_conf.span.max_ms;

		(void)!backoff_next(&http->backoff, &again_conf, mono_now(),
		    &delay);
		http->refused = why;
		if (http->backoff.failures == 1)
			log_warn("http does not listen, trying again",
			    "error=%s", LOGQ(why.text));
		loop_timer_start(http->loop, &http->retry, delay);
	}
	metricsd_show_status(http->d);
}

static void
on_retry(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	listen_now(container_of(timer, struct http, retry));
}

static void
close_daemon(struct http *http)
{
	loop_timer_stop(http->loop, &http->retry);
	backoff_reset(&http->backoff);
	if (!http->mhd)
		return;
	unlink(http->file);
	ev_io_stop(loop_ev(http->loop), &http->ready);
	loop_timer_stop(http->loop, &http->turn);
	http_conns_release(http);
	MHD_stop_daemon(http->mhd);
	http->mhd = NULL;
	free(http->listening);
	http->listening = NULL;
}

/* ---- the module -------------------------------------------------------------------- */

static void
set_wanted(struct http *http)
{
	free(http->wanted);
	http->wanted =
	    xstrdup(http->d->conf.listen ? http->d->conf.listen : "none");
	if (!listen_is_none(http->wanted))
		listen_now(http);
}

static enum ms_err
start(struct metricsd *d, void **self_r, struct why *why)
{
	struct http *http = xcalloc(1, sizeof(*http));

	(void)why;
	http->d = d;
	http->loop = worker_loop(d->w);
	backoff_init(&http->backoff, dice_seed());
	http->file = xasprintf("%s/" METRICS_HTTP_FILE, worker_run_dir(d->w));
	ev_io_init(&http->ready, on_ready, -1, EV_READ);
	ev_init(&http->turn, on_turn);
	ev_init(&http->retry, on_retry);
	http_conns_init(http);
	limiter_init(&http->rate, d->conf.scrape_rate, 0, mono_now());
	*self_r = http;
	set_wanted(http);
	return MS_OK;
}

static void
reload(void *self)
{
	struct http *http = self;
	const char *listen = http->d->conf.listen;

	limiter_tune(&http->rate, http->d->conf.scrape_rate, 0, mono_now());
	if (strcmp(listen ? listen : "none", http->wanted) == 0)
		return;
	close_daemon(http);
	set_wanted(http);
}

static void
status(void *self, struct buf *out)
{
	const struct http *http = self;

	if (http->listening)
		buf_printf(out, "http %s", http->listening);
	else if (!listen_is_none(http->wanted))
		buf_printf(out, "no http, %s is refused", http->wanted);
}

static void
health(void *self, struct worker *w)
{
	const struct http *http = self;

	if (http->listening)
		health_say(w, "http", http->listening, HEALTH_OK,
		    "it listens, %zu connections", http->conn_count);
	else if (!listen_is_none(http->wanted))
		health_say(w, "http", http->wanted, HEALTH_FAILED,
		    "%s; tried again", http->refused.text);
}

static void
stop(void *self)
{
	struct http *http = self;

	close_daemon(http);
	free(http->wanted);
	free(http->file);
	free(http);
}

const struct module http_module = {
	.name = "http",
	.start = start,
	.reload = reload,
	.status = status,
	.health = health,
	.stop = stop,
};
