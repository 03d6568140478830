/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipes, and which of them a worker writes into; the collector is told of
 * them by log_orders.c.
 *
 * The collector's own output does not go through a pipe it reads itself: when
 * that were full it would wait for itself.  It has its file.
 */
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
#include "supervisor/log/last_words.h"
#include "supervisor/log/logs_impl.h"
#include "supervisor/msd.h"
#include "supervisor/state/state.h"

#define PIPE_BYTES (1 << 20) /* what an ordinary user may ask for */
#define FILE_MODE  0640

void
logs_file(const struct child *child, char out[static LOG_PATH_BYTES])
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

	logs_file(child, file);
	if (file[0] == '/')
		n = snprintf(out, LOG_PATH_BYTES, "%s", file);
	else
		n = snprintf(out, LOG_PATH_BYTES, "%s/%s",
		    logs->msd->spec->msd.log_dir, file);
	if (n < 0 || n >= LOG_PATH_BYTES)
		out[0] = '\0';
	return out;
}

/* ---- public ------------------------------------------------------------- */

struct logs *
logs_new(struct msd *msd)
{
	struct logs *logs = xcalloc(1, sizeof(*logs));

	logs->msd = msd;
	logs->words = last_words_new(msd);
	orders_init(logs);
	return logs;
}

void
logs_free(struct logs **logs_ptr)
{
	struct logs *logs = *logs_ptr;

	if (!logs)
		return;
	*logs_ptr = NULL;
	orders_close(logs);
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
 * those of the last one.  The old one is kept until its words are written, or
 * the collector has those of a later one too.  While the collector is away
 * one is kept; from the third generation on they share a pipe, and nothing is
 * lost.
 */
static void
renew_pipe(const struct logs *logs, struct child *child)
{
	bool handed = logs->orders >= 0 && child->log_sent && !child->log_add &&
	    !child->log_flush;

	if (child->log_r < 0 ||
	    (child->log_old_r >= 0 && (child->log_old_add || !handed)))
		return;
	fd_close(&child->log_old_r);
	if (!handed || child->log_asked) {
		child->log_old_r = child->log_r;
		child->log_r = -1;
	}
	if (!handed) {
		child->log_old_add = true;
		child->log_asked = child->generation - 1;
		child->log_flush = false; /* comes with it */
	}
	fd_close(&child->log_r);
	fd_close(&child->log_w);
	child->log_sent = false;
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
		orders_send_child(logs, child);
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
	struct tree *tree = &logs->msd->tree;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	orders_open(logs, pair[0]);
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
	orders_send_child(logs, child);
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
	orders_send_child(logs, child);
}

void
logs_changed(struct logs *logs, struct child *child)
{
	child->log_add = true;
	orders_send_child(logs, child);
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
	orders_send(logs);
}

void
logs_reopen(struct logs *logs)
{
	logs->reopen = true;
	orders_send(logs);
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
	int fd;

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
	fd = logs->orders;
	logs->orders = -1;
	if (fd >= 0) /* what could not be said before is said now */
		orders_open(logs, fd);
}
