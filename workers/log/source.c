/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipe is read whenever it has something, a bounded amount per turn, so that
 * one talkative worker delays the others by 64 KiB at most and no child ever
 * blocks on a full pipe.
 */
#include "workers/log/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "workers/log/quota.h"

#define READ_BYTES_PER_TURN (64u << 10)
#define PENDING_KEEP        4096u /* memory that a quiet source may hold */
#define DRAIN_TURNS         64u   /* more than a pipe holds */

struct drops {
	uint64_t lines, bytes;
	int error; /* of the last of them; 0: the rate */
};

struct source {
	const struct source_rules *rules;
	ev_io pipe_io;
	int fd;
	char *name;
	struct origin origin; /* .name is ours */
	struct quota quota;
	struct buf pending; /* an unfinished line */
	struct sink sink;
	struct drops unconfessed, unreported;
	uint64_t dropped; /* lines, ever */
	struct mono dropped_at;
	struct source_figures figures;
};

/* ---- dropping ----------------------------------------------------------- */

static void
add_drops(struct drops *to, const struct drops *more)
{
	to->lines += more->lines;
	to->bytes += more->bytes;
	to->error = more->error;
}

static void
drop(struct source *s, const struct drops *drops)
{
	if (drops->lines == 0)
		return;
	add_drops(&s->unconfessed, drops);
	add_drops(&s->unreported, drops);
	s->dropped += drops->lines;
	s->dropped_at = mono_now();
	metric_add(s->figures.dropped, drops->lines);
	s->rules->on_drop(s->rules->arg);
}

static uint64_t
count_lines(struct slice text)
{
	const char *end;
	uint64_t n = 0;

	while (text.len > 0 && (end = memchr(text.ptr, '\n', text.len))) {
		n++;
		text.len -= (size_t)(end + 1 - text.ptr);
		text.ptr = end + 1;
	}
	return n;
}

/* ---- writing ------------------------------------------------------------ */

static void
confess(struct source *s, const struct stamp *stamp)
{
	const char *cause = s->unconfessed.error
	    ? strerror(s->unconfessed.error)
	    : "more than log_rate";

	if (s->unconfessed.lines)
		stamp_dropped(stamp, s->unconfessed.lines, cause,
		    s->rules->scratch);
}

/* The confession, if there is one, is the first `confessed` bytes; `lines`
 * come behind it. */
static void
put(struct source *s, size_t confessed, uint64_t lines, struct mono now)
{
	struct slice text = buf_slice(s->rules->scratch);
	size_t done = sink_write(&s->sink, text, now);
	struct drops lost = { .error = s->sink.error };

	if (confessed > 0 && done >= confessed)
		s->unconfessed = (struct drops){ 0 };
	metric_add(s->figures.bytes, done);
	if (done == text.len) {
		metric_add(s->figures.lines, lines);
		return;
	}
	if (done < confessed)
		done = confessed; /* stays to be said */
	text.ptr += done;
	text.len -= done;
	lost.lines = count_lines(text);
	lost.bytes = text.len;
	metric_add(s->figures.lines, lines - lost.lines);
	drop(s, &lost);
}

/* Stamps and writes the whole lines of pending; with `all`, the unfinished
 * one too. */
static void
write_lines(struct source *s, bool all)
{
	struct mono now = mono_now();
	struct drops over = { 0 };
	size_t off = 0, confessed = 0;
	uint64_t lines = 0;
	struct stamp stamp;
	struct piece piece;

	stamp_init(&stamp, &s->origin, wall_ns());
	buf_reset(s->rules->scratch);
	while (lines_next(buf_slice(&s->pending), s->rules->line_bytes, all,
	    &off, &piece)) {
		if (!quota_take(&s->quota, now)) {
			over.lines++;
			over.bytes += piece.text.len + 1;
			continue;
		}
		if (s->rules->scratch->len == 0) {
			confess(s, &stamp);
			confessed = s->rules->scratch->len;
		}
		stamp_line(&stamp, &piece, s->rules->scratch);
		lines++;
	}
	buf_drop(&s->pending, off);
	if (s->pending.len == 0 && s->pending.cap > PENDING_KEEP)
		buf_fini(&s->pending);
	put(s, confessed, lines, now);
	drop(s, &over);
}

bool
source_settle(struct source *s)
{
	struct mono now = mono_now();
	struct stamp stamp;

	if (s->unconfessed.lines == 0)
		return false;
	if (s->unconfessed.error == 0 && quota_is_spent(&s->quota, now))
		return true;
	stamp_init(&stamp, &s->origin, wall_ns());
	buf_reset(s->rules->scratch);
	confess(s, &stamp);
	put(s, s->rules->scratch->len, 0, now);
	return s->unconfessed.lines > 0;
}

bool
source_report(const struct source *s, struct logs_report *report)
{
	report->lines = s->unreported.lines;
	report->bytes = s->unreported.bytes;
	report->error = s->unreported.error;
	return report->lines > 0;
}

void
source_reported(struct source *s, const struct logs_report *report)
{
	s->unreported.lines -= report->lines;
	s->unreported.bytes -= report->bytes;
}

/* ---- reading ------------------------------------------------------------ */

