/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders to the collector are facts about workers, kept as flags on them and
 * sent when its socket takes them: a slow collector costs no memory, and a
 * new one is told everything again.  Its reports come back the same way.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/logs.h"
#include "supervisor/events.h"
#include "supervisor/log/last_words.h"
#include "supervisor/log/logs_impl.h"
#include "supervisor/msd.h"

#define REPORTS_PER_TURN 64u

/* ---- orders ------------------------------------------------------------- */

static void
fill(const struct child *child, struct logs_order *order)
{
	const struct worker_conf *conf = &child->spec->conf;
	char file[LOG_PATH_BYTES];

	logs_file(child, file);
	snprintf(order->name, sizeof(order->name), "%s", child->node.name);
	snprintf(order->file, sizeof(order->file), "%.*s",
	    (int)sizeof(order->file) - 1, file);
	order->size_bytes = conf->log_size_bytes;
	order->age_ms = conf->log_age_ms;
	order->total_bytes = conf->log_total_bytes;
	order->keep = conf->log_keep;
	order->rate = conf->log_rate;
	order->format = (enum logs_format)conf->log_format;
	order->pid = child->log_pid;
	order->generation = child->generation;
}

void
orders_close(struct logs *logs)
{
	struct ev_loop *ev = loop_ev(logs->msd->loop);

	ev_io_stop(ev, &logs->writable);
	ev_io_stop(ev, &logs->readable);
	fd_close(&logs->orders);
}

/* False: not now; errno EAGAIN means later. */
static bool
send_order(struct logs *logs, const struct logs_order *order, int fd)
{
	struct buf bytes = { .limit_bytes = LOGS_ORDER_BYTES_MAX };
	ssize_t n;

	logs_encode(order, &bytes);
	do
		n = fd_send(logs->orders, bytes.ptr, bytes.len, fd);
	while (n < 0 && errno == EINTR);
	buf_fini(&bytes);
	if (n < 0 && errno != EAGAIN)
		orders_close(logs); /* it died: its successor hears all */
	return n >= 0;
}

static bool
send_left(struct logs *logs)
{
	while (logs->left) {
		struct left *left = logs->left;
		struct logs_order order = { .verb = LOGS_DROP };

		snprintf(order.name, sizeof(order.name), "%s", left->name);
		if (!send_order(logs, &order, -1))
			return false;
		logs->left = left->next;
		free(left->name);
		free(left);
	}
	return true;
}

static bool
send_when(struct logs *logs, bool *wanted, struct logs_order *order,
    enum logs_verb verb)
{
	if (!*wanted)
		return true;
	order->verb = verb;
	if (!send_order(logs, order, -1))
		return false;
	*wanted = false;
	return true;
}

/* To a collector that did not live to write what the last generation said. */
static bool
send_old(struct logs *logs, struct child *child)
{
	struct logs_order order = { .verb = LOGS_ADD };

	if (!child->log_old_add || child->log_old_r < 0)
		return true;
	fill(child, &order);
	order.pid = 0;
	order.generation = child->log_asked;
	return send_order(logs, &order, child->log_old_r) &&
	    send_when(logs, &child->log_old_add, &order, LOGS_FLUSH);
}

/* The words of the dead come before those of the next generation. */
static bool
send_of_child(struct logs *logs, struct child *child)
{
	struct logs_order order = { .verb = LOGS_ADD };

	if (!send_old(logs, child))
		return false;
	if (child->log_r < 0)
		return true;
	fill(child, &order);
	if (child->log_add) {
		int fd = child->log_sent ? -1 : child->log_r;

		if (!send_order(logs, &order, fd))
			return false;
		child->log_sent = true;
		child->log_add = false;
	}
	return send_when(logs, &child->log_flush, &order, LOGS_FLUSH) &&
	    send_when(logs, &child->log_starting, &order, LOGS_STARTED) &&
	    send_when(logs, &child->log_started, &order, LOGS_STARTED);
}

