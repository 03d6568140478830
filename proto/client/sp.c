/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why not NNG's own client: NNG 1.5.2 sends again in any order after a
 * connection broke, and its pipes can hang for ever when one closes while a
 * message arrives, after which it never dials again.  The wire format is five
 * lines long; the services at the other end are NNG's.
 */
#include "proto/client/sp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/backoff.h"
#include "common/fd.h"
#include "common/sock.h"

#define GREETING_BYTES    8u
#define IN_BYTES          65536u
#define MESSAGE_BYTES_MAX (MSG_BODY_BYTES_MAX + (2u << 20))
#define READS_PER_TURN    16
/* A restarted service is found at once, a missing one costs little. */
static const struct backoff_conf redial_conf = { .span = { 5, 100 } };

enum sp_state {
	SP_DOWN,     /* no fd; the timer runs when wanted */
	SP_GREETING, /* ours is sent and messages may follow; theirs is awaited */
	SP_UP
};

struct sp {
	struct link_hub *hub;
	const struct sp_user *user;
	void *arg;
	char *path;
	enum sp_state state;
	bool wanted;
	bool paused;
	bool blocked; /* the socket takes no more: EPOLLOUT is awaited */
	struct hub_watch watch;
	struct hub_timer redial;
	struct backoff backoff; /* since the last message */
	struct slice out;       /* being written */
	size_t out_done;
	unsigned char *owned; /* out's memory, when its owner has gone */
	struct sp_msg *msg;   /* being read past `in` */
	size_t msg_have;
	size_t in_len;
	unsigned char in[IN_BYTES];
};

/* ---- down and up ---------------------------------------------------------------- */

static void
update_events(struct sp *sp)
{
	hub_watch_change(sp->hub, &sp->watch,
	    (sp->paused ? 0u : (uint32_t)EPOLLIN) |
		(sp->blocked ? (uint32_t)EPOLLOUT : 0u));
}

static void
redial_later(struct sp *sp)
{
	uint64_t delay_ms = redial_conf.span.max_ms;

	/* never gives up: its user's calls do */
	(void)!backoff_next(&sp->backoff, &redial_conf, mono_now(), &delay_ms);
	hub_timer_start(sp->hub, &sp->redial, delay_ms);
}

static void
forget_output(struct sp *sp)
{
	free(sp->owned);
	sp->owned = NULL;
	sp->out = (struct slice){ NULL, 0 };
	sp->out_done = 0;
}

static void
go_down(struct sp *sp)
{
	if (sp->state == SP_DOWN)
		return;
	sp->state = SP_DOWN;
	hub_watch_stop(sp->hub, &sp->watch);
	fd_close(&sp->watch.fd);
	forget_output(sp);
	free(sp->msg);
	sp->msg = NULL;
	sp->in_len = 0;
	sp->blocked = false;
	if (sp->user->down)
		sp->user->down(sp->arg);
	if (sp->wanted)
		redial_later(sp);
}

static bool
send_greeting(struct sp *sp)
{
	char greeting[GREETING_BYTES] = { 0, 'S', 'P', 0, 0,
		(char)sp->user->self, 0, 0 };

	/* a fresh socket takes eight bytes whole */
	return send(sp->watch.fd, greeting, sizeof(greeting), MSG_NOSIGNAL) ==
	    sizeof(greeting);
}

static void
dial(struct sp *sp)
{
	if (sock_dial_unix(sp->path, &sp->watch.fd, NULL) != MS_OK) {
		redial_later(sp);
		return;
	}
	if (hub_watch_start(sp->hub, &sp->watch, EPOLLIN) != MS_OK) {
		fd_close(&sp->watch.fd);
		redial_later(sp);
		return;
	}
	sp->state = SP_GREETING;
	update_events(sp);
	if (send_greeting(sp))
		sp_kick(sp);
	else
		go_down(sp);
}

static void
on_redial(struct hub_timer *timer)
{
	struct sp *sp = container_of(timer, struct sp, redial);

	if (sp->wanted && sp->state == SP_DOWN)
		dial(sp);
}

void
sp_want(struct sp *sp, bool wanted)
{
	sp->wanted = wanted;
	if (!wanted)
		hub_timer_stop(sp->hub, &sp->redial);
	else if (sp->state == SP_DOWN && sp->redial.due.ns == 0)
		dial(sp);
}

/* ---- writing ------------------------------------------------------------------------ */

static void
set_blocked(struct sp *sp, bool blocked)
{
	if (sp->blocked == blocked)
		return;
	sp->blocked = blocked;
	update_events(sp);
}

static bool
has_output(struct sp *sp)
{
	if (sp->out_done < sp->out.len)
		return true;
	forget_output(sp);
	return sp->user->next && sp->user->next(sp->arg, &sp->out);
}

void
sp_kick(struct sp *sp)
{
	ssize_t n;

	if (sp->state == SP_DOWN)
		return;
	while (has_output(sp)) {
		n = send(sp->watch.fd, sp->out.ptr + sp->out_done,
		    sp->out.len - sp->out_done, MSG_NOSIGNAL);
		if (n >= 0) {
			sp->out_done += (size_t)n;
		} else if (errno == EAGAIN) {
			set_blocked(sp, true);
			return;
		} else if (errno != EINTR) {
			go_down(sp);
			return;
		}
	}
	set_blocked(sp, false);
}

void
sp_take_over(struct sp *sp, struct buf *bytes)
{
	if (bytes->ptr && sp->out.ptr == (const char *)bytes->ptr &&
	    sp->out_done < sp->out.len) {
		sp->owned = bytes->ptr;
		*bytes = (struct buf){ 0 };
	}
}

