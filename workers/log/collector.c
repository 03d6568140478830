/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msd keeps every pipe and repeats all orders to a new ms-log, so this process
 * has no memory worth saving: killed and started again, it goes on reading
 * where its predecessor stopped.
 */
#include "workers/log/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/logs.h"
#include "workers/log/source.h"

#define ORDERS_PER_TURN 64

struct entry {
	struct source *source;
	UT_hash_handle hh; /* by source_name() */
};

struct collector {
	struct loop *loop;
	ev_io orders_io;
	int orders_fd;
	const char *log_dir;
	size_t line_bytes;
	struct entry *entries;
	void (*on_gone)(void *);
	void *arg;
};

static struct entry *
entry_find(struct collector *c, const char *name)
{
	struct entry *e;

	HASH_FIND_STR(c->entries, name, e);
	return e;
}

static void
entry_drop(struct collector *c, struct entry *e)
{
	HASH_DEL(c->entries, e);
	source_free(&e->source);
	free(e);
}

static void
do_add(struct collector *c, const struct logs_order *order, int *fd)
{
	struct entry *e = entry_find(c, order->name);
	const char *name;

	if (e != NULL) {
		source_change(e->source, order, c->log_dir, *fd);
		*fd = -1;
		return;
	}
	if (*fd < 0) {
		log_warn("order without a pipe", "name=%s", LOGQ(order->name));
		return;
	}
	e = xcalloc(1, sizeof *e);
	e->source = source_new(c->loop, order, c->log_dir, c->line_bytes, *fd);
	*fd = -1;
	name = source_name(e->source);
	HASH_ADD_KEYPTR(hh, c->entries, name, strlen(name), e);
}

static void
reopen_all(struct collector *c)
{
	struct entry *e, *next;

	HASH_ITER(hh, c->entries, e, next)
		source_reopen(e->source);
}

/* fd: what came along, -1 for none; set to -1 by whoever keeps it. */
static void
obey(struct collector *c, const struct logs_order *order, int *fd)
{
	struct entry *e;

	switch (order->verb) {
	case LOGS_ADD:
		do_add(c, order, fd);
		return;
	case LOGS_REOPEN:
		reopen_all(c);
		return;
	case LOGS_DROP:
		if ((e = entry_find(c, order->name)) != NULL)
			entry_drop(c, e);
		return;
	case LOGS_STARTED:
		if ((e = entry_find(c, order->name)) != NULL)
			source_started(e->source, order->pid,
			    order->generation);
		return;
	}
}

/* False when there is nothing more to read now. */
static bool
take_order(struct collector *c)
{
	char bytes[LOGS_ORDER_BYTES_MAX];
	struct logs_order order;
	struct why why;
	int fd = -1;
	ssize_t n = fd_recv(c->orders_fd, bytes, sizeof bytes, &fd);

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			ev_io_stop(loop_ev(c->loop), &c->orders_io);
			c->on_gone(c->arg);
		}
		return false;
	}
	if (logs_decode((struct slice){ bytes, (size_t)n }, &order, &why) !=
	    MS_OK)
		log_warn("order not understood", "reason=%s", LOGQ(why.text));
	else
		obey(c, &order, &fd);
	fd_close(&fd);
	return true;
}

static void
on_orders(struct ev_loop *ev, ev_io *io, int events)
{
	struct collector *c = container_of(io, struct collector, orders_io);

	(void)ev;
	(void)events;
	for (int i = 0; i < ORDERS_PER_TURN && take_order(c); i++)
		;
}

struct collector *
collector_new(struct loop *loop, int orders_fd, const char *log_dir,
    size_t line_bytes, void (*on_gone)(void *), void *arg)
{
	struct collector *c = xcalloc(1, sizeof *c);

	*c = (struct collector){ .loop = loop,
		.orders_fd = orders_fd,
		.log_dir = log_dir,
		.line_bytes = line_bytes,
		.on_gone = on_gone,
		.arg = arg };
	fd_set_nonblock(orders_fd, true);
	fd_set_cloexec(orders_fd, true);
	ev_io_init(&c->orders_io, on_orders, orders_fd, EV_READ);
	ev_io_start(loop_ev(loop), &c->orders_io);
	return c;
}

void
collector_free(struct collector **collector)
{
	struct collector *c = *collector;
	struct entry *e, *next;

	if (c == NULL)
		return;
	HASH_ITER(hh, c->entries, e, next)
		entry_drop(c, e);
	ev_io_stop(loop_ev(c->loop), &c->orders_io);
	fd_close(&c->orders_fd);
	free(c);
	*collector = NULL;
}

void
collector_set_line_bytes(struct collector *c, size_t line_bytes)
{
	struct entry *e, *next;

	c->line_bytes = line_bytes;
	HASH_ITER(hh, c->entries, e, next)
		source_set_line_bytes(e->source, line_bytes);
}
