/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hubs and links.  NNG completes on its own threads; a completion goes onto
 * the hub's atomic stack, and only the push that found it empty writes the
 * eventfd.  The hub's thread turns the stack around, so order is kept.
 */
#include "proto/client/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <nng/protocol/reqrep0/req.h>

/* A restarted service is found at once, a missing one costs little. */
#define RECONNECT_MIN_MS 5
#define RECONNECT_MAX_MS 100
/* NNG resends at once when the connection breaks, which is what we want; that
 * it also resends to a service that is merely slow, we do not. */
#define RESEND_MS 3600000

struct link_hub {
	_Atomic(struct hub_item *) posted; /* newest first */
	struct hub_item *ready;            /* oldest first, being dispatched */
	int fd;
};

/* ---- hub -------------------------------------------------------------------- */

static void
raise_fd(struct link_hub *hub)
{
	uint64_t one = 1;
	ssize_t n;

	do
		n = write(hub->fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

static void
lower_fd(struct link_hub *hub)
{
	uint64_t count;
	ssize_t n;

	do
		n = read(hub->fd, &count, sizeof(count));
	while (n < 0 && errno == EINTR);
}

void
link_hub_post(struct link_hub *hub, struct hub_item *item)
{
	struct hub_item *head = atomic_load(&hub->posted);

	do
		item->next = head;
	while (!atomic_compare_exchange_weak(&hub->posted, &head, item));
	if (!head)
		raise_fd(hub);
}

/* Moves what was posted behind what is ready. */
static void
collect(struct link_hub *hub)
{
	struct hub_item *item = atomic_exchange(&hub->posted, NULL);
	struct hub_item *oldest = NULL, **tail = &hub->ready;

	while (item) {
		struct hub_item *next = item->next;

		item->next = oldest;
		oldest = item;
		item = next;
	}
	while (*tail)
		tail = &(*tail)->next;
	*tail = oldest;
}

size_t
link_hub_dispatch(struct link_hub *hub, size_t max)
{
	size_t n = 0;

	lower_fd(hub); /* before collecting: a later post raises it again */
	collect(hub);
	while (hub->ready && (max == 0 || n < max)) {
		struct hub_item *item = hub->ready;

		hub->ready = item->next;
		item->run(item);
		n++;
	}
	if (hub->ready)
		raise_fd(hub);
	return n;
}

bool
link_hub_wait(struct link_hub *hub, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = hub->fd, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_ms) > 0;
}

enum ms_err
link_hub_open(struct link_hub **hub_r)
{
	struct link_hub *hub = calloc(1, sizeof(*hub));

	if (!hub)
		return MS_ENOMEM;
	hub->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hub->fd < 0) {
		free(hub);
		return MS_EIO;
	}
	*hub_r = hub;
	return MS_OK;
}

/* Links and timers are closed: what is left only frees itself. */
void
link_hub_close(struct link_hub **hub)
{
	if (!*hub)
		return;
	link_hub_dispatch(*hub, 0);
	close((*hub)->fd);
	free(*hub);
	*hub = NULL;
}

int
link_hub_fd(struct link_hub *hub)
{
	return hub->fd;
}

/* ---- timers ------------------------------------------------------------------ */

static void
timer_destroy(struct hub_timer *timer)
{
	nng_aio_free(timer->aio);
	free(timer);
}

static void
run_timer(struct hub_item *item)
{
	struct hub_timer *timer = container_of(item, struct hub_timer, item);

	timer->posted = false;
	timer->running = false;
	if (timer->closed)
		timer_destroy(timer);
	else
		timer->fn(timer->arg);
}

static void
on_timer(void *arg)
{
	struct hub_timer *timer = arg;

	timer->posted = true;
	link_hub_post(timer->hub, &timer->item);
}

struct hub_timer *
hub_timer_new(struct link_hub *hub, void (*fn)(void *arg), void *arg)
{
	struct hub_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	timer->item.run = run_timer;
	timer->hub = hub;
	timer->fn = fn;
	timer->arg = arg;
	if (nng_aio_alloc(&timer->aio, on_timer, timer) != 0) {
		free(timer);
		return NULL;
	}
	return timer;
}

void
hub_timer_start(struct hub_timer *timer, uint32_t after_ms)
{
	if (timer->running)
		return;
	timer->running = true;
	nng_sleep_aio((nng_duration)after_ms, timer->aio);
}

void
hub_timer_free(struct hub_timer **timer_ptr)
{
	struct hub_timer *timer = *timer_ptr;

	if (!timer)
		return;
	*timer_ptr = NULL;
	nng_aio_stop(timer->aio); /* may post */
	timer->closed = true;
	if (!timer->posted)
		timer_destroy(timer);
}

/* ---- links -------------------------------------------------------------------- */

enum ms_err
err_of_nng(int rv)
{
	switch (rv) {
	case 0:
		return MS_OK;
	case NNG_ENOMEM:
		return MS_ENOMEM;
	case NNG_ETIMEDOUT:
		return MS_ETIMEOUT;
	case NNG_ECLOSED:
	case NNG_ECANCELED:
	case NNG_ECONNRESET:
		return MS_ECLOSED;
	case NNG_EMSGSIZE:
		return MS_ETOOBIG;
	case NNG_EPERM:
		return MS_EPERM;
	case NNG_EINVAL:
	case NNG_EADDRINVAL:
	case NNG_ENOTSUP:
		return MS_EINVAL;
	default:
		return MS_EIO;
	}
}

static int
dial(nng_socket socket, const char *address)
{
	int rv =
	    nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);

	if (!rv)
		rv = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT,
		    RECONNECT_MAX_MS);
	if (!rv)
		rv = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ,
		    LINK_MESSAGE_BYTES_MAX);
	if (!rv)
		rv = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME,
		    RESEND_MS);
	return rv ? rv : nng_dial(socket, address, NULL, NNG_FLAG_NONBLOCK);
}

enum ms_err
link_open(struct link_hub *hub, const char *address, struct link **link_r)
{
	struct link *link = calloc(1, sizeof(*link));
	int rv;

	if (!link)
		return MS_ENOMEM;
	link->hub = hub;
	TAILQ_INIT(&link->idle);
	TAILQ_INIT(&link->active);
	link->address = strdup(address);
	rv = link->address ? nng_req0_open(&link->socket) : NNG_ENOMEM;
	if (!rv && (rv = dial(link->socket, address)) != 0)
		nng_close(link->socket);
	if (rv) {
		free(link->address);
		free(link);
		return err_of_nng(rv);
	}
	*link_r = link;
	return MS_OK;
}

void
pending_free(struct pending *p)
{
	nng_ctx_close(p->ctx);
	nng_aio_free(p->aio);
	nng_msg_free(p->reply);
	free(p);
}

/* One whose completion waits in the hub is freed when that runs. */
static void
drop_all(struct pending_list *list)
{
	struct pending *p;

	while ((p = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, p, entry);
		nng_aio_stop(p->aio); /* may post */
		p->link = NULL;
		if (p->posted)
			nng_ctx_close(p->ctx);
		else
			pending_free(p);
	}
}

void
link_close(struct link **link_ptr)
{
	struct link *link = *link_ptr;

	if (!link)
		return;
	*link_ptr = NULL;
	/* those are freed when their callbacks are over */
	for (struct pending *p = link->running; p; p = p->outer)
		p->link = NULL;
	drop_all(&link->active);
	drop_all(&link->idle);
	nng_close(link->socket);
	buf_fini(&link->head);
	free(link->address);
	free(link);
}
