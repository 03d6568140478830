/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel says who sent a datagram.  Accepted are root, msd's own user,
 * the user of the worker (configured, or what its main process has become),
 * and any process of its session.  Descriptors that come along and are not
 * taken over are closed when their words have been handled.
 */
#include "supervisor/child/notify_sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"
#include "supervisor/child/child.h"
#include "supervisor/launch/proc.h"
#include "supervisor/msd.h"

#define FDS_MAX 253 /* SCM_MAX_FD of the kernel */

struct datagram {
	char bytes[NOTIFY_BYTES_MAX];
	size_t len;
	bool cut;
	bool has_sender;
	struct ucred sender;
	int fds[FDS_MAX];
	size_t fd_count;
};

/* ---- receiving ---------------------------------------------------------- */

static void
take_fds(const struct cmsghdr *part, struct datagram *d)
{
	size_t n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	if (n > FDS_MAX - d->fd_count)
		n = FDS_MAX - d->fd_count; /* the buffer had no room for more */
	memcpy(d->fds + d->fd_count, CMSG_DATA(part), n * sizeof(int));
	d->fd_count += n;
}

static void
close_fds(struct datagram *d)
{
	for (size_t i = 0; i < d->fd_count; i++)
		fd_close(&d->fds[i]);
}

static void
take_parts(struct msghdr *head, struct datagram *d)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(head); part;
	     part = CMSG_NXTHDR(head, part)) {
		if (part->cmsg_level != SOL_SOCKET)
			continue;
		if (part->cmsg_type == SCM_RIGHTS)
			take_fds(part, d);
		if (part->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&d->sender, CMSG_DATA(part), sizeof(d->sender));
			d->has_sender = true;
		}
	}
}

static bool
receive(int fd, struct datagram *d)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) +
		    CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} parts;
	struct iovec iov = { d->bytes, sizeof(d->bytes) };
	struct msghdr head = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &parts,
		.msg_controllen = sizeof(parts),
	};
	ssize_t n;

	do
		n = recvmsg(fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	d->len = (size_t)n;
	d->cut = head.msg_flags & MSG_TRUNC;
	d->has_sender = false;
	d->fd_count = 0;
	take_parts(&head, d);
	return true;
}

/* ---- who ---------------------------------------------------------------- */

/* Its configured user, or what the main process has made itself. */
static bool
is_user_of(struct child *child, uid_t uid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)child->pid);
	if (child->pid && stat(path, &st) == 0)
		child->uid = st.st_uid; /* known when it is dead, too */
	return child->uid == uid;
}

static bool
is_trusted(struct child *child, const struct datagram *d)
{
	struct proc_stat st;

	if (!d->has_sender || child->notify_access == NOTIFY_FROM_NONE)
		return false;
	if (child->notify_access == NOTIFY_FROM_MAIN)
		return d->sender.pid == child->pid;
	return d->sender.pid == child->pid || d->sender.uid == 0 ||
	    d->sender.uid == geteuid() || is_user_of(child, d->sender.uid) ||
	    (child->group && proc_stat_read(d->sender.pid, &st) &&
		(st.session == child->group || st.group == child->group));
}

static void
hear(struct child *child, struct datagram *d)
{
	struct notify notify;

	if (!is_trusted(child, d)) {
		if (child_complains(child, COMPLAINT_STRANGER))
			log_warn("word of a stranger refused",
			    "name=%s sender=%d uid=%d", child->node.name,
			    (int)d->sender.pid, (int)d->sender.uid);
		return;
	}
	if (d->cut)
		return; /* as systemd: half a message is none */
	notify_parse((struct slice){ d->bytes, d->len }, &notify);
	child_on_notify(child, &notify, d->fds, d->fd_count);
}

void
notify_sock_read(struct child *child, unsigned max)
{
	struct datagram d;

	for (unsigned i = 0; i < max && child->notify_fd >= 0; i++) {
		if (!receive(child->notify_fd, &d))
			return;
		hear(child, &d);
		close_fds(&d);
	}
}

/* ---- open, close -------------------------------------------------------- */

enum ms_err
notify_sock_open(struct child *child, char path_r[static NOTIFY_PATH_BYTES],
    struct why *why)
{
	const char *access = child->spec->conf.notify_access;
	uint32_t secret;

	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return why_set(why, MS_EIO, "no randomness");
	child->complaints = 0;
	child->said_errno = 0;
	child->said_status = -1;
	child->notify_access = access && strcmp(access, "main") == 0
	    ? NOTIFY_FROM_MAIN
	    : NOTIFY_FROM_ALL;
	snprintf(path_r, NOTIFY_PATH_BYTES, "@ms/%d/%s/%llu/%08x",
	    (int)child->msd->pid, child->node.name,
	    (unsigned long long)child->generation, secret);
	return sock_bind_dgram(path_r, &child->notify_fd, why);
}

void
notify_sock_close(struct child *child)
{
	fd_close(&child->notify_fd);
}
