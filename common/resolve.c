/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lookup belongs to its thread until its task is done, whoever has lost
 * interest meanwhile: a deadline and a cancel only take the caller away.
 */
#include "common/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"

struct resolve {
	struct workq_task task;
	struct workq *q;
	ev_timer timer;
	resolve_fn *fn; /* NULL: nobody waits any more */
	void *arg;
	uint64_t timeout_ms;
	/* the thread's while it runs */
	char *host;
	int answer; /* of getaddrinfo() */
	int sys_errno;
	struct resolve_addrs addrs;
};

bool
resolve_is_name(struct slice host)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_.";

	if (host.len == 0 || host.len > RESOLVE_NAME_MAX ||
	    host.ptr[0] == '-' || host.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < host.len; i++)
		if (!memchr(allowed, host.ptr[i], sizeof(allowed) - 1))
			return false;
	return true;
}

bool
resolve_print(const struct resolve_addr *addr,
    char out[static RESOLVE_TEXT_BYTES])
{
	return getnameinfo((const struct sockaddr *)&addr->addr, addr->len, out,
		   RESOLVE_TEXT_BYTES, NULL, 0, NI_NUMERICHOST) == 0;
}

/* ---- on the thread ----------------------------------------------------------- */

static void
keep(struct resolve_addrs *addrs, const struct addrinfo *list)
{
	for (; list && addrs->count < RESOLVE_ADDRS_MAX; list = list->ai_next) {
		struct resolve_addr *addr = &addrs->addr[addrs->count];

		if (list->ai_addrlen > sizeof(addr->addr))
			continue;
		memcpy(&addr->addr, list->ai_addr, list->ai_addrlen);
		addr->len = list->ai_addrlen;
		addrs->count++;
	}
}

static void
run(struct workq_task *task)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct resolve *r = container_of(task, struct resolve, task);
	struct addrinfo *list = NULL;

	r->answer = getaddrinfo(r->host, NULL, &hints, &list);
	r->sys_errno = errno;
	if (r->answer != 0)
		return;
	keep(&r->addrs, list);
	freeaddrinfo(list);
}

/* ---- on the loop -------------------------------------------------------------- */

static void
resolve_free(struct resolve *r)
{
	free(r->host);
	free(r);
}

/* The caller is gone after this; the lookup may go on. */
static void
tell(struct resolve *r, enum ms_err err, const struct why *why)
{
	resolve_fn *fn = r->fn;

	loop_timer_stop(workq_loop(r->q), &r->timer);
	r->fn = NULL;
	if (fn)
		fn(r->arg, err, why, err ? NULL : &r->addrs);
}

static enum ms_err
judge(const struct resolve *r, enum ms_err err, struct why *why)
{
	if (err)
		return why_set(why, err, "cannot look up '%s': %s", r->host,
		    ms_strerr(err));
	switch (r->answer) {
	case 0:
		if (r->addrs.count > 0)
			return MS_OK;
		return why_set(why, MS_ENOTFOUND, "'%s' has no address",
		    r->host);
	case EAI_NONAME:
	case EAI_NODATA:
		return why_set(why, MS_ENOTFOUND, "cannot look up '%s': %s",
		    r->host, gai_strerror(r->answer));
	case EAI_SYSTEM:
		return why_set(why, MS_EUNAVAILABLE, "cannot look up '%s': %s",
		    r->host, strerror(r->sys_errno));
	default:
		return why_set(why, MS_EUNAVAILABLE, "cannot look up '%s': %s",
		    r->host, gai_strerror(r->answer));
	}
}

static void
on_done(struct workq_task *task, enum ms_err err)
{
	struct resolve *r = container_of(task, struct resolve, task);
	struct why why = { "" };

	if (r->fn) {
		err = judge(r, err, &why);
		tell(r, err, &why);
	}
	resolve_free(r);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct resolve *r = container_of(timer, struct resolve, timer);
	struct why why;

	(void)ev;
	(void)events;
	why_set(&why, MS_ETIMEOUT, "looking up '%s' took more than %ju ms",
	    r->host, (uintmax_t)r->timeout_ms);
	workq_cancel(r->q, &r->task);
	tell(r, MS_ETIMEOUT, &why);
}

enum ms_err
resolve_start(struct workq *q, const char *host, uint64_t timeout_ms,
    resolve_fn *fn, void *arg, struct resolve **resolve_r, struct why *why)
{
	struct resolve *r;
	enum ms_err err;

	*resolve_r = NULL;
	if (*host == '\0' || strlen(host) > RESOLVE_NAME_MAX)
		return why_set(why, MS_EINVAL, "'%.64s' is no host name", host);
	r = xcalloc(1, sizeof(*r));
	r->task.run = run;
	r->task.done = on_done;
	r->q = q;
	r->fn = fn;
	r->arg = arg;
	r->timeout_ms = timeout_ms;
	r->host = xstrdup(host);
	ev_timer_init(&r->timer, on_timer, 0., 0.);
	err = workq_submit(q, WORKQ_IO, &r->task);
	if (err) {
		why_set(why, err, "cannot look up '%s': %s", host,
		    ms_strerr(err));
		resolve_free(r);
		return err;
	}
	loop_timer_start(workq_loop(q), &r->timer, timeout_ms);
	*resolve_r = r;
	return MS_OK;
}

void
resolve_cancel(struct resolve **resolve)
{
	struct resolve *r = *resolve;

	if (!r)
		return;
	*resolve = NULL;
	r->fn = NULL;
	loop_timer_stop(workq_loop(r->q), &r->timer);
	workq_cancel(r->q, &r->task);
}
