/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients are gossip: whatever they send, msd answers or hangs up and goes on.
 * A reader of the event stream that does not read is dropped when what waits
 * for it has become too much; it can come back and ask for --from.
 */
#include "supervisor/ctl.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"
#include "supervisor/ctl_client.h"
#include "supervisor/events.h"
#include "supervisor/group.h"
#include "supervisor/status.h"

#define READ_BYTES_PER_TURN (16u << 10)
#define GROUPS_MAX          1024

struct ctl {
	struct msd *msd;
	int fd;
	ev_io accept_io;
	LIST_HEAD(, ctl_client) clients;
	unsigned client_count;
	gid_t control_gid; /* -1: none */
	struct loop_task look; /* at pending answers and streams */
};

/* ---- the end of a client -------------------------------------------------- */

static void
wait_free(struct ctl_wait *wait)
{
	struct ctl_client *client = wait->client;

	LIST_REMOVE(wait, entry);
	client->wait_count--;
	loop_timer_stop(client->msd->loop, &wait->timer);
	free(wait);
}

static void
client_free(struct ctl_client *client)
{
	struct ev_loop *ev = loop_ev(client->msd->loop);

	while (!LIST_EMPTY(&client->waits))
		wait_free(LIST_FIRST(&client->waits));
	LIST_REMOVE(client, entry);
	client->ctl->client_count--;
	ev_io_stop(ev, &client->read_io);
	ev_io_stop(ev, &client->write_io);
	fd_close(&client->fd);
	buf_fini(&client->in);
	buf_fini(&client->out);
	free(client);
}

/* It may be in use further up: it ends at the next look. */
static void
hang_up(struct ctl_client *client)
{
	client->closing = true;
	ctl_on_state(client->ctl);
}

/* ---- sending -------------------------------------------------------------- */

static void
add_events(struct ctl_client *client)
{
	const struct events *events = client->msd->events;
	const char *line;

	if (client->next_seq < events_first(events))
		client->next_seq = events_first(events);
	while (client->streams && client->out.len < CTL_OUT_BYTES_MAX / 2 &&
	    (line = events_get(events, client->next_seq)) != NULL) {
		buf_add_str(&client->out, line);
		buf_add_u8(&client->out, '\n');
		client->next_seq++;
	}
}

