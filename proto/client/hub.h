/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a hub: descriptors, timers and completions of one thread.
 * Input, output and timers never run a caller's code; completions do, from
 * link_hub_dispatch(), and may dispatch again.  For proto/client only.
 */
#ifndef PROTO_CLIENT_HUB_H
#define PROTO_CLIENT_HUB_H

#include <stdbool.h>
#include <sys/queue.h>

#include "common/defs.h"
#include "common/mono.h"
#include "proto/client/call.h"

/* A completion; embedded in the object it is about. */
struct hub_item {
	TAILQ_ENTRY(hub_item) entry;
	void (*run)(struct hub_item *item);
	bool queued;
};
void hub_post(struct link_hub *hub, struct hub_item *item); /* no-op: queued */
void hub_unpost(struct link_hub *hub, struct hub_item *item);

struct hub_watch {
	int fd;
	void (*ready)(struct hub_watch *watch, uint32_t events); /* EPOLL* */
};
enum ms_err hub_watch_start(struct link_hub *hub, struct hub_watch *watch,
    uint32_t events);
void hub_watch_change(struct link_hub *hub, struct hub_watch *watch,
    uint32_t events);
void hub_watch_stop(struct link_hub *hub, struct hub_watch *watch);

struct hub_timer {
	TAILQ_ENTRY(hub_timer) entry;
	struct mono due; /* .ns 0 = not running */
	void (*fire)(struct hub_timer *timer);
};
/* Starting one that runs moves it. */
void hub_timer_start(struct link_hub *hub, struct hub_timer *timer,
    uint64_t after_ms);
void hub_timer_stop(struct link_hub *hub, struct hub_timer *timer);

/* Waits until the hub has something; false when timeout_ms (-1 = for ever)
 * passed first. */
bool link_hub_wait(struct link_hub *hub, int timeout_ms);

#endif
