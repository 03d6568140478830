/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel says who sent a datagram.  Accepted are root, msd's own user,
 * the user of the worker (configured, or what its main process has become),
 * and any process of its session.  Descriptors that come along are closed
 * after the words before them were handled, which is all BARRIER=1 asks for.
 */
#include "supervisor/notify_sock.h"

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
#include "supervisor/child.h"
#include "supervisor/msd.h"
#include "supervisor/orphans.h"

#define FDS_MAX 253 /* SCM_MAX_FD of the kernel */

struct datagram {
	char bytes[NOTIFY_BYTES_MAX];
	size_t len;
	bool cut;
	bool has_sender;
	struct ucred sender;
};

/* ---- receiving ---------------------------------------------------------- */

static void
close_fds(const struct cmsghdr *part)
{
	size_t n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	const unsigned char *at = CMSG_DATA(part);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, at + i * sizeof(int), sizeof(fd));
		fd_close(&fd);
	}
}

static void
take_parts(struct msghdr *head, struct datagram *d)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(head); part;
	     part = CMSG_NXTHDR(head, part)) {
		if (part->cmsg_level != SOL_SOCKET)
			continue;
		if (part->cmsg_type == SCM_RIGHTS)
			close_fds(part);
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
	take_parts(&head, d);
	return true;
}

/* ---- who ---------------------------------------------------------------- */

static bool
is_user_of(const struct child *child, uid_t uid)
{
	char path[32];
	struct stat st;

	if (child->pid == 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d", (int)child->pid);
	return stat(path, &st) == 0 && st.st_uid == uid;
}

static bool
is_trusted(const struct child *child, const struct datagram *d)
{
	const char *access = child->spec->conf.notify_access;
	struct proc_stat st;

	if (!d->has_sender)
		return false;
	if (access && strcmp(access, "main") == 0)
		return d->sender.pid == child->pid;
	return d->sender.pid == child->pid || d->sender.uid == 0 ||
	    d->sender.uid == geteuid() || is_user_of(child, d->sender.uid) ||
	    (proc_stat_read(d->sender.pid, &st) && child->pid &&
		(st.session == child->pid || st.group == child->pid));
}

void
notify_sock_read(struct child *child, unsigned max)
{
	struct datagram d;
	struct notify notify;

	for (unsigned i = 0; i < max && child->notify_fd >= 0; i++) {
		if (!receive(child->notify_fd, &d))
			return;
		if (!is_trusted(child, &d)) {
			if (!child->notify_refused)
				log_warn("word of a stranger refused",
				    "name=%s sender=%d uid=%d",
				    child->node.name, (int)d.sender.pid,
				    (int)d.sender.uid);
			child->notify_refused = true;
			continue;
		}
		if (d.cut)
			continue; /* as systemd: half a message is none */
		notify_parse((struct slice){ d.bytes, d.len }, &notify);
		child_on_notify(child, &notify);
	}
}

/* ---- open, close -------------------------------------------------------- */

enum ms_err
notify_sock_open(struct child *child, struct why *why)
{
	uint32_t secret;
	enum ms_err err;

	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return why_set(why, MS_EIO, "no randomness");
	child->notify_refused = false;
	child->notify_path = xasprintf("@ms/%d/%s/%llu/%08x",
	    (int)child->msd->pid, child->node.name,
	    (unsigned long long)child->generation, secret);
	err = sock_bind_dgram(child->notify_path, &child->notify_fd, why);
	if (err != MS_OK)
		notify_sock_close(child);
	return err;
}

void
notify_sock_close(struct child *child)
{
	fd_close(&child->notify_fd);
	free(child->notify_path);
	child->notify_path = NULL;
}