void
ctl_flush(struct ctl_client *client)
{
	struct ev_loop *ev = loop_ev(client->msd->loop);
	ssize_t n;

	add_events(client);
	while (client->out.len > 0) {
		n = send(client->fd, client->out.ptr, client->out.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			hang_up(client);
		if (n <= 0)
			break;
		buf_drop(&client->out, (size_t)n);
		add_events(client);
	}
	if (client->out.failed || client->out.len > CTL_OUT_BYTES_MAX)
		hang_up(client);
	if (client->out.len > 0 && !client->closing)
		ev_io_start(ev, &client->write_io);
	else
		ev_io_stop(ev, &client->write_io);
}

static void
send_json(struct ctl_client *client, const char *id, const struct json *members)
{
	struct buf text = { 0 };

	json_print(members, &text);
	buf_printf(&client->out, "{\"id\":%s,", id);
	if (text.len > 1) /* the members without their opening brace */
		buf_add(&client->out, text.ptr + 1, text.len - 1);
	buf_add_u8(&client->out, '\n');
	buf_fini(&text);
	ctl_flush(client);
}

void
ctl_answer(struct ctl_client *client, const char *id, struct json *members)
{
	json_put_bool(members, "ok", true);
	send_json(client, id, members);
	json_free(&members);
}

void
ctl_refuse(struct ctl_client *client, const char *id, const char *code,
    const char *fmt, ...)
{
	struct json *reply = json_object(), *error;
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_put_bool(reply, "ok", false);
	error = json_put_object(reply, "error");
	json_put_str(error, "code", code);
	json_put_str(error, "message", text);
	send_json(client, id, reply);
	json_free(&reply);
}

/* ---- pending answers ------------------------------------------------------- */

/* Nothing will make it ready by itself any more. */
static bool
has_settled_down(const struct child *child)
{
	return !child_is_alive(child) && !child->must_start &&
	    child->state != CHILD_BACKOFF;
}

static void
answer_worker(const struct ctl_wait *wait)
{
	struct json *reply = json_object();

	status_of_child(wait->child, json_put_object(reply, "worker"));
	ctl_answer(wait->client, wait->id, reply);
}

static void
refuse_start(const struct ctl_wait *wait)
{
	const struct exit_reason *last = child_exit(wait->child, 0);
	char how[EXIT_TEXT_BYTES];

	ctl_refuse(wait->client, wait->id, "failed", "%s did not become ready: %s",
	    wait->child->node.name, last ? exit_print(last, how) : "it is down");
}

/* True when it was answered. */
static bool
look_at(struct ctl_wait *wait)
{
	const struct child *child = wait->child;

	switch (wait->kind) {
	case CTL_WAIT_STATE:
		if (child_face(child) != wait->face)
			return false;
		break;
	case CTL_WAIT_STOPPED:
		if (child_is_alive(child) || child->must_stop)
			return false;
		break;
	case CTL_WAIT_STARTED:
		if (has_settled_down(child)) {
			refuse_start(wait);
			return true;
		}
		if (!child_is_ready(child) || child->generation <= wait->after)
			return false;
		break;
	}
	answer_worker(wait);
	return true;
}

static void
on_timeout(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct ctl_wait *wait = container_of(timer, struct ctl_wait, timer);

	(void)ev;
	ctl_refuse(wait->client, wait->id, "timeout", "%s is %s",
	    wait->child->node.name,
	    child_face_name(child_face(wait->child)));
	wait_free(wait);
}

void
ctl_await(const struct ctl_request *request, const struct child *child,
    enum ctl_wait_kind kind, enum child_face face, uint64_t after)
{
	struct ctl_client *client = request->client;
	double timeout_ms = json_get_num(request->json, "timeout_ms", -1);
	struct ctl_wait *wait;

	if (client->wait_count == CTL_WAITS_MAX) {
		ctl_refuse(client, request->id, "bad_request",
		    "more than %u answers are pending", CTL_WAITS_MAX);
		return;
	}
	wait = xcalloc(1, sizeof(*wait));
	wait->client = client;
	snprintf(wait->id, sizeof(wait->id), "%s", request->id);
	wait->child = child;
	wait->kind = kind;
	wait->face = face;
	wait->after = after;
	ev_timer_init(&wait->timer, on_timeout, 0., 0.);
	if (timeout_ms >= 0 && timeout_ms < 1e12)
		loop_timer_start(
		    client->msd->loop, &wait->timer, (uint64_t)timeout_ms);
	LIST_INSERT_HEAD(&client->waits, wait, entry);
	client->wait_count++;
	ctl_on_state(client->ctl);
}

static void
look_at_client(struct ctl_client *client)
{
	struct ctl_wait *wait, *next;

	for (wait = LIST_FIRST(&client->waits); wait; wait = next) {
		next = LIST_NEXT(wait, entry);
		if (look_at(wait))
			wait_free(wait);
	}
	if (client->streams)
		ctl_flush(client);
}

static void
on_look(struct loop_task *task)
{
	struct ctl *ctl = container_of(task, struct ctl, look);
	struct ctl_client *client, *next;

	for (client = LIST_FIRST(&ctl->clients); client; client = next) {
		next = LIST_NEXT(client, entry);
		look_at_client(client);
		if (client->closing)
			client_free(client);
	}
}

void
ctl_on_state(struct ctl *ctl)
{
	if (ctl && !ctl->look.queued)
		loop_later(ctl->msd->loop, &ctl->look);
}

static void
on_event(void *arg)
{
	ctl_on_state(arg);
}

void
ctl_on_forget(struct ctl *ctl, const struct child *child)
{
	struct ctl_client *client;
	struct ctl_wait *wait, *next;

	if (!ctl)
		return;
	LIST_FOREACH(client, &ctl->clients, entry)
	{
		for (wait = LIST_FIRST(&client->waits); wait; wait = next) {
			next = LIST_NEXT(wait, entry);
			if (wait->child != child)
				continue;
			ctl_refuse(client, wait->id, "not_found",
			    "%s has left the configuration",
			    child->node.name);
			wait_free(wait);
		}
	}
}

/* ---- receiving ------------------------------------------------------------- */

static void
take_line(struct ctl_client *client, struct slice line)
{
	struct ctl_request request = { .client = client };
	struct json *root;
	struct why why = { "" };
	char id[CTL_ID_BYTES] = "null";
	const struct json *given;
	struct buf text = { 0 };

	if (json_parse(line, &root, &why) != MS_OK) {
		ctl_refuse(client, id, "bad_request", "no JSON: %s", why.text);
		return;
	}
	given = json_get(root, "id");
	if (given) {
		json_print(given, &text);
		if (text.len < sizeof(id))
			snprintf(id, sizeof(id), "%.*s", (int)text.len,
			    (char *)text.ptr);
		buf_fini(&text);
	}
	request.json = root;
	request.id = id;
	request.name = json_get_str(root, "name", "");
	request.verb = json_get_str(root, "do", "");
	ctl_execute(&request);
	json_free(&root);
}

static void
take_lines(struct ctl_client *client)
{
	struct slice line;
	size_t off = 0;

	while (!client->closing && buf_line(&client->in, &off, &line))
		if (line.len > 0)
			take_line(client, line);
	buf_drop(&client->in, off);
	if (client->in.len > CTL_LINE_BYTES_MAX) {
		ctl_refuse(client, "null", "bad_request",
		    "a line is longer than %u bytes", CTL_LINE_BYTES_MAX);
		hang_up(client);
	}
}

static void
on_readable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct ctl_client *client =
	    container_of(io, struct ctl_client, read_io);
	ssize_t n = fd_read_some(client->fd, &client->in, READ_BYTES_PER_TURN);

	(void)ev;
	if (n > 0)
		take_lines(client);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		hang_up(client);
}

