/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handle: its two hubs behind one descriptor, links by service name, and
 * waiting for something to do.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/client/ms_impl.h"
#include "proto/contract.h"

#define RUN_DIR_DEFAULT "/run/ms"
#define WINDOW_DEFAULT  16u
#define WINDOW_MAX      64u

/* What is kept until it is taken is tried for ever. */
static const struct backoff_conf retry_conf = { .span = { 10, 2000 } };

static char *
default_source(void)
{
	const char *name = getenv(ENV_NAME);
	char *source;
	int n;

	if (name && *name)
		n = asprintf(&source, "/%s", name);
	else
		n = asprintf(&source, "/pid/%d", (int)getpid());
	return n < 0 ? NULL : source;
}

static char *
default_run_dir(void)
{
	const char *dir = getenv(ENV_RUN_DIR);

	return strdup(dir && *dir ? dir : RUN_DIR_DEFAULT);
}

static bool
watch_fd(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static enum ms_err
open_hubs(struct ms *ms)
{
	enum ms_err err = link_hub_open(&ms->acks);

	if (!err)
		err = link_hub_open(&ms->hub);
	if (err)
		return err;
	ms->fd = epoll_create1(EPOLL_CLOEXEC);
	if (ms->fd < 0 || !watch_fd(ms->fd, link_hub_fd(ms->acks)) ||
	    !watch_fd(ms->fd, link_hub_fd(ms->hub)))
		return MS_EIO;
	return MS_OK;
}

static enum ms_err
init(struct ms *ms, const struct ms_options *options)
{
	enum ms_err err;

	ms->fd = -1;
	ms->dice = dice_seed();
	ms->priority = (enum priority)options->priority;
	SLIST_INIT(&ms->services);
	LIST_INIT(&ms->subs);
	LIST_INIT(&ms->consumers);
	TAILQ_INIT(&ms->outbox.free);
	TAILQ_INIT(&ms->outbox.flying);
	TAILQ_INIT(&ms->outbox.grounded);
	ms->run_dir =
	    options->run_dir ? strdup(options->run_dir) : default_run_dir();
	ms->source =
	    options->source ? strdup(options->source) : default_source();
	if (!ms->run_dir || !ms->source)
		return MS_ENOMEM;
	err = open_hubs(ms);
	return err ? err
		   : outbox_init(ms,
			 options->window ? options->window : WINDOW_DEFAULT);
}

enum ms_err
ms_open(const struct ms_options *options, struct ms **ms_r)
{
	static const struct ms_options defaults;
	struct ms *ms;
	enum ms_err err;

	if (!options)
		options = &defaults;
	if (options->window > WINDOW_MAX || options->priority > MS_PRIORITY_MAX)
		return MS_EINVAL;
	ms = calloc(1, sizeof(*ms));
	if (!ms)
		return MS_ENOMEM;
	err = init(ms, options);
	if (err)
		ms_close(&ms);
	else
		*ms_r = ms;
	return err;
}

static void
close_services(struct ms *ms)
{
	struct service_link *s;

	while ((s = SLIST_FIRST(&ms->services)) != NULL) {
		SLIST_REMOVE_HEAD(&ms->services, next);
		link_close(&s->link);
		free(s);
	}
}

void
ms_close(struct ms **ms_ptr)
{
	struct ms *ms = *ms_ptr;
	struct ms_sub *sub;
	struct ms_consumer *consumer;

	if (!ms)
		return;
	*ms_ptr = NULL;
	while ((sub = LIST_FIRST(&ms->subs)) != NULL)
		ms_unsubscribe(&sub);
	while ((consumer = LIST_FIRST(&ms->consumers)) != NULL)
		ms_consumer_close(&consumer);
	close_services(ms);
	outbox_fini(ms);
	link_hub_close(&ms->hub);
	link_hub_close(&ms->acks);
	if (ms->fd >= 0)
		close(ms->fd);
	free(ms->run_dir);
	free(ms->source);
	free(ms);
}

int
ms_fd(struct ms *ms)
{
	return ms->fd;
}

const char *
ms_why(struct ms *ms)
{
	return ms->why.text;
}

/* ---- waiting ------------------------------------------------------------------ */

struct mono
handle_deadline(int timeout_ms)
{
	return timeout_ms < 0 ? (struct mono){ 0 }
			      : mono_add_ms(mono_now(), (uint64_t)timeout_ms);
}

size_t
handle_run(struct ms *ms)
{
	size_t n = link_hub_dispatch(ms->acks, 0);

	return n + link_hub_dispatch(ms->hub, 0);
}

bool
handle_wait(struct ms *ms, struct mono deadline)
{
	struct pollfd poll_fd = { .fd = ms->fd, .events = POLLIN };
	uint64_t left_ms = mono_ms_left(mono_now(), deadline);
	int wait_ms = left_ms > INT32_MAX ? -1 : (int)left_ms;

	/* an interrupting signal is something too: the caller looks again */
	return poll(&poll_fd, 1, wait_ms) != 0;
}

enum ms_err
ms_dispatch(struct ms *ms, int timeout_ms)
{
	struct mono deadline = handle_deadline(timeout_ms);

	outbox_push(ms);
	if (handle_run(ms) == 0 && timeout_ms != 0 && handle_wait(ms, deadline))
		handle_run(ms);
	outbox_push(ms); /* what the callbacks have published */
	return MS_OK;
}

uint64_t
handle_retry_delay_ms(struct backoff *backoff, uint32_t retry_after_ms)
{
	uint64_t delay_ms = retry_conf.span.max_ms;

	(void)!backoff_next(backoff, &retry_conf, mono_now(), &delay_ms);
	return delay_ms > retry_after_ms ? delay_ms : retry_after_ms;
}

/* ---- links ---------------------------------------------------------------------- */

char *
handle_address(struct ms *ms, const char *name, const char *suffix)
{
	size_t max = sizeof(((struct sockaddr_un *)0)->sun_path);
	char *address;
	int n = asprintf(&address, "ipc://%s/%s%s", ms->run_dir, name, suffix);

	if (n < 0) {
		why_set(&ms->why, MS_ENOMEM, "out of memory");
		return NULL;
	}
	if ((size_t)n < strlen("ipc://") + max)
		return address;
	why_set(&ms->why, MS_EINVAL, "socket path too long: %.128s", address);
	free(address);
	return NULL;
}

enum ms_err
handle_link(struct ms *ms, const char *service, struct link_hub *hub,
    struct link **link_r)
{
	char *address = handle_address(ms, service, SERVICE_SUFFIX);
	enum ms_err err;

	if (!address)
		return MS_EINVAL;
	err = link_open(hub, address, link_r);
	if (!err)
		link_set_priority(*link_r, ms->priority);
	if (err)
		why_set(&ms->why, err, "cannot dial %s: %s", address,
		    ms_strerr(err));
	free(address);
	return err;
}
