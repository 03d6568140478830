/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog is fed from the loop by a timer at half of its period, so a
 * loop that hangs misses it.
 */
#include "supervisor/upstream.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/str.h"
#include "proto/notify.h"

struct upstream {
	struct loop *loop;
	int fd; /* -1: nobody to tell */
	struct sockaddr_un address;
	socklen_t address_bytes;
	uint64_t beat_ms; /* 0: no watchdog */
	ev_timer beat_timer;
};

static void
tell(struct upstream *u, const char *text)
{
	if (u->fd >= 0)
		(void)!sendto(u->fd, text, strlen(text), MSG_NOSIGNAL,
		    (struct sockaddr *)&u->address, u->address_bytes);
}

static void
on_beat(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct upstream *u = container_of(timer, struct upstream, beat_timer);

	(void)ev;
	tell(u, "WATCHDOG=1");
	loop_timer_start(u->loop, timer, u->beat_ms);
}

static void
start_watchdog(struct upstream *u)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t value, ours;

	if (!usec || !parse_u64(slice_of(usec), &value) || value < 2000)
		return;
	if (pid && (!parse_u64(slice_of(pid), &ours) ||
		       ours != (uint64_t)getpid()))
		return;
	u->beat_ms = value / 2000;
	loop_timer_start(u->loop, &u->beat_timer, u->beat_ms);
}

struct upstream *
upstream_new(struct loop *loop)
{
	struct upstream *u = xcalloc(1, sizeof(*u));
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	u->loop = loop;
	u->fd = -1;
	ev_timer_init(&u->beat_timer, on_beat, 0., 0.);
	if (len < 2 || len >= sizeof(u->address.sun_path))
		return u;
	u->address.sun_family = AF_UNIX;
	memcpy(u->address.sun_path, path, len);
	if (path[0] == '@')
		u->address.sun_path[0] = '\0';
	u->address_bytes =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	u->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	start_watchdog(u);
	return u;
}

void
upstream_free(struct upstream **upstream)
{
	struct upstream *u = *upstream;

	if (!u)
		return;
	loop_timer_stop(u->loop, &u->beat_timer);
	fd_close(&u->fd);
	free(u);
	*upstream = NULL;
}

void
upstream_ready(struct upstream *u, const char *status)
{
	struct buf text = { 0 };

	buf_printf(&text, "READY=1\nSTATUS=%s", status);
	buf_add_u8(&text, '\0');
	tell(u, (char *)text.ptr);
	buf_fini(&text);
}

void
upstream_reloading(struct upstream *u)
{
	struct buf text = { 0 };

	buf_printf(&text, "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)mono_now().ns / 1000);
	buf_add_u8(&text, '\0');
	tell(u, (char *)text.ptr);
	buf_fini(&text);
}

void
upstream_stopping(struct upstream *u)
{
	tell(u, "STOPPING=1");
}