static void
on_writable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	ctl_flush(container_of(io, struct ctl_client, write_io));
}

/* ---- accepting ------------------------------------------------------------- */

static bool
is_in_group(int fd, const struct peer *peer, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t bytes = sizeof(groups);

	if (gid == (gid_t)-1)
		return false;
	if (peer->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) != 0)
		return false;
	for (size_t i = 0; i < bytes / sizeof(gid_t); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static void
greet(struct ctl *ctl, int fd)
{
	struct ctl_client *client = xcalloc(1, sizeof(*client));
	struct peer peer = { .uid = (uid_t)-1 };

	client->ctl = ctl;
	client->msd = ctl->msd;
	client->fd = fd;
	client->in.limit_bytes = CTL_LINE_BYTES_MAX + READ_BYTES_PER_TURN;
	client->out.limit_bytes = CTL_OUT_BYTES_MAX * 2;
	LIST_INIT(&client->waits);
	if (sock_peer(fd, &peer))
		client->is_controller = peer.uid == 0 ||
		    peer.uid == geteuid() ||
		    is_in_group(fd, &peer, ctl->control_gid);
	ev_io_init(&client->read_io, on_readable, fd, EV_READ);
	ev_io_init(&client->write_io, on_writable, fd, EV_WRITE);
	ev_io_start(loop_ev(ctl->msd->loop), &client->read_io);
	LIST_INSERT_HEAD(&ctl->clients, client, entry);
	ctl->client_count++;
}

static void
on_accept(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct ctl *ctl = container_of(io, struct ctl, accept_io);
	int fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ev;
	if (fd < 0)
		return;
	if (ctl->client_count >= CTL_CLIENTS_MAX) {
		static const char full[] =
		    "{\"id\":null,\"ok\":false,\"error\":{\"code\":"
		    "\"bad_request\",\"message\":\"too many clients\"}}\n";

		(void)!send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
		close(fd);
		return;
	}
	greet(ctl, fd);
}

enum ms_err
ctl_new(struct msd *msd, struct ctl **ctl_r, struct why *why)
{
	const char *group = msd->spec->msd.control_group;
	mode_t mode = group ? 0666 : 0660;
	struct ctl *ctl;
	int fd;
	enum ms_err err = sock_listen_unix(msd->socket_path, mode, &fd, why);

	if (err != MS_OK)
		return err;
	ctl = xcalloc(1, sizeof(*ctl));
	ctl->msd = msd;
	ctl->fd = fd;
	ctl->look.run = on_look;
	ctl->control_gid = (gid_t)-1;
	if (group && !group_find(group, &ctl->control_gid))
		log_warn("control_group is not known, only root controls",
		    "group=%s", LOGQ(group));
	LIST_INIT(&ctl->clients);
	ev_io_init(&ctl->accept_io, on_accept, fd, EV_READ);
	ev_io_start(loop_ev(msd->loop), &ctl->accept_io);
	events_listen(msd->events, on_event, ctl);
	*ctl_r = ctl;
	return MS_OK;
}

void
ctl_free(struct ctl **ctl_p)
{
	struct ctl *ctl = *ctl_p;

	if (!ctl)
		return;
	*ctl_p = NULL;
	events_listen(ctl->msd->events, NULL, NULL);
	while (!LIST_EMPTY(&ctl->clients)) {
		ctl_flush(LIST_FIRST(&ctl->clients));
		client_free(LIST_FIRST(&ctl->clients));
	}
	ev_io_stop(loop_ev(ctl->msd->loop), &ctl->accept_io);
	fd_close(&ctl->fd);
	unlink(ctl->msd->socket_path);
	free(ctl);
}
