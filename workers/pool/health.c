/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An upstream with open connections is there: their end would have been seen.
 * Without any, a connection is made and given up at once, which PostgreSQL
 * takes without a word in its log.
 */
#include "workers/pool/health.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/fd.h"
#include "common/resolve.h"
#include "common/sock.h"
#include "workers/worker_health.h"

#define REACH_MS         200 /* of one address */
#define REACH_BUDGET_MS  1000u
#define WAIT_DEGRADED_MS 100u
#define DEFAULT_PORT     "5432"

/* ---- a knock at the door, on another thread -------------------------------- */

static enum health_level
cannot_reach(const char *subject, const char *reason, char *text)
{
	snprintf(text, HEALTH_TEXT_BYTES, "%.80s cannot be reached: %.80s",
	    subject, reason);
	return HEALTH_FAILED;
}

static int
connect_within(int fd, const struct addrinfo *info)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	if (connect(fd, info->ai_addr, info->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, REACH_MS) != 1)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

/* Of the addresses of a name one is enough: libpq tries them all. */
static int
connect_any(const struct addrinfo *list)
{
	int error = EHOSTUNREACH;

	for (; list && error; list = list->ai_next) {
		int fd = socket(list->ai_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		error = fd < 0 ? errno : connect_within(fd, list);
		fd_close(&fd);
	}
	return error;
}

/* "HOST PORT"; a name may be looked up here, beside the loop. */
static enum health_level
reach_tcp(const char *subject, char *text)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char host[RESOLVE_NAME_MAX + 1], port[16];
	int answer, error;

	if (sscanf(subject, "%253s %15s", host, port) != 2)
		return cannot_reach(subject, "not an address", text);
	answer = getaddrinfo(host, port, &hints, &list);
	if (answer != 0)
		return cannot_reach(subject, gai_strerror(answer), text);
	error = connect_any(list);
	freeaddrinfo(list);
	if (error)
		return cannot_reach(subject, strerror(error), text);
	snprintf(text, HEALTH_TEXT_BYTES, "%.80s takes connections", subject);
	return HEALTH_OK;
}

static enum health_level
look_reach(const char *subject, char text[static HEALTH_TEXT_BYTES])
{
	struct why why = { "" };
	int fd = -1;

	if (subject[0] != '/' && subject[0] != '@')
		return reach_tcp(subject, text);
	if (sock_dial_unix(subject, &fd, &why) != MS_OK) {
		snprintf(text, HEALTH_TEXT_BYTES, "%.190s", why.text);
		return HEALTH_FAILED;
	}
	fd_close(&fd);
	snprintf(text, HEALTH_TEXT_BYTES, "%.160s takes connections", subject);
	return HEALTH_OK;
}

/* Of a list, the first one: the others stand in for it. */
static void
address_of(const struct pg_upstream *up, char *out, size_t size)
{
	const char *host = pg_upstream_option(up, "hostaddr");
	const char *port = pg_upstream_option(up, "port");

	if (!host)
		host = pg_upstream_option(up, "host");
	if (!host)
		host = "/var/run/postgresql";
	if (!port)
		port = DEFAULT_PORT;
	snprintf(out, size,
	    host[0] == '/' || host[0] == '@' ? "%.*s/.s.PGSQL.%.*s"
					     : "%.*s %.*s",
	    (int)strcspn(host, ","), host, (int)strcspn(port, ","), port);
}

/* ---- one pool -------------------------------------------------------------- */

static void
check_upstream(struct worker *w, const struct pg_pool *pool)
{
	const uint32_t *count = pool->core.count;
	uint32_t open =
	    count[SLOT_IDLE] + count[SLOT_LEASED] + count[SLOT_RESETTING];
	char name[HEALTH_NAME_BYTES],
	    address[RESOLVE_NAME_MAX + sizeof(" 65535")];

	snprintf(name, sizeof(name), "upstream %.60s", pool->name);
	address_of(&pool->up, address, sizeof(address));
	if (pool->away)
		health_say(w, name, address, HEALTH_FAILED,
		    "no connection can be opened: %.150s", pool->last_error);
	else if (open)
		health_say(w, name, address, HEALTH_OK,
		    "%u of %u connections are open", open,
		    pool->core.limits.size);
	else
		health_check_aside(w, name, address, REACH_BUDGET_MS,
		    look_reach, address);
}

static void
check_pool(struct worker *w, const struct pg_pool *pool)
{
	const struct pool_waiter *first = TAILQ_FIRST(&pool->core.queue);
	uint64_t waits_ms =
	    first ? mono_ms_between(first->since, mono_now()) : 0;
	char name[HEALTH_NAME_BYTES], age[UNIT_TEXT_BYTES];

	snprintf(name, sizeof(name), "pool %.60s", pool->name);
	if (!pool_is_sound(&pool->core))
		health_say(w, name, "", HEALTH_FAILED,
		    "its lists and its counts disagree; restart the worker");
	else if (waits_ms >= WAIT_DEGRADED_MS)
		health_say(w, name, "", HEALTH_DEGRADED,
		    "%u waiting, the first for %s", pool->core.waiting,
		    print_duration(waits_ms, age));
	else
		health_say(w, name, "", HEALTH_OK,
		    "%u being served, %u waiting",
		    pool->core.count[SLOT_LEASED], pool->core.waiting);
}

void
pools_health(struct worker *w)
{
	struct poold *d = worker_self(w);
	const struct pg_pool *pool;
	bool any = false;

	SLIST_FOREACH(pool, &d->pools, link) {
		check_pool(w, pool);
		check_upstream(w, pool);
		any = true;
	}
	if (!any)
		health_say(w, "pools", "", HEALTH_OK, "there is no [pool]");
}