/* How much came; 0 when there is nothing now. */
static size_t
read_pipe(struct source *s)
{
	ssize_t n = fd_read_some(s->fd, &s->pending, READ_BYTES_PER_TURN);

	if (n > 0) {
		write_lines(s, false);
		return (size_t)n;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		ev_io_stop(loop_ev(s->rules->loop), &s->pipe_io);
	return 0;
}

static void
on_pipe(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev;
	(void)events;
	read_pipe(container_of(io, struct source, pipe_io));
}

/* As long as it is not known who speaks, nothing is read. */
static void
speaks(struct source *s, pid_t pid, uint64_t generation)
{
	s->origin.pid = pid;
	s->origin.generation = generation;
	if (pid == 0)
		ev_io_stop(loop_ev(s->rules->loop), &s->pipe_io);
	else
		ev_io_start(loop_ev(s->rules->loop), &s->pipe_io);
}

static void
watch(struct source *s, const struct logs_order *order, int fd)
{
	s->fd = fd;
	fd_set_nonblock(fd, true);
	ev_io_init(&s->pipe_io, on_pipe, fd, EV_READ);
	speaks(s, order->pid, order->generation);
}

/* What is in the pipe now.  It may be filled as fast as we read, by the next
 * generation or by an orphan of the last, so what comes meanwhile waits. */
static void
drain(struct source *s)
{
	int queued = 0;
	size_t left, n;

	if (ioctl(s->fd, FIONREAD, &queued) != 0 || queued < 0)
		return;
	left = (size_t)queued;
	for (unsigned i = 0; i < DRAIN_TURNS && left > 0; i++) {
		n = read_pipe(s);
		if (n == 0)
			break;
		left -= n < left ? n : left;
	}
}

/* ---- public ------------------------------------------------------------- */

static char *
file_path(const char *log_dir, const char *file)
{
	return file[0] == '/' ? xstrdup(file)
			      : xasprintf("%s/%s", log_dir, file);
}

static struct rotation
rotation_of(const struct logs_order *order)
{
	return (struct rotation){ .size_bytes = order->size_bytes,
		.age_ms = order->age_ms,
		.total_bytes = order->total_bytes,
		.keep = order->keep };
}

static void
begin_sink(struct source *s, const char *path, const struct rotation *limits)
{
	const struct log_figures *figures = s->rules->figures;

	sink_init(&s->sink, path, limits);
	if (figures) {
		s->sink.rotations = figures->rotations;
		s->sink.failures = figures->failures;
	}
}

struct source *
source_new(const struct source_rules *rules, const struct logs_order *order,
    int fd)
{
	struct source *s = xcalloc(1, sizeof *s);
	char *path = file_path(rules->log_dir, order->file);
	struct rotation limits = rotation_of(order);

	s->rules = rules;
	s->name = xstrdup(order->name);
	s->origin = (struct origin){ .name = s->name, .format = order->format };
	s->quota.rate = order->rate;
	source_figures_init(&s->figures, s->name);
	begin_sink(s, path, &limits);
	free(path);
	watch(s, order, fd);
	return s;
}

void
source_free(struct source **source)
{
	struct source *s = *source;

	if (s == NULL)
		return;
	source_flush(s);
	source_settle(s);
	ev_io_stop(loop_ev(s->rules->loop), &s->pipe_io);
	fd_close(&s->fd);
	sink_fini(&s->sink);
	buf_fini(&s->pending);
	free(s->name);
	free(s);
	*source = NULL;
}

const char *
source_name(const struct source *source)
{
	return source->name;
}

void
source_change(struct source *s, const struct logs_order *order, int fd)
{
	char *path = file_path(s->rules->log_dir, order->file);
	struct rotation limits = rotation_of(order);

	if (fd >= 0) {
		source_flush(s);
		ev_io_stop(loop_ev(s->rules->loop), &s->pipe_io);
		fd_close(&s->fd);
		watch(s, order, fd);
	}
	if (strcmp(path, s->sink.path) != 0) {
		sink_fini(&s->sink);
		begin_sink(s, path, &limits);
	}
	sink_set_limits(&s->sink, &limits);
	s->quota.rate = order->rate;
	s->origin.format = order->format;
	free(path);
}

void
source_flush(struct source *s)
{
	ev_io_start(loop_ev(s->rules->loop), &s->pipe_io);
	drain(s);
	write_lines(s, true);
}

/* What the last generation said must not carry the new one's pid, nor the
 * other way round: between the two orders nothing is read. */
void
source_started(struct source *s, pid_t pid, uint64_t generation)
{
	bool waited = s->origin.pid == 0 && generation == s->origin.generation;

	if (!waited)
		source_flush(s);
	speaks(s, pid, generation);
}

void
source_died(struct source *s, pid_t pid, uint64_t generation)
{
	if (s->origin.pid == 0 && s->origin.generation == generation)
		s->origin.pid = pid;
	source_flush(s);
}

struct source_facts
source_facts(const struct source *s)
{
	return (struct source_facts){ .path = s->sink.path,
		.error = s->sink.error,
		.dropped = s->dropped,
		.dropped_at = s->dropped_at };
}

void
source_reopen(struct source *s)
{
	sink_reopen(&s->sink);
}
