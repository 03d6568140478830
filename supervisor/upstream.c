/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/upstream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ev.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loop.h"
#include "proto/notify.h"
#include "supervisor/msd.h"

/* While a stop takes its time the manager is told so before it loses
 * patience: at half of what was asked for. */
#define EXTEND_MS 20000u

struct upstream {
	struct msd *msd;
	int fd; /* -1: no manager */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t beat_ms; /* 0: no watchdog */
	ev_timer timer;
	bool stopping;
};

static void
say(struct upstream *u, const struct notify *notify)
{
	struct buf text = { .limit_bytes = NOTIFY_BYTES_MAX };

	if (u->fd < 0)
		return;
	notify_print(notify, &text);
	/* a full queue is the manager's trouble; the next word will do */
	if (sendto(u->fd, text.ptr, text.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		(const struct sockaddr *)&u->to, u->to_len) < 0)
		log_debug("manager does not listen", "errno=%d", errno);
	buf_fini(&text);
}

static void
arm(struct upstream *u)
{
	uint64_t ms =
	    u->stopping && (u->beat_ms == 0 || u->beat_ms > EXTEND_MS / 2)
	    ? EXTEND_MS / 2
	    : u->beat_ms;

	if (ms)
		loop_timer_start(u->msd->loop, &u->timer, ms);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct upstream *u = container_of(timer, struct upstream, timer);
	struct notify beat = { .what = 0 };

	(void)ev;
	if (u->beat_ms)
		beat.what |= NOTIFY_WATCHDOG;
	if (u->stopping) {
		beat.what |= NOTIFY_EXTEND;
		beat.extend_usec = EXTEND_MS * 1000;
	}
	say(u, &beat);
	arm(u);
}

static uint64_t
watchdog_ms(const struct msd *msd)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t n;

	if (!usec || !parse_u64(slice_of(usec), &n) || n == 0)
		return 0;
	if (pid && strtol(pid, NULL, 10) != msd->pid)
		return 0;
	return n / 2000 ? n / 2000 : 1;
}

static bool
set_address(struct upstream *u, const char *path)
{
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(u->to.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return false;
	u->to.sun_family = AF_UNIX;
	memcpy(u->to.sun_path, path, len);
	if (path[0] == '@')
		u->to.sun_path[0] = '\0';
	u->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
	    (path[0] == '/'));
	return true;
}

struct upstream *
upstream_new(struct msd *msd)
{
	struct upstream *u = xcalloc(1, sizeof(*u));

	u->msd = msd;
	u->fd = -1;
	ev_timer_init(&u->timer, on_timer, 0., 0.);
	if (!set_address(u, getenv("NOTIFY_SOCKET")))
		return u;
	u->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	u->beat_ms = watchdog_ms(msd);
	arm(u);
	return u;
}

void
upstream_free(struct upstream **u_ptr)
{
	struct upstream *u = *u_ptr;

	if (!u)
		return;
	*u_ptr = NULL;
	loop_timer_stop(u->msd->loop, &u->timer);
	fd_close(&u->fd);
	free(u);
}

void
upstream_ready(struct upstream *u, const char *status)
{
	struct notify notify = { .what = NOTIFY_READY | NOTIFY_STATUS };

	snprintf(notify.status, sizeof(notify.status), "%s", status);
	say(u, &notify);
}

void
upstream_reloading(struct upstream *u)
{
	struct notify notify = { .what = NOTIFY_RELOADING };

	notify.monotonic_usec = mono_now().ns / 1000;
	say(u, &notify);
}

void
upstream_stopping(struct upstream *u, const char *status)
{
	struct notify notify = { .what = NOTIFY_STOPPING | NOTIFY_STATUS };

	snprintf(notify.status, sizeof(notify.status), "%s", status);
	say(u, &notify);
	u->stopping = u->fd >= 0;
	arm(u);
}
