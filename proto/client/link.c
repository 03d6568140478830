/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests are written in the order they were started, and again in that order
 * on every new connection, until their replies are here or their time is over:
 * a service that is killed and comes back sees what it would have seen.
 */
#include "proto/client/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/deadline.h"

#define ID_FLAG   0x80000000u /* SP: the last id of a request's trace */
#define SLOT_MASK 0xffu
_Static_assert(LINK_CALLS_MAX == SLOT_MASK + 1, "an id names a slot");

/* A slot's buffer above this is given back between calls. */
#define KEEP_BYTES_MAX (256u << 10)

/* A restart takes a part of a second and must not be met by a breaker; one
 * that is open costs its callers at most two seconds too many. */
static const struct breaker_conf breaker_conf = {
	.failure_threshold = LINK_FAILURES,
	.success_threshold = 1,
	.probes = 4,
	.open = { 200, 2000 },
	.probe_ms = 10000,
};
static const struct retry_budget_conf budget_conf = { .ratio_pct = 10,
	.min_per_s = 10,
	.saved_max = 100 };

/* ---- completion -------------------------------------------------------------------- */

static void
want_when_needed(struct link *link)
{
	sp_want(link->sp, !TAILQ_EMPTY(&link->active));
}

static void
finish(struct pending *p, enum ms_err result)
{
	struct link *link = p->link;

	if (link->unsent == p)
		link->unsent = TAILQ_NEXT(p, entry);
	TAILQ_REMOVE(&link->active, p, entry);
	TAILQ_INSERT_TAIL(&link->done, p, entry);
	p->state = PENDING_DONE;
	p->result = result;
	hub_timer_stop(link->hub, &p->timer);
	want_when_needed(link);
	hub_post(link->hub, &p->item);
}

static void
on_timeout(struct hub_timer *timer)
{
	finish(container_of(timer, struct pending, timer), MS_ETIMEOUT);
}

static struct pending *
find_pending(struct link *link, uint32_t id)
{
	uint32_t slot = id & SLOT_MASK;
	struct pending *p = slot < link->slot_count ? link->slots[slot] : NULL;

	return p && p->state == PENDING_ACTIVE && p->id == id ? p : NULL;
}

static uint32_t
get_be32(const char *at)
{
	const unsigned char *b = (const unsigned char *)at;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static void
put_be32(unsigned char *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(v >> (8 * (3 - i)));
}

/* A reply to nobody was too late. */
static void
on_message(void *arg, struct sp_msg *msg)
{
	struct link *link = arg;
	struct pending *p = msg->len >= LINK_ID_BYTES
	    ? find_pending(link, get_be32(msg->bytes))
	    : NULL;

	if (!p) {
		free(msg);
		return;
	}
	p->reply = msg;
	finish(p, MS_OK);
}

/* ---- writing -------------------------------------------------------------------------- */

static bool
on_next(void *arg, struct slice *bytes_r)
{
	struct link *link = arg;
	struct pending *p = link->unsent;

	if (!p)
		return false;
	link->unsent = TAILQ_NEXT(p, entry);
	p->sent = true;
	/* it may have waited for a connection, or be sent again */
	msg_set_deadline(p->bytes.ptr + LINK_PREFIX_BYTES,
	    deadline_left_ms(p->timer.due, mono_now()));
	*bytes_r = buf_slice(&p->bytes);
	return true;
}

static void
on_down(void *arg)
{
	struct link *link = arg;
	struct pending *p;

	TAILQ_FOREACH(p, &link->active, entry)
		p->sent = false;
	link->unsent = TAILQ_FIRST(&link->active);
}

void
pending_start(struct pending *p)
{
	struct link *link = p->link;
	unsigned char *at = p->bytes.ptr;

	p->id = ID_FLAG | (link->turn++ << 8 & ~ID_FLAG) | p->slot;
	sp_put_prefix(at, p->bytes.len - SP_PREFIX_BYTES);
	put_be32(at + SP_PREFIX_BYTES, p->id);
	p->sent = false;
	p->state = PENDING_ACTIVE;
	TAILQ_INSERT_TAIL(&link->active, p, entry);
	if (!link->unsent)
		link->unsent = p;
	hub_timer_start(link->hub, &p->timer, p->timeout_ms);
	want_when_needed(link);
	sp_kick(link->sp);
}

void
link_set_trace(struct link *link, const struct traceparent *trace)
{
	link->has_trace = trace != NULL;
	if (trace)
		link->trace = *trace;
}

void
link_set_priority(struct link *link, enum priority priority)
{
	link->priority = priority;
}

/* "bus" of "ipc:///run/ms/bus.ipc", for numbers. */
static void
declare_metrics(struct link *link)
{
	static const struct metric_row retries = {
		.name = "ms_call_retries_total",
		.help = "Calls made again because they were refused for now.",
		.kind = METRIC_COUNTER,
		.labels = { "service" },
	};
	char name[METRIC_LABEL_BYTES_MAX + 1];
	const char *base = strrchr(link->address, '/');
	const char *text = name;

	base = base ? base + 1 : link->address;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);
	breaker_meter_init(&link->meter, name);
	link->retries = metrics_series(&retries, &text);
}

