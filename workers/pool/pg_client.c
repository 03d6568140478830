/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket's permissions have already said who may come, so there is no
 * password: AuthenticationOk is sent together with the session's parameters as
 * soon as a server is at hand.
 */
#include "workers/pool/pg_client.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/alloc.h"
#include "common/fd.h"

#define LOGIN_TIMEOUT_MS 10000u /* until its first packet is whole */
#define LEAVE_TIMEOUT_MS 5000u  /* for taking its last bytes */
#define ARENA_BYTES_MAX  65536u

static void
watch(struct pg_client *client, void (*fn)(struct ev_loop *, ev_io *, int),
    int events)
{
	ev_io_stop(loop_ev(client->loop), &client->io);
	ev_io_init(&client->io, fn, client->fd, events);
	ev_io_start(loop_ev(client->loop), &client->io);
}

static void
unwatch(struct pg_client *client)
{
	ev_io_stop(loop_ev(client->loop), &client->io);
	loop_timer_stop(client->loop, &client->timer);
}

static void
gone(struct pg_client *client)
{
	unwatch(client);
	client->ops->gone(client);
}

/* ---- leaving ------------------------------------------------------------------ */

static void
on_leaving(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct pg_client *client = container_of(io, struct pg_client, io);
	struct buf *out = &client->out;
	ssize_t n;

	(void)ev;
	n = send(client->fd, out->ptr + client->out_done,
	    out->len - client->out_done, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		client->out_done += (size_t)n;
	if (n < 0 || client->out_done == out->len)
		gone(client);
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct pg_client *client = container_of(timer, struct pg_client, timer);

	(void)ev;
	gone(client);
}

void
pg_client_leave(struct pg_client *client)
{
	struct buf last = { 0 };

	unwatch(client);
	relay_stop(&client->relay);
	buf_add_slice(&last, relay_kept_for_client(&client->relay));
	buf_add_slice(&last, buf_slice(&client->out));
	buf_fini(&client->out);
	client->out = last;
	client->out_done = 0;
	client->state = CLIENT_LEAVING;
	loop_timer_start(client->loop, &client->timer, LEAVE_TIMEOUT_MS);
	watch(client, on_leaving, EV_WRITE);
}

void
pg_client_refuse(struct pg_client *client, const char *sqlstate,
    const char *message)
{
	if (relay_can_tell_client(&client->relay))
		pg_put_fatal(&client->out, sqlstate, message);
	pg_client_leave(client);
}

void
pg_client_refuse_with(struct pg_client *client, struct slice error)
{
	pg_put_error_as_fatal(&client->out, error);
	pg_client_leave(client);
}

/* ---- arriving ------------------------------------------------------------------- */

/* What follows an encryption request unasked was not meant for the clear. */
static void
answer_no_encryption(struct pg_client *client, enum pg_first what)
{
	unsigned bit = 1u << what;

	if (client->in.len != client->startup->bytes ||
	    client->encryption_asked & bit) {
		pg_client_refuse(client, PG_PROTOCOL_VIOLATION,
		    "received data after a request for encryption");
		return;
	}
	client->encryption_asked |= bit;
	buf_reset(&client->in);
	if (send(client->fd, "N", 1, MSG_NOSIGNAL) != 1)
		gone(client);
}

static void
started(struct pg_client *client)
{
	if (client->in.len != client->startup->bytes) {
		pg_client_refuse(client, PG_PROTOCOL_VIOLATION,
		    "received data before authentication was complete");
		return;
	}
	buf_fini(&client->in);
	unwatch(client);
	client->ops->started(client);
}

static void
read_startup(struct pg_client *client)
{
	struct why why = { "" };
	enum pg_first what = pg_startup_parse(buf_slice(&client->in),
	    &client->arena, client->startup, &why);

	switch (what) {
	case PG_FIRST_MORE:
		return;
	case PG_FIRST_SSL:
	case PG_FIRST_GSS:
		answer_no_encryption(client, what);
		return;
	case PG_FIRST_CANCEL:
		client->ops->cancel(client);
		gone(client);
		return;
	case PG_FIRST_STARTUP:
		started(client);
		return;
	case PG_FIRST_BAD:
		pg_client_refuse(client, client->startup->sqlstate, why.text);
		return;
	}
}

static void
on_startup(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct pg_client *client = container_of(io, struct pg_client, io);
	ssize_t n = fd_read_some(client->fd, &client->in,
	    PG_STARTUP_BYTES_MAX - client->in.len);

	(void)ev;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		gone(client);
	else
		read_startup(client);
}

struct pg_client *
pg_client_new(struct loop *loop, int fd, const struct pg_client_ops *ops,
    void *owner)
{
	struct pg_client *client = xcalloc(1, sizeof(*client));

	client->loop = loop;
	client->ops = ops;
	client->owner = owner;
	client->fd = fd;
	client->in.limit_bytes = PG_STARTUP_BYTES_MAX;
	sock_peer(fd, &client->peer);
	arena_init(&client->arena, ARENA_BYTES_MAX);
	client->startup = xcalloc(1, sizeof(*client->startup));
	relay_init(&client->relay, loop);
	ev_init(&client->timer, on_timer);
	ev_init(&client->io, on_startup);
	loop_timer_start(loop, &client->timer, LOGIN_TIMEOUT_MS);
	watch(client, on_startup, EV_READ);
	return client;
}

void
pg_client_free(struct pg_client *client)
{
	unwatch(client);
	relay_fini(&client->relay);
	fd_close(&client->fd);
	arena_fini(&client->arena);
	free(client->startup);
	client->startup = NULL;
	buf_fini(&client->in);
	buf_fini(&client->out);
	client->state = CLIENT_DEAD;
	loop_later_free(client->loop, client);
}

/* ---- waiting, then at work --------------------------------------------------------- */

/* It has nothing to say before it is greeted. */
static void
on_waiting(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct pg_client *client = container_of(io, struct pg_client, io);
	char byte;
	ssize_t n = recv(client->fd, &byte, 1, MSG_PEEK);

	(void)ev;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	gone(client);
}

void
pg_client_wait(struct pg_client *client)
{
	client->state = CLIENT_WAITING;
	watch(client, on_waiting, EV_READ);
}

static bool
has_already(const struct pg_params *params, const struct pg_setting *setting)
{
	const char *value = pg_params_get(params, setting->name);

	return value && strcmp(value, setting->value) == 0;
}

/* client_encoding comes last: what is before it is in ours. */
size_t
pg_client_settings(const struct pg_client *client,
    const struct pg_params *params,
    struct pg_setting settings_r[static PG_SETTINGS_MAX])
{
	const struct pg_startup *startup = client->startup;
	size_t count = 0;

	for (int encoding = 0; encoding <= 1; encoding++)
		for (size_t i = 0; i < startup->setting_count; i++) {
			const struct pg_setting *setting =
			    &startup->settings[i];

			if ((strcasecmp(setting->name, "client_encoding") ==
				0) == encoding &&
			    !has_already(params, setting))
				settings_r[count++] = *setting;
		}
	return count;
}

static void
on_param(struct relay *relay, struct slice body)
{
	struct pg_client *client = container_of(relay, struct pg_client, relay);

	pg_server_learn(client->server, body);
}

static void
on_ready(struct relay *relay)
{
	struct pg_client *client = container_of(relay, struct pg_client, relay);

	client->ops->ready(client);
}

static void
on_end(struct relay *relay, enum relay_end end)
{
	struct pg_client *client = container_of(relay, struct pg_client, relay);

	client->ops->ended(client, end);
}

static void
greet(const struct pg_client *client, struct buf *out)
{
	const struct pg_startup *startup = client->startup;

	if (startup->minor > 0 || startup->unknown_count > 0)
		pg_put_negotiate(out, startup->unknown, startup->unknown_count);
	pg_put_auth_ok(out);
	pg_params_print(&client->server->params, out);
	pg_put_backend_key(out, client->id);
	pg_put_ready(out);
}

void
pg_client_link(struct pg_client *client)
{
	struct buf greeting = { 0 };

	unwatch(client);
	greet(client, &greeting);
	client->state = CLIENT_LINKED;
	free(client->startup);
	client->startup = NULL;
	arena_fini(&client->arena);
	pg_server_link(client->server);
	client->relay.on_param = on_param;
	client->relay.on_ready = on_ready;
	client->relay.on_end = on_end;
	relay_start(&client->relay, client->fd, client->server->fd,
	    buf_slice(&greeting));
	buf_fini(&greeting);
}