static bool
send_all(struct logs *logs)
{
	struct tree *tree = &logs->msd->tree;
	struct logs_order reopen = { .verb = LOGS_REOPEN };

	if (!send_left(logs))
		return false;
	for (size_t i = 0; i < tree->child_count; i++)
		if (!send_of_child(logs, tree->children[i]))
			return false;
	if (logs->reopen && !send_order(logs, &reopen, -1))
		return false;
	logs->reopen = false;
	return true;
}

static void
send_later(struct logs *logs, bool sent)
{
	struct ev_loop *ev = loop_ev(logs->msd->loop);

	if (sent || logs->orders < 0)
		ev_io_stop(ev, &logs->writable);
	else
		ev_io_start(ev, &logs->writable);
}

void
orders_send(struct logs *logs)
{
	if (logs->orders >= 0)
		send_later(logs, send_all(logs));
}

void
orders_send_child(struct logs *logs, struct child *child)
{
	if (logs->orders >= 0 && !ev_is_active(&logs->writable))
		send_later(logs, send_of_child(logs, child));
}

static void
on_writable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	orders_send(container_of(io, struct logs, writable));
}

/* ---- reports ------------------------------------------------------------ */

static void
note_dropped(struct logs *logs, const struct logs_report *report)
{
	struct child *child =
	    node_child(tree_find(&logs->msd->tree, report->name));
	const char *word =
	    report->error ? strerrorname_np(report->error) : "log_rate";

	if (!child)
		return;
	child->log_dropped += report->lines;
	events_add(logs->msd->events, "log_dropped", report->name,
	    "\"lines\":%llu,\"bytes\":%llu,\"total_lines\":%llu,"
	    "\"reason\":\"%s\"",
	    (unsigned long long)report->lines,
	    (unsigned long long)report->bytes,
	    (unsigned long long)child->log_dropped, word ? word : "?");
}

static void
note_flushed(struct logs *logs, const struct logs_report *report)
{
	struct child *child =
	    node_child(tree_find(&logs->msd->tree, report->name));

	last_words_heard(logs->words, report->name, report->generation);
	if (!child || report->generation < child->log_asked)
		return;
	child->log_asked = 0;
	fd_close(&child->log_old_r);
}

static bool
take_report(struct logs *logs)
{
	char bytes[LOGS_REPORT_BYTES_MAX];
	struct logs_report report;
	struct why why;
	int fd = -1;
	ssize_t n = fd_recv(logs->orders, bytes, sizeof(bytes), &fd);

	fd_close(&fd);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		orders_close(logs);
	if (n <= 0)
		return false;
	if (logs_report_decode((struct slice){ bytes, (size_t)n }, &report,
		&why) != MS_OK)
		log_warn("report of the collector not understood", "reason=%s",
		    LOGQ(why.text));
	else if (report.news == LOGS_FLUSHED)
		note_flushed(logs, &report);
	else
		note_dropped(logs, &report);
	return true;
}

static void
on_readable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct logs *logs = container_of(io, struct logs, readable);

	(void)ev;
	for (unsigned i = 0; i < REPORTS_PER_TURN && take_report(logs); i++)
		continue;
}

/* ---- the socket --------------------------------------------------------- */

void
orders_init(struct logs *logs)
{
	logs->orders = -1;
	ev_io_init(&logs->writable, on_writable, -1, EV_WRITE);
	ev_io_init(&logs->readable, on_readable, -1, EV_READ);
}

void
orders_open(struct logs *logs, int fd)
{
	struct ev_loop *ev = loop_ev(logs->msd->loop);

	orders_close(logs);
	logs->orders = fd;
	fd_set_nonblock(fd, true);
	ev_io_set(&logs->writable, fd, EV_WRITE);
	ev_io_start(ev, &logs->writable);
	ev_io_set(&logs->readable, fd, EV_READ);
	ev_io_start(ev, &logs->readable);
}
