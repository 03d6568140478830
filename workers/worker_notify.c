/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts for msd, in systemd's notification protocol.  The facts msd acts upon
 * (READY, RELOADING, STOPPING) may wait a moment for room in its socket; the
 * others are left out when there is none, and come again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "workers/worker_impl.h"

#define IMPORTANT_WAIT_MS 1000
#define STATUS_EVERY_MS   1000
#define IMPORTANT                                                              \
	(NOTIFY_READY | NOTIFY_RELOADING | NOTIFY_STOPPING | NOTIFY_PREPARED | \
	    NOTIFY_FDSTORE | NOTIFY_FDSTOREREMOVE)

/* "@name" is abstract, as in sd_notify(3). */
static bool
address_of(const char *path, struct notifier *n)
{
	size_t len = strlen(path);

	if (len < 2 || len >= sizeof(n->addr.sun_path) ||
	    (path[0] != '@' && path[0] != '/'))
		return false;
	n->addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(n->addr.sun_path, path, len);
	if (path[0] == '@')
		n->addr.sun_path[0] = '\0';
	n->addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

static void
send_datagram(struct notifier *n, struct slice datagram, bool important, int fd)
{
	int flags = MSG_NOSIGNAL | (important ? 0 : MSG_DONTWAIT);
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} part = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
		       .cmsg_level = SOL_SOCKET,
		       .cmsg_type = SCM_RIGHTS } };
	struct iovec words = { (void *)(uintptr_t)datagram.ptr, datagram.len };
	struct msghdr message = { .msg_name = &n->addr,
		.msg_namelen = n->addr_len,
		.msg_iov = &words,
		.msg_iovlen = 1,
		.msg_control = fd >= 0 ? &part : NULL,
		.msg_controllen = fd >= 0 ? sizeof(part) : 0 };
	ssize_t sent;

	memcpy(CMSG_DATA(&part.head), &fd, sizeof(fd));
	do
		sent = sendmsg(n->fd, &message, flags);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && important)
		log_warn("msd was not told", "what=%.*s errno=%d",
		    (int)strcspn(datagram.ptr, "\n"), datagram.ptr, errno);
}

static void
send_notify(struct notifier *n, const struct notify *notify, int fd)
{
	struct buf out = { .limit_bytes = NOTIFY_BYTES_MAX };

	if (n->fd < 0)
		return;
	notify_print(notify, &out);
	buf_add_u8(&out, '\0'); /* for the words of a failure only */
	if (!out.failed)
		send_datagram(n,
		    (struct slice){ (const char *)out.ptr, out.len - 1 },
		    notify->what & IMPORTANT, fd);
	buf_fini(&out);
}

void
notifier_say(struct notifier *n, unsigned what)
{
	struct notify notify = { .what = what };

	if (what & NOTIFY_RELOADING)
		notify.monotonic_usec = mono_now().ns / 1000;
	send_notify(n, &notify, -1);
}

void
notifier_say_fd(struct notifier *n, unsigned what, const char *name, int fd)
{
	struct notify notify = { .what = what, .fdpoll = true };

	snprintf(notify.fdname, sizeof(notify.fdname), "%s", name);
	send_notify(n, &notify, fd);
}

static void
send_status(struct notifier *n)
{
	struct notify notify = { .what = NOTIFY_STATUS };

	n->status_waits = false;
	memcpy(notify.status, n->status, sizeof(notify.status));
	send_notify(n, &notify, -1);
}

static void
on_status_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct notifier *n = container_of(timer, struct notifier, status_timer);

	(void)ev;
	if (!n->status_waits)
		return;
	send_status(n);
	loop_timer_start(n->loop, &n->status_timer, STATUS_EVERY_MS);
}

void
notifier_status(struct notifier *n, const char *text)
{
	if (strncmp(n->status, text, sizeof(n->status) - 1) == 0)
		return;
	snprintf(n->status, sizeof(n->status), "%s", text);
	n->status_waits = true;
	if (ev_is_active(&n->status_timer))
		return;
	send_status(n);
	loop_timer_start(n->loop, &n->status_timer, STATUS_EVERY_MS);
}

void
notifier_flush_status(struct notifier *n)
{
	if (n->status_waits)
		send_status(n);
}

static void
on_watchdog(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	(void)ev;
	notifier_say(container_of(timer, struct notifier, watchdog),
	    NOTIFY_WATCHDOG);
}

/* Half of what msd waits; 0 = it does not, or it waits for another process. */
static double
watchdog_period_s(void)
{
	const char *usec_text = getenv("WATCHDOG_USEC");
	const char *pid_text = getenv("WATCHDOG_PID");
	uint64_t usec, pid;

	if (!usec_text || !parse_u64(slice_of(usec_text), &usec))
		return 0.;
	if (pid_text && *pid_text &&
	    (!parse_u64(slice_of(pid_text), &pid) || pid != (uint64_t)getpid()))
		return 0.;
	return (double)usec / 2e6;
}

static void
watchdog_start(struct notifier *n)
{
	double period = watchdog_period_s();

	if (period <= 0.)
		return;
	ev_timer_set(&n->watchdog, period, period);
	ev_timer_start(loop_ev(n->loop), &n->watchdog);
}

void
notifier_init(struct notifier *n, struct loop *loop)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct timeval wait = { .tv_sec = IMPORTANT_WAIT_MS / 1000 };

	*n = (struct notifier){ .loop = loop, .fd = -1 };
	ev_init(&n->status_timer, on_status_timer);
	ev_init(&n->watchdog, on_watchdog);
	if (!path || !*path)
		return;
	if (!address_of(path, n)) {
		log_warn("NOTIFY_SOCKET is not an address", "value=%s",
		    LOGQ(path));
		return;
	}
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0) {
		log_warn("no socket to tell msd", "errno=%d", errno);
		return;
	}
	setsockopt(n->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	watchdog_start(n);
}

void
notifier_fini(struct notifier *n)
{
	loop_timer_stop(n->loop, &n->watchdog);
	loop_timer_stop(n->loop, &n->status_timer);
	fd_close(&n->fd);
}
