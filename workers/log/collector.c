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
#define SETTLE_SOON_MS  50u   /* first word about dropped lines */
#define SETTLE_EVERY_MS 1000u /* the next ones */

struct entry {
	struct source *source;
	UT_hash_handle hh; /* by source_name() */
};

struct collector {
	struct source_rules rules;
	struct buf scratch;
	struct log_figures figures;
	ev_io orders_io;
	int orders_fd;
	ev_timer settle; /* runs while something dropped is not yet told */
	struct entry *entries;
	uint64_t dropped_gone; /* by sources that are no more */
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
	c->dropped_gone += source_facts(e->source).dropped;
	metric_sub(c->figures.files, 1);
	source_free(&e->source);
	free(e);
}

static void
do_add(struct collector *c, const struct logs_order *order, int *fd)
{
	struct entry *e = entry_find(c, order->name);
	const char *name;

	if (e != NULL) {
		source_change(e->source, order, *fd);
		*fd = -1;
		return;
	}
	if (*fd < 0) {
		log_warn("order without a pipe", "name=%s", LOGQ(order->name));
		return;
	}
	e = xcalloc(1, sizeof *e);
	e->source = source_new(&c->rules, order, *fd);
	*fd = -1;
	name = source_name(e->source);
	HASH_ADD_KEYPTR(hh, c->entries, name, strlen(name), e);
	metric_add(c->figures.files, 1);
}

void
collector_reopen(struct collector *c)
{
	struct entry *e, *next;

	HASH_ITER(hh, c->entries, e, next)
		source_reopen(e->source);
}

/* ---- reports ------------------------------------------------------------ */

/* False: msd does not take it now, or is gone. */
static bool
tell(struct collector *c, const struct logs_report *report)
{
	struct buf bytes = { .limit_bytes = LOGS_REPORT_BYTES_MAX };
	ssize_t n;

	logs_report_encode(report, &bytes);
	do
		n = fd_send(c->orders_fd, bytes.ptr, bytes.len, -1);
	while (n < 0 && errno == EINTR);
	buf_fini(&bytes);
	return n >= 0;
}

/* msd waits for this answer, but not for long: one that does not fit into the
 * socket is not sent later. */
static void
do_flush(struct collector *c, const struct logs_order *order)
{
	struct entry *e = entry_find(c, order->name);
	struct logs_report report = { .news = LOGS_FLUSHED,
		.generation = order->generation };

	if (e != NULL)
		source_died(e->source, order->pid, order->generation);
	memcpy(report.name, order->name, sizeof report.name);
	if (!tell(c, &report))
		log_debug("flush not reported", "name=%s", LOGQ(order->name));
}

/* True while there is more to say about it. */
static bool
report_drops(struct collector *c, struct source *source)
{
	struct logs_report report = { .news = LOGS_DROPPED };

	if (!source_report(source, &report))
		return false;
	strncpy(report.name, source_name(source), sizeof report.name - 1);
	if (!tell(c, &report))
		return true;
	source_reported(source, &report);
	return false;
}

static void
on_settle(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct collector *c = container_of(timer, struct collector, settle);
	struct entry *e, *next;
	bool more = false;

	(void)ev;
	(void)events;
	HASH_ITER(hh, c->entries, e, next) {
		more |= source_settle(e->source);
		more |= report_drops(c, e->source);
	}
	if (more)
		loop_timer_start(c->rules.loop, &c->settle, SETTLE_EVERY_MS);
}

static void
on_drop(void *arg)
{
	struct collector *c = arg;

	if (!ev_is_active(&c->settle))
		loop_timer_start(c->rules.loop, &c->settle, SETTLE_SOON_MS);
}

/* ---- orders ------------------------------------------------------------- */

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
		collector_reopen(c);
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
	case LOGS_FLUSH:
		do_flush(c, order);
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
			ev_io_stop(loop_ev(c->rules.loop), &c->orders_io);
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

void
collector_facts(const struct collector *c, struct mono now,
    struct collector_facts *facts)
{
	struct entry *e, *next;
	struct mono last = { 0 };

	*facts = (struct collector_facts){ .trouble_path = "" };
	HASH_ITER(hh, c->entries, e, next) {
		const struct source_facts f = source_facts(e->source);

		facts->sources++;
		facts->dropped += f.dropped;
		if (f.dropped_at.ns > last.ns)
			last = f.dropped_at;
		if (f.error && facts->troubled++ == 0) {
			facts->trouble_path = f.path;
			facts->trouble_error = f.error;
		}
	}
	facts->dropped += c->dropped_gone;
	facts->has_dropped = last.ns != 0;
	facts->dropped_ms = mono_ms_between(last, now);
}

struct collector *
collector_new(struct loop *loop, int orders_fd, const char *log_dir,
    size_t line_bytes, void (*on_gone)(void *), void *arg)
{
	struct collector *c = xcalloc(1, sizeof *c);

	*c = (struct collector){ .rules = { .loop = loop,
				     .log_dir = log_dir,
				     .line_bytes = line_bytes,
				     .scratch = &c->scratch,
				     .figures = &c->figures,
				     .on_drop = on_drop,
				     .arg = c },
		.orders_fd = orders_fd,
		.on_gone = on_gone,
		.arg = arg };
	log_figures_init(&c->figures);
	fd_set_nonblock(orders_fd, true);
	fd_set_cloexec(orders_fd, true);
	ev_io_init(&c->orders_io, on_orders, orders_fd, EV_READ);
	/* who speaks is known before what is said is read */
	ev_set_priority(&c->orders_io, EV_MAXPRI);
	ev_timer_init(&c->settle, on_settle, 0., 0.);
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
	HASH_ITER(hh, c->entries, e, next) {
		source_flush(e->source);
		report_drops(c, e->source);
		entry_drop(c, e);
	}
	loop_timer_stop(c->rules.loop, &c->settle);
	ev_io_stop(loop_ev(c->rules.loop), &c->orders_io);
	fd_close(&c->orders_fd);
	buf_fini(&c->scratch);
	free(c);
	*collector = NULL;
}

void
collector_set_line_bytes(struct collector *c, size_t line_bytes)
{
	c->rules.line_bytes = line_bytes;
}