void
sp_put_prefix(unsigned char at[static SP_PREFIX_BYTES], uint64_t len)
{
	at[0] = 1;
	for (int i = 0; i < 8; i++)
		at[1 + i] = (unsigned char)(len >> (8 * (7 - i)));
}

/* ---- reading ------------------------------------------------------------------------ */

static bool
greeting_is_good(const struct sp *sp)
{
	const unsigned char *in = sp->in;

	return in[0] == 0 && in[1] == 'S' && in[2] == 'P' && in[3] == 0 &&
	    in[4] == 0 && in[5] == sp->user->peer;
}

static void
deliver(struct sp *sp, struct sp_msg *msg)
{
	backoff_reset(&sp->backoff);
	sp->user->message(sp->arg, msg);
}

/* Begins the message whose prefix is at `at`.  False: not a message of ours */
static bool
begin_message(struct sp *sp, const unsigned char *at)
{
	uint64_t len = 0;

	for (int i = 0; i < 8; i++)
		len = len << 8 | at[1 + i];
	if (at[0] != 1 || len > MESSAGE_BYTES_MAX)
		return false;
	sp->msg = malloc(sizeof(*sp->msg) + len);
	if (!sp->msg)
		return false;
	sp->msg->len = len;
	sp->msg_have = 0;
	return true;
}

/* Moves what has come into the message; returns how much. */
static size_t
fill_message(struct sp *sp, const unsigned char *at, size_t n)
{
	size_t missing = sp->msg->len - sp->msg_have;
	struct sp_msg *msg = sp->msg;

	if (n > missing)
		n = missing;
	memcpy(msg->bytes + sp->msg_have, at, n);
	sp->msg_have += n;
	if (sp->msg_have == msg->len) {
		sp->msg = NULL;
		deliver(sp, msg);
	}
	return n;
}

/* False: the bytes break the format. */
static bool
parse(struct sp *sp)
{
	size_t at = 0;

	if (sp->state == SP_GREETING) {
		if (sp->in_len < GREETING_BYTES)
			return true;
		if (!greeting_is_good(sp))
			return false;
		sp->state = SP_UP;
		at = GREETING_BYTES;
	}
	while (sp->in_len - at >= SP_PREFIX_BYTES) {
		if (!begin_message(sp, sp->in + at))
			return false;
		at += SP_PREFIX_BYTES;
		at += fill_message(sp, sp->in + at, sp->in_len - at);
	}
	memmove(sp->in, sp->in + at, sp->in_len - at);
	sp->in_len -= at;
	return true;
}

static bool
take_input(struct sp *sp, size_t n)
{
	struct sp_msg *msg = sp->msg;

	if (!msg) {
		sp->in_len += n;
		return parse(sp);
	}
	sp->msg_have += n;
	if (sp->msg_have == msg->len) {
		sp->msg = NULL;
		deliver(sp, msg);
	}
	return true;
}

/* The rest of a long message goes straight to its place. */
static struct iovec
space(struct sp *sp)
{
	if (sp->msg)
		return (struct iovec){ sp->msg->bytes + sp->msg_have,
			sp->msg->len - sp->msg_have };
	return (struct iovec){ sp->in + sp->in_len, IN_BYTES - sp->in_len };
}

static void
read_input(struct sp *sp)
{
	for (int i = 0; i < READS_PER_TURN; i++) {
		struct iovec to = space(sp);
		ssize_t n = recv(sp->watch.fd, to.iov_base, to.iov_len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || !take_input(sp, (size_t)n)) {
			go_down(sp);
			return;
		}
		if ((size_t)n < to.iov_len)
			return;
	}
}

static void
on_ready(struct hub_watch *watch, uint32_t events)
{
	struct sp *sp = container_of(watch, struct sp, watch);

	if (sp->state != SP_DOWN && (!sp->paused || !(events & EPOLLIN)) &&
	    (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		read_input(sp);
	if (events & EPOLLOUT)
		sp_kick(sp);
}

void
sp_pause(struct sp *sp, bool paused)
{
	if (sp->paused == paused)
		return;
	sp->paused = paused;
	if (sp->state != SP_DOWN)
		update_events(sp);
}

/* ---- life ------------------------------------------------------------------------------ */

enum ms_err
sp_open(struct link_hub *hub, const char *address, const struct sp_user *user,
    void *arg, struct sp **sp_r)
{
	static const char scheme[] = "ipc://";
	const char *path = address + sizeof(scheme) - 1;
	struct sp *sp;

	if (strncmp(address, scheme, sizeof(scheme) - 1) != 0 || !*path ||
	    strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return MS_EINVAL;
	sp = calloc(1, sizeof(*sp));
	if (!sp)
		return MS_ENOMEM;
	sp->path = strdup(path);
	if (!sp->path) {
		free(sp);
		return MS_ENOMEM;
	}
	sp->hub = hub;
	sp->user = user;
	sp->arg = arg;
	sp->watch = (struct hub_watch){ -1, on_ready };
	sp->redial.fire = on_redial;
	backoff_init(&sp->backoff, dice_seed());
	*sp_r = sp;
	return MS_OK;
}

void
sp_close(struct sp **sp_ptr)
{
	struct sp *sp = *sp_ptr;

	if (!sp)
		return;
	*sp_ptr = NULL;
	sp->wanted = false;
	hub_timer_stop(sp->hub, &sp->redial);
	if (sp->state != SP_DOWN) {
		hub_watch_stop(sp->hub, &sp->watch);
		fd_close(&sp->watch.fd);
	}
	forget_output(sp);
	free(sp->msg);
	free(sp->path);
	free(sp);
}
