/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of msd that only listens.  It is fed at most LINES_PER_TURN events
 * a turn, and when the log takes nothing (a full disk) it hangs up: msd keeps
 * the events meanwhile.
 *
 * The note of how far we are follows the log and never runs before it.  It is
 * not synced: after a power failure msd has another life anyway.
 */
#include "workers/bus/supervision.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "common/sock.h"
#include "workers/bus/bus.h"

#define NOTE           "SUPERVISION"
#define NOTE_BYTES_MAX 256u
#define NOTE_MODE      0640
#define LINE_BYTES_MAX (64u << 10)
#define READ_BYTES     (64u << 10)
#define LINES_PER_TURN 256u

/* msd keeps the events meanwhile: there is no reason to give up. */
static const struct backoff_conf again_conf = { .span = { 100, 10000 } };

struct supervision {
	struct bus *bus;
	char *socket, *note_path;
	int fd; /* -1: not connected */
	ev_io readable;
	ev_timer again;
	struct loop_task more; /* lines left over from a turn */
	struct backoff backoff;
	bool answered; /* this connection has begun to stream */
	bool told;     /* that msd does not answer */
	struct buf in, frame;
	char life[SUPERVISION_LIFE_BYTES]; /* "": none known */
	uint64_t seq;                      /* put into the log */
	uint64_t noted;
};

/* ---- the note ------------------------------------------------------------ */

static void
read_note(struct supervision *s)
{
	struct buf text = { 0 };

	if (file_read(s->note_path, NOTE_BYTES_MAX, &text, NULL) == MS_OK &&
	    supervision_parse(buf_slice(&text), s->life, &s->seq))
		s->noted = s->seq;
	else
		s->life[0] = '\0';
	buf_fini(&text);
}

static bool
write_file(const char *path, const char *text)
{
	int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, NOTE_MODE);
	bool ok =
	    fd >= 0 && fd_write_all(fd, text, strlen(text), NULL) == MS_OK;

	fd_close(&fd);
	return ok;
}

void
supervision_written(struct supervision *s)
{
	char text[SUPERVISION_LIFE_BYTES + 24];
	char *path;

	if (!s || s->noted == s->seq)
		return;
	path = xasprintf("%s.tmp", s->note_path);
	snprintf(text, sizeof(text), "%s %" PRIu64 "\n", s->life, s->seq);
	if (write_file(path, text) && rename(path, s->note_path) == 0)
		s->noted = s->seq;
	else
		log_debug("no note of supervision events", "errno=%d", errno);
	free(path);
}

/* ---- the connection ------------------------------------------------------ */

static void
hang_up(struct supervision *s, const char *reason)
{
	uint64_t delay = again_conf.span.max_ms;

	(void)!backoff_next(&s->backoff, &again_conf, mono_now(), &delay);
	if (s->backoff.failures > 3 && !s->told) {
		log_warn("no supervision events", "reason=%s", LOGQ(reason));
		s->told = true;
	}
	ev_io_stop(loop_ev(s->bus->loop), &s->readable);
	fd_close(&s->fd);
	buf_reset(&s->in);
	s->answered = false;
	loop_timer_start(s->bus->loop, &s->again, delay);
}

