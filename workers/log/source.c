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

#include "common/alloc.h"
#include "common/fd.h"

#define READ_BYTES_PER_TURN (64u << 10)

struct source {
	struct loop *loop;
	ev_io pipe_io;
	int fd;
	char *name;
	struct origin origin; /* .name is ours */
	size_t line_bytes;
	struct buf pending; /* an unfinished line */
	struct buf stamped; /* reused */
	struct sink sink;
};

/* Stamps the whole lines of pending; with `all`, the unfinished one too. */
static void
write_lines(struct source *s, bool all)
{
	int64_t now = wall_ns();
	uint64_t lines = 0;
	size_t off = 0;
	struct slice line;

	buf_reset(&s->stamped);
	while (buf_line(&s->pending, &off, &line)) {
		while (line.len > s->line_bytes) {
			stamp_line(&s->origin, now,
			    (struct slice){ line.ptr, s->line_bytes },
			    &s->stamped);
			line.ptr += s->line_bytes;
			line.len -= s->line_bytes;
			lines++;
		}
		stamp_line(&s->origin, now, line, &s->stamped);
		lines++;
	}
	while (s->pending.len - off >= s->line_bytes ||
	    (all && s->pending.len > off)) {
		size_t n = s->pending.len - off;

		line.ptr = (const char *)s->pending.ptr + off;
		line.len = n < s->line_bytes ? n : s->line_bytes;
		stamp_line(&s->origin, now, line, &s->stamped);
		off += line.len;
		lines++;
	}
	buf_drop(&s->pending, off);
	sink_write(&s->sink, buf_slice(&s->stamped), lines, mono_now());
}

/* True while there may be more. */
static bool
read_pipe(struct source *s)
{
	ssize_t n = fd_read_some(s->fd, &s->pending, READ_BYTES_PER_TURN);

	if (n > 0) {
		write_lines(s, false);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		ev_io_stop(loop_ev(s->loop), &s->pipe_io);
	return false;
}

static void
on_pipe(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev;
	(void)events;
	read_pipe(container_of(io, struct source, pipe_io));
}

static void
watch(struct source *s, int fd)
{
	s->fd = fd;
	fd_set_nonblock(fd, true);
	ev_io_init(&s->pipe_io, on_pipe, fd, EV_READ);
	ev_io_start(loop_ev(s->loop), &s->pipe_io);
}

/* What is in the pipe now; it may be filled as fast as we read, so bounded. */
static void
drain(struct source *s)
{
	for (int i = 0; i < 64 && read_pipe(s); i++)
		;
}

static char *
file_path(const char *log_dir, const char *file)
{
	return file[0] == '/' ? xstrdup(file)
			      : xasprintf("%s/%s", log_dir, file);
}

struct source *
source_new(struct loop *loop, const struct logs_order *order,
    const char *log_dir, size_t line_bytes, int fd)
{
	struct source *s = xcalloc(1, sizeof *s);
	char *path = file_path(log_dir, order->file);

	s->loop = loop;
	s->name = xstrdup(order->name);
	s->line_bytes = line_bytes;
	s->origin = (struct origin){ s->name, order->pid, order->generation,
		order->format };
	sink_init(&s->sink, path, order->size_bytes, order->keep);
	free(path);
	watch(s, fd);
	return s;
}

void
source_free(struct source **source)
{
	struct source *s = *source;

	if (s == NULL)
		return;
	drain(s);
	write_lines(s, true);
	ev_io_stop(loop_ev(s->loop), &s->pipe_io);
	fd_close(&s->fd);
	sink_fini(&s->sink);
	buf_fini(&s->pending);
	buf_fini(&s->stamped);
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
source_change(struct source *s, const struct logs_order *order,
    const char *log_dir, int fd)
{
	char *path = file_path(log_dir, order->file);

	if (fd >= 0) {
		drain(s);
		ev_io_stop(loop_ev(s->loop), &s->pipe_io);
		fd_close(&s->fd);
		watch(s, fd);
	}
	if (strcmp(path, s->sink.path) != 0) {
		sink_fini(&s->sink);
		sink_init(&s->sink, path, order->size_bytes, order->keep);
	}
	sink_set_limits(&s->sink, order->size_bytes, order->keep);
	s->origin.format = order->format;
	free(path);
}

/* What the last generation said must not carry the new one's pid. */
void
source_started(struct source *s, pid_t pid, uint64_t generation)
{
	drain(s);
	write_lines(s, true);
	s->origin.pid = pid;
	s->origin.generation = generation;
}

void
source_reopen(struct source *s)
{
	sink_reopen(&s->sink);
}

void
source_set_line_bytes(struct source *s, size_t line_bytes)
{
	s->line_bytes = line_bytes;
}
