/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders to the collector are facts about workers, kept as flags on them and
 * sent when its socket takes them: a slow collector costs no memory, and a
 * new one is told everything again.
 *
 * The collector's own output does not go through a pipe it reads itself: when
 * that were full it would wait for itself.  It has its file.
 */
#include "supervisor/logpipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/logs.h"
#include "supervisor/child.h"
#include "supervisor/events.h"
#include "supervisor/last_words.h"
#include "supervisor/msd.h"
#include "supervisor/state.h"

#define PIPE_BYTES (1 << 20) /* what an ordinary user may ask for */
#define FILE_MODE  0640

#define REPORTS_PER_TURN 64u

/* Of a worker that left while the collector's socket was full. */
struct left {
	struct left *next;
	char *name;
};

struct logs {
	struct msd *msd;
	int orders; /* our end; -1: no collector has been started */
	ev_io writable, readable;
	struct last_words *words;
	bool reopen;
	struct left *left;
	bool told; /* that there is no collector */
};

static void
path_in_dir(const struct child *child, char out[static LOG_PATH_BYTES])
{
	const char *log = child->spec->conf.log;

	if (log && strncmp(log, "file:", 5) == 0)
		snprintf(out, LOG_PATH_BYTES, "%s", log + 5);
	else
		snprintf(out, LOG_PATH_BYTES, "%s.log", child->node.name);
}

const char *
logs_path(const struct logs *logs, const struct child *child,
    char out[static LOG_PATH_BYTES])
{
	char file[LOG_PATH_BYTES];
	int n;

	path_in_dir(child, file);
	if (file[0] == '/')
		n = snprintf(out, LOG_PATH_BYTES, "%s", file);
	else
		n = snprintf(out, LOG_PATH_BYTES, "%s/%s",
		    logs->msd->spec->msd.log_dir, file);
	if (n < 0 || n >= LOG_PATH_BYTES)
		out[0] = '\0';
	return out;
}

/* ---- orders ------------------------------------------------------------- */

