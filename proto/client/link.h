/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of links: what NNG's threads hand to the thread of a hub.  For
 * the files of proto/client only.
 */
#ifndef PROTO_CLIENT_LINK_H
#define PROTO_CLIENT_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include <nng/nng.h>

#include "common/mono.h"
#include "proto/client/call.h"

#define LINK_MESSAGE_BYTES_MAX (MSG_BODY_BYTES_MAX + (2u << 20))

/* Something that happened; embedded in the object it is about. */
struct hub_item {
	struct hub_item *next;
	void (*run)(struct hub_item *item); /* in link_hub_dispatch() */
};

/* Any thread.  The item is the hub's until it runs. */
void link_hub_post(struct link_hub *hub, struct hub_item *item);
/* Waits until the hub has something; false when timeout_ms (-1 = for ever)
 * passed first. */
bool link_hub_wait(struct link_hub *hub, int timeout_ms);

/* A timer whose end is an item of the hub; zero wake-ups before. */
struct hub_timer {
	struct hub_item item;
	struct link_hub *hub;
	nng_aio *aio;
	void (*fn)(void *arg);
	void *arg;
	atomic_bool posted;
	bool running;
	bool closed;
};
struct hub_timer *hub_timer_new(
    struct link_hub *hub, void (*fn)(void *arg), void *arg);
/* Ignored while it runs. */
void hub_timer_start(struct hub_timer *timer, uint32_t after_ms);
void hub_timer_free(struct hub_timer **timer);

/* One call and its NNG context.  Idle in link->idle, else in link->active. */
struct pending {
	struct hub_item item;
	TAILQ_ENTRY(pending) entry;
	struct link *link; /* NULL: the link was closed meanwhile */
	nng_ctx ctx;
	nng_aio *aio;
	bool receiving;     /* sent, the reply is awaited */
	atomic_bool posted; /* the item is in the hub */
	int result;
	nng_msg *reply;
	const struct msg_desc *desc;
	struct arena *arena; /* for the reply's struct; NULL = a passing one */
	struct pending *outer; /* whose callback made this one's run */
	struct mono deadline;
	uint32_t timeout_ms;
	call_done_fn *done;
	void *arg;
};
TAILQ_HEAD(pending_list, pending);

struct link {
	struct link_hub *hub;
	nng_socket socket;
	char *address;
	struct pending_list idle;
	struct pending_list active; /* oldest first */
	struct pending *running;    /* whose callback runs now */
	unsigned pending_count;     /* idle and active */
	struct buf head;            /* scratch for call_start() */
};

void pending_free(struct pending *p);

enum ms_err err_of_nng(int rv);

#endif
