/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/udp_target.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"

void
udp_target_init(struct udp_target *t, const char *name)
{
	*t = (struct udp_target){ .name = xstrdup(name), .fd = -1 };
}

void
udp_target_fini(struct udp_target *t)
{
	fd_close(&t->fd);
	free(t->name);
	t->name = NULL;
	t->addr_len = 0;
}

void
udp_target_set(struct udp_target *t, const struct sockaddr *addr, socklen_t len)
{
	if (len > sizeof(t->addr))
		return;
	if (len != t->addr_len || memcmp(&t->addr, addr, len) != 0)
		fd_close(&t->fd); /* another place */
	memcpy(&t->addr, addr, len);
	t->addr_len = len;
}

bool
udp_target_numeric(struct udp_target *t, const char *host, uint16_t port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *info = NULL;
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &info) != 0)
		return false;
	udp_target_set(t, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	return true;
}

void
udp_target_fail(struct udp_target *t, const char *reason)
{
	t->failed = true;
	if (!t->told)
		log_warn("statsd is away, numbers are lost",
		    "server=%s reason=%s", LOGQ(t->name), LOGQ(reason));
	t->told = true;
}

/* Connected, so that the kernel tells us when nobody is there. */
static bool
dial(struct udp_target *t)
{
	if (t->fd >= 0)
		return true;
	if (t->addr_len == 0)
		return false;
	t->fd = socket(t->addr.ss_family,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd >= 0 &&
	    connect(t->fd, (const struct sockaddr *)&t->addr, t->addr_len) == 0)
		return true;
	udp_target_fail(t, strerror(errno));
	fd_close(&t->fd);
	return false;
}

bool
udp_target_send(struct udp_target *t, struct slice packet)
{
	if (!dial(t))
		return false;
	if (send(t->fd, packet.ptr, packet.len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)packet.len)
		return true;
	udp_target_fail(t, strerror(errno));
	return false;
}

void
udp_target_begin_round(struct udp_target *t)
{
	t->failed = false;
}

void
udp_target_end_round(struct udp_target *t)
{
	t->good_rounds = t->failed ? 0 : t->good_rounds + 1;
	if (!t->told || t->good_rounds < 2)
		return;
	log_info("statsd is there again", "server=%s", LOGQ(t->name));
	t->told = false;
}