/* Number 0 asks for all that there is. */
static bool
ask(struct supervision *s)
{
	char line[160];
	int n = snprintf(line, sizeof(line),
	    "{\"v\":1,\"id\":1,\"do\":\"events\",\"follow\":true,"
	    "\"from\":%" PRIu64 ",\"life\":\"%s\"}\n",
	    s->life[0] ? s->seq + 1 : 0, s->life);

	return send(s->fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n;
}

static void
dial(struct supervision *s)
{
	struct why why = { "" };

	if (sock_dial_unix(s->socket, &s->fd, &why) != MS_OK) {
		hang_up(s, why.text);
		return;
	}
	ev_io_set(&s->readable, s->fd, EV_READ);
	ev_io_start(loop_ev(s->bus->loop), &s->readable);
	if (!ask(s))
		hang_up(s, "msd does not take the question");
}

static void
on_again(struct ev_loop *ev, ev_timer *timer, int events)
{
	(void)ev;
	(void)events;
	dial(container_of(timer, struct supervision, again));
}

/* ---- lines --------------------------------------------------------------- */

static bool
take_answer(struct supervision *s, struct slice line)
{
	struct json *reply = NULL;
	const struct json *lost;
	bool is_first = !s->life[0];
	const char *life;
	bool ok;

	if (json_parse(line, &reply, NULL) != MS_OK)
		return false;
	ok = json_get_bool(reply, "ok", false);
	life = json_get_str(reply, "life", "");
	lost = json_get(reply, "lost");
	if (ok && strcmp(life, s->life) != 0) {
		snprintf(s->life, sizeof(s->life), "%s", life);
		s->seq = s->noted = 0;
	}
	if (ok && lost && !is_first)
		log_warn("supervision events lost, the bus was away too long",
		    "first=%.0f last=%.0f", json_get_num(lost, "first", 0),
		    json_get_num(lost, "last", 0));
	s->answered = ok;
	if (ok)
		backoff_reset(&s->backoff);
	s->told = s->told && !ok;
	json_free(&reply);
	return ok;
}

static bool
take_event(struct supervision *s, struct slice line)
{
	struct why why = { "" };
	uint64_t seq = 0;
	enum ms_err err;

	buf_reset(&s->frame);
	err = supervision_frame(line, s->life, &s->frame, &seq, &why);
	if (err) {
		log_warn("supervision event not understood", "reason=%s",
		    LOGQ(why.text));
		return true; /* it would be no better the next time */
	}
	if (seq <= s->seq)
		return true;
	if (publish_own(s->bus, buf_slice(&s->frame), &why) != MS_OK)
		return false;
	s->seq = seq;
	return true;
}

static void
take_lines(struct supervision *s)
{
	struct slice line;
	size_t off = 0;
	unsigned n = 0;
	bool ok = true;

	while (ok && n < LINES_PER_TURN && buf_line(&s->in, &off, &line)) {
		ok = s->answered ? take_event(s, line) : take_answer(s, line);
		n++;
	}
	if (!ok) {
		hang_up(s, "it is not taken");
		return;
	}
	buf_drop(&s->in, off);
	if (n == LINES_PER_TURN && !s->more.queued)
		loop_later(s->bus->loop, &s->more);
}

static void
on_more(struct loop_task *task)
{
	struct supervision *s = container_of(task, struct supervision, more);

	if (s->fd >= 0)
		take_lines(s);
}

static void
on_readable(struct ev_loop *ev, ev_io *io, int events)
{
	struct supervision *s = container_of(io, struct supervision, readable);
	ssize_t n = fd_read_some(s->fd, &s->in, READ_BYTES);

	(void)ev;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 && errno == ENOBUFS && s->more.queued)
		return; /* full of lines that wait for their turn */
	if (n <= 0)
		hang_up(s, "msd has hung up");
	else
		take_lines(s);
}

/* ---- public -------------------------------------------------------------- */

struct supervision *
supervision_new(struct bus *bus, const char *socket)
{
	struct supervision *s = xcalloc(1, sizeof(*s));

	s->bus = bus;
	s->socket = xstrdup(socket);
	s->note_path = xasprintf("%s/" NOTE, bus->dir);
	s->fd = -1;
	s->in.limit_bytes = LINE_BYTES_MAX + READ_BYTES;
	backoff_init(&s->backoff, dice_seed());
	s->more.run = on_more;
	ev_io_init(&s->readable, on_readable, -1, EV_READ);
	ev_timer_init(&s->again, on_again, 0., 0.);
	read_note(s);
	loop_timer_start(bus->loop, &s->again, 0);
	return s;
}

void
supervision_free(struct supervision **supervision)
{
	struct supervision *s = *supervision;

	if (!s)
		return;
	*supervision = NULL;
	ev_io_stop(loop_ev(s->bus->loop), &s->readable);
	loop_timer_stop(s->bus->loop, &s->again);
	fd_close(&s->fd);
	buf_fini(&s->in);
	buf_fini(&s->frame);
	free(s->socket);
	free(s->note_path);
	if (s->more.queued)
		loop_later_free(s->bus->loop, s);
	else
		free(s);
}

bool
supervision_is_linked(const struct supervision *s)
{
	return s->fd >= 0 && s->answered;
}