/* ---- breaker ---------------------------------------------------------------------------- */

bool
link_allows(struct link *link, struct pending *p)
{
	struct mono now;

	if (p->patient)
		return true;
	now = mono_now();
	if (breaker_allow(&link->breaker, now, &p->ticket))
		return true;
	link->retry_after_ms = (uint32_t)breaker_wait_ms(&link->breaker, now);
	return false;
}

const struct breaker *
link_breaker(const struct link *link)
{
	return &link->breaker;
}

uint32_t
call_retry_after_ms(const struct link *link)
{
	return link->retry_after_ms;
}

/* ---- slots ------------------------------------------------------------------------------ */

static void
run_pending(struct hub_item *item)
{
	pending_complete(container_of(item, struct pending, item));
}

static enum ms_err
pending_new(struct link *link, struct pending **p_r)
{
	struct pending *p;

	if (link->slot_count == LINK_CALLS_MAX)
		return MS_EBUSY;
	p = calloc(1, sizeof(*p));
	if (!p)
		return MS_ENOMEM;
	p->link = link;
	p->item.run = run_pending;
	p->timer.fire = on_timeout;
	p->slot = link->slot_count;
	link->slots[link->slot_count++] = p;
	*p_r = p;
	return MS_OK;
}

enum ms_err
pending_take(struct link *link, struct pending **p_r)
{
	struct pending *p = TAILQ_FIRST(&link->idle);

	if (!p)
		return pending_new(link, p_r);
	TAILQ_REMOVE(&link->idle, p, entry);
	*p_r = p;
	return MS_OK;
}

void
pending_give_back(struct pending *p)
{
	struct link *link = p->link;

	free(p->reply);
	p->reply = NULL;
	if (!link) {
		buf_fini(&p->bytes);
		free(p);
		return;
	}
	p->state = PENDING_IDLE;
	sp_take_over(link->sp, &p->bytes);
	if (p->bytes.cap > KEEP_BYTES_MAX)
		buf_fini(&p->bytes);
	TAILQ_INSERT_HEAD(&link->idle, p, entry);
}

/* ---- life -------------------------------------------------------------------------------- */

enum ms_err
link_open(struct link_hub *hub, const char *address, struct link **link_r)
{
	static const struct sp_user user = { .self = SP_REQ,
		.peer = SP_REP,
		.next = on_next,
		.message = on_message,
		.down = on_down };
	struct link *link = calloc(1, sizeof(*link));
	enum ms_err err;

	if (!link)
		return MS_ENOMEM;
	link->hub = hub;
	link->dice = dice_seed();
	breaker_init(&link->breaker, &breaker_conf, dice_seed(),
	    breaker_meter_change, &link->meter);
	retry_budget_init(&link->budget, &budget_conf, mono_now());
	TAILQ_INIT(&link->idle);
	TAILQ_INIT(&link->active);
	TAILQ_INIT(&link->done);
	link->address = strdup(address);
	err = link->address ? sp_open(hub, address, &user, link, &link->sp)
			    : MS_ENOMEM;
	if (err) {
		free(link->address);
		free(link);
		return err;
	}
	declare_metrics(link);
	*link_r = link;
	return MS_OK;
}

static void
drop_all(struct link *link, struct pending_list *list)
{
	struct pending *p;

	while ((p = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, p, entry);
		hub_timer_stop(link->hub, &p->timer);
		hub_unpost(link->hub, &p->item);
		p->link = NULL;
		pending_give_back(p);
	}
}

void
link_close(struct link **link_ptr)
{
	struct link *link = *link_ptr;

	if (!link)
		return;
	*link_ptr = NULL;
	sp_close(&link->sp);
	/* those give themselves back when their callbacks are over */
	for (struct pending *p = link->running; p; p = p->outer)
		p->link = NULL;
	drop_all(link, &link->active);
	drop_all(link, &link->done);
	drop_all(link, &link->idle);
	breaker_meter_end(&link->meter, &link->breaker);
	free(link->address);
	free(link);
}