static void
fill(const struct child *child, struct logs_order *order)
{
	const struct worker_conf *conf = &child->spec->conf;
	char file[LOG_PATH_BYTES];

	path_in_dir(child, file);
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

static void
hang_up(struct logs *logs)
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
		hang_up(logs); /* it died: its successor hears all */
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

static void
flush(struct logs *logs)
{
	if (logs->orders >= 0)
		send_later(logs, send_all(logs));
}

/* Without a queue before it, one worker's orders need no look at the others. */
static void
flush_child(struct logs *logs, struct child *child)
{
	if (logs->orders >= 0 && !ev_is_active(&logs->writable))
		send_later(logs, send_of_child(logs, child));
}

static void
on_writable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	flush(container_of(io, struct logs, writable));
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
		hang_up(logs);
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

/* ---- public ------------------------------------------------------------- */

struct logs *
logs_new(struct msd *msd)
{
	struct logs *logs = xcalloc(1, sizeof(*logs));

	logs->msd = msd;
	logs->orders = -1;
	logs->words = last_words_new(msd);
	ev_io_init(&logs->writable, on_writable, -1, EV_WRITE);
	ev_io_init(&logs->readable, on_readable, -1, EV_READ);
	return logs;
}

void
logs_free(struct logs **logs_ptr)
{
	struct logs *logs = *logs_ptr;

	if (!logs)
		return;
	*logs_ptr = NULL;
	hang_up(logs);
	last_words_free(&logs->words);
	while (logs->left) {
		struct left *left = logs->left;

		logs->left = left->next;
		free(left->name);
		free(left);
	}
	free(logs);
}

static bool
has_collector(const struct msd *msd)
{
	for (size_t i = 0; i < msd->tree.child_count; i++)
		if (msd->tree.children[i]->spec->collects_logs &&
		    !msd->tree.children[i]->leaving)
			return true;
	return false;
}

static int
open_file(struct logs *logs, struct child *child, struct why *why)
{
	char path[LOG_PATH_BYTES];
	/* a pipe that nobody reads is refused and not waited for */
	int fd = open(logs_path(logs, child, path),
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    FILE_MODE);

	if (fd >= 0)
		fd_set_nonblock(fd, false);
	else
		why_set(why, MS_EIO, "cannot open %s: %s", path,
		    strerror(errno));
	return fd;
}

static bool
open_pipe(struct child *child)
{
	int fds[2];

	if (child->log_w >= 0)
		return true;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	child->log_r = fds[0];
	child->log_w = fds[1];
	/* more patience while the collector is away; the default serves too */
	if (fcntl(child->log_w, F_SETPIPE_SZ, PIPE_BYTES) < 0)
		log_debug("small log pipe", "name=%s", child->node.name);
	child->log_add = true;
	return true;
}

/*
 * A generation gets a pipe of its own, so that its words are not taken for
 * those of the last one; the old one is kept until they are written, or the
 * collector has those of a later one too.  While the collector is away,
 * generations share a pipe: nothing is lost.
 */
static void
renew_pipe(const struct logs *logs, struct child *child)
{
	if (child->log_r < 0 || logs->orders < 0 || !child->log_sent ||
	    child->log_add || child->log_flush ||
	    (child->log_old_r >= 0 && child->log_old_add))
		return;
	fd_close(&child->log_old_r);
	if (child->log_asked)
		child->log_old_r = child->log_r;
	else
		fd_close(&child->log_r);
	child->log_r = -1;
	child->log_sent = false;
	fd_close(&child->log_w);
}

int
logs_output(struct logs *logs, struct child *child, bool *owned_r,
    struct why *why)
{
	bool collected =
	    !child->spec->collects_logs && has_collector(logs->msd);

	*owned_r = !collected;
	if (collected)
		renew_pipe(logs, child);
	if (collected && !open_pipe(child))
		return -1;
	if (collected) {
		child->log_pid = 0;
		child->log_starting = true;
		flush_child(logs, child);
		return child->log_w;
	}
	if (!logs->told && !child->spec->collects_logs)
		log_info("no log collector in the tree: workers write their "
			 "files themselves, without stamps or rotation",
		    "dir=%s", LOGQ(logs->msd->spec->msd.log_dir));
	logs->told = true;
	return open_file(logs, child, why);
}

int
logs_collector_fd(struct logs *logs, struct child *child MS_UNUSED)
{
	struct ev_loop *ev = loop_ev(logs->msd->loop);
	struct tree *tree = &logs->msd->tree;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	hang_up(logs);
	logs->orders = pair[0];
	fd_set_nonblock(logs->orders, true);
	ev_io_set(&logs->writable, logs->orders, EV_WRITE);
	ev_io_set(&logs->readable, logs->orders, EV_READ);
	ev_io_start(ev, &logs->readable);
	ev_io_start(ev, &logs->writable); /* it is told everything */
	for (size_t i = 0; i < tree->child_count; i++) {
		struct child *other = tree->children[i];

		other->log_add = true;
		other->log_old_add = other->log_old_r >= 0;
		other->log_sent = other->log_starting = false;
		other->log_started = other->pid > 0;
		/* last words without an end */
		other->log_flush |= other->log_pid != 0 && other->pid == 0;
	}
	return pair[1];
}

void
logs_started(struct logs *logs, struct child *child)
{
	child->log_pid = child->pid;
	child->log_started = true;
	flush_child(logs, child);
}

/* It is worth waiting for: it reads, or it is on its way. */
static bool
is_collector_coming(const struct logs *logs)
{
	const struct tree *tree = &logs->msd->tree;

	if (logs->orders >= 0)
		return true;
	for (size_t i = 0; i < tree->child_count; i++) {
		const struct child *child = tree->children[i];

		if (child->spec->collects_logs)
			return child->must_start || child_has_process(child);
	}
	return false;
}

void
logs_died(struct logs *logs, struct child *child, uint64_t seq)
{
	if (child->log_r < 0 || !is_collector_coming(logs))
		return;
	child->log_flush = true;
	child->log_asked = child->generation;
	last_words_await(logs->words, child->node.name, child->generation, seq);
	flush_child(logs, child);
}

void
logs_changed(struct logs *logs, struct child *child)
{
	child->log_add = true;
	flush_child(logs, child);
}

static void
remember_left(struct logs *logs, const char *name)
{
	struct left *left = xcalloc(1, sizeof(*left));

	left->name = xstrdup(name);
	left->next = logs->left;
	logs->left = left;
}

void
logs_drop(struct logs *logs, struct child *child)
{
	if (child->log_r < 0)
		return;
	remember_left(logs, child->node.name);
	fd_close(&child->log_w); /* the collector sees the end of file */
	fd_close(&child->log_r);
	fd_close(&child->log_old_r);
	flush(logs);
}

void
logs_reopen(struct logs *logs)
{
	logs->reopen = true;
	flush(logs);
}

/* ---- over an exec of msd ------------------------------------------------- */

static const struct state_row rows[] = {
	STATE_ROW(STATE_FD, struct logs, orders),
	STATE_ROW(STATE_BOOL, struct logs, reopen),
	STATE_ROW(STATE_BOOL, struct logs, told),
	STATE_END,
};

void
logs_save(const struct logs *logs, struct state_out *out)
{
	state_begin(out, "logs");
	state_put(out, rows, logs);
	state_open_list(out, "left");
	for (const struct left *left = logs->left; left; left = left->next) {
		state_open_item(out);
		state_put_text(out, "name", left->name);
		state_close_item(out);
	}
	state_close_list(out);
	state_end(out);
}

void
logs_load(struct logs *logs, struct state_in *in)
{
	size_t off = 0;
	struct json *record = state_next(in, "logs", &off);
	const struct json *item;

	if (!record)
		return;
	state_get(in, record, rows, logs);
	item = state_get_list(in, record, "left");
	for (; item; item = json_next(item)) {
		const char *name = state_get_text(in, item, "name");

		if (name)
			remember_left(logs, name);
	}
	json_free(&record);
	if (logs->orders < 0)
		return;
	/* what could not be said before is said as soon as there is room */
	ev_io_set(&logs->writable, logs->orders, EV_WRITE);
	ev_io_start(loop_ev(logs->msd->loop), &logs->writable);
	ev_io_set(&logs->readable, logs->orders, EV_READ);
	ev_io_start(loop_ev(logs->msd->loop), &logs->readable);
}
