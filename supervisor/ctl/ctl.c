/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket, who may do what, and the way of a request to its verb.  What a
 * verb means is in ctl_cmds.c; bytes are the business of ctl_client.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"
#include "supervisor/ctl/ctl_impl.h"
#include "supervisor/events.h"
#include "supervisor/inherited.h"
#include "supervisor/launch/group.h"
#include "supervisor/tree/dynamic.h"

#define ACCEPTS_PER_TURN 16u
#define ACCEPT_REST_MS   100u

/* ---- requests ----------------------------------------------------------- */

static const struct ctl_verb *
find_verb(const char *name)
{
	for (const struct ctl_verb *verb = ctl_verbs; verb->name; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

static void
unknown_verb(const struct ctl_request *request, const char *word)
{
	const char *names[32];
	const char *near;
	size_t n = 0;

	for (const struct ctl_verb *verb = ctl_verbs; verb->name; verb++)
		if (n < ARRAY_LEN(names))
			names[n++] = verb->name;
	near = suggest(slice_of(word), names, n);
	ctl_fail(request, "bad_request", "unknown verb '%.40s'%s%s%s", word,
	    near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

/* Fills node and child; false after an answer. */
static bool
resolve(struct ctl_request *request, const struct ctl_verb *verb)
{
	const struct json *name = json_get(request->json, "name");

	/* whoever means a worker must not get what is for all of them */
	if (name && json_type_of(name) != JSON_STRING &&
	    json_type_of(name) != JSON_NULL) {
		ctl_fail(request, "bad_request", "name: is a text");
		return false;
	}
	request->name = name ? json_text(name) : NULL;
	if (!request->name && verb->naming < CTL_MUST_NAME)
		return true;
	if (!request->name) {
		ctl_fail(request, "bad_request", "%s needs a name", verb->name);
		return false;
	}
	if (verb->naming == CTL_NO_NAME) {
		ctl_fail(request, "bad_request", "%s takes no name",
		    verb->name);
		return false;
	}
	request->node = tree_find(&request->msd->tree, request->name);
	request->child = node_child(request->node);
	if (request->node)
		return true;
	if (verb->naming == CTL_MAY_BE_GONE &&
	    dynamic_has_been(request->msd, request->name)) {
		ctl_reply(request);
		ctl_reply_end(request);
		return false;
	}
	ctl_fail(request, "not_found", "there is no '%.80s'", request->name);
	return false;
}

static void
run_request(struct ctl_client *client, const struct json *json)
{
	struct ctl_request request = { .msd = client->ctl->msd,
		.ctl = client->ctl,
		.client = client,
		.json = json };
	double id = json_get_num(json, "id", -1);
	const char *word = json_get_str(json, "do", NULL);
	const struct ctl_verb *verb = word ? find_verb(word) : NULL;

	request.id = id >= 0 && id <= 9e15 ? (int64_t)id : -1;
	if (json_get_num(json, "v", 1) != 1)
		ctl_fail(&request, "bad_request", "only \"v\":1 is spoken");
	else if (!word)
		ctl_fail(&request, "bad_request", "\"do\" is missing");
	else if (!verb)
		unknown_verb(&request, word);
	else if (verb->right == CTL_CONTROL && !client->may_control)
		ctl_fail(&request, "permission",
		    "%s is for root, msd's user and control_group", verb->name);
	else if (resolve(&request, verb)) {
		meters_request(verb->name);
		verb->run(&request);
	}
}

void
ctl_run_line(struct ctl_client *client, struct slice line)
{
	struct json *json = NULL;
	struct why why = { "" };
	char text[320];

	if (slice_trim(line).len == 0)
		return;
	if (json_parse(line, &json, &why) != MS_OK) {
		snprintf(text, sizeof(text), "not JSON: %s", why.text);
		ctl_client_fail(client, -1, "bad_request", text);
	} else if (json_type_of(json) != JSON_OBJECT) {
		ctl_client_fail(client, -1, "bad_request", "not a JSON object");
	} else {
		run_request(client, json);
	}
	json_free(&json);
}

/* ---- turns --------------------------------------------------------------- */

static void
on_turn_end(struct loop_task *task)
{
	struct ctl *ctl = container_of(task, struct ctl, judge);
	struct ctl_client *client, *next;

	ctl_judge_waits(ctl);
	for (client = TAILQ_FIRST(&ctl->clients); client; client = next) {
		next = TAILQ_NEXT(client, entry);
		ctl_client_flush(client);
	}
}

static void
on_event(void *arg)
{
	struct ctl *ctl = arg;

	if (!ctl->judge.queued)
		loop_later(ctl->msd->loop, &ctl->judge);
}

void
ctl_on_state(struct ctl *ctl)
{
	if (ctl)
		on_event(ctl);
}

/* ---- who ----------------------------------------------------------------- */

static bool
may_control(const struct ctl *ctl, const struct peer *peer)
{
	const char *group = ctl->msd->spec->msd.control_group;
	gid_t gid;

	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	return group && group_find(group, &gid) &&
	    (peer->gid == gid || user_is_in_group(peer->uid, gid));
}

static void
refuse_client(int fd)
{
	static const char text[] =
	    "{\"id\":null,\"ok\":false,\"error\":{\"code\":\"busy\","
	    "\"message\":\"too many clients\"}}\n";

	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("client refused", "errno=%d", errno);
	fd_close(&fd);
}

/* Nothing is owed to it. */
static bool
is_idle(const struct ctl_client *client)
{
	return !client->follows && client->waits == 0 && client->out.len == 0;
}

/* The one that has been silent for longest makes room; a reader never drives
 * a controller away, and a controller always finds room among readers. */
static bool
make_room(struct ctl *ctl, bool for_controller)
{
	struct ctl_client *client, *reader = NULL;

	TAILQ_FOREACH(client, &ctl->clients, entry) {
		if (is_idle(client) && (for_controller || !client->may_control))
			break;
		if (!reader && !client->may_control)
			reader = client;
	}
	if (!client && for_controller)
		client = reader;
	if (client)
		ctl_client_end(client);
	return client;
}

static void
greet(struct ctl *ctl, int fd)
{
	struct peer peer;
	bool controls;

	if (!sock_peer(fd, &peer)) {
		fd_close(&fd);
		return;
	}
	controls = may_control(ctl, &peer);
	if (ctl->client_count < CTL_CLIENTS_MAX || make_room(ctl, controls))
		ctl_client_new(ctl, fd, controls);
	else
		refuse_client(fd);
}

/* The client stays in the queue of the socket, which stays readable: without
 * a rest this would be asked again at once, for ever. */
static void
rest_listener(struct ctl *ctl)
{
	ev_io_stop(loop_ev(ctl->msd->loop), &ctl->listener);
	loop_timer_start(ctl->msd->loop, &ctl->accept_again, ACCEPT_REST_MS);
}

static void
on_accept_again(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct ctl *ctl = container_of(timer, struct ctl, accept_again);

	ev_io_start(ev, &ctl->listener);
}

/* Nothing wakes us when one that waits after having said all hangs up. */
static void
end_gone(struct ctl *ctl)
{
	struct ctl_client *client, *next;

	for (client = TAILQ_FIRST(&ctl->clients); client; client = next) {
		next = TAILQ_NEXT(client, entry);
		ctl_client_end_if_done(client);
	}
}

static void
on_accept(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct ctl *ctl = container_of(io, struct ctl, listener);

	(void)ev;
	end_gone(ctl);
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd =
		    accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				rest_listener(ctl);
			return;
		}
		greet(ctl, fd);
	}
}

/* ---- the socket --------------------------------------------------------- */

/* Readers may be anybody when there is a group of controllers to tell from
 * them; otherwise the file keeps others out. */
static mode_t
socket_mode(const struct msd *msd)
{
	return msd->spec->msd.control_group ? 0666 : 0660;
}

static void
give_socket(const struct msd *msd)
{
	const struct msd_conf *conf = &msd->spec->msd;
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (conf->user)
		user_find(conf->user, &uid);
	if (conf->group)
		group_find(conf->group, &gid);
	if ((conf->user || conf->group) &&
	    chown(msd->socket_path, uid, gid) < 0)
		log_warn("cannot give the control socket away", "errno=%d",
		    errno);
}

/* What a manager passes is passed to the process it knows: the guardian. */
static int
take_socket(const struct msd *msd)
{
	return inherited_unix(msd->guard.pid ? msd->guard.pid : msd->pid,
	    msd->socket_path);
}

struct ctl *
ctl_new(struct msd *msd, int fd)
{
	struct ctl *ctl = xcalloc(1, sizeof(*ctl));

	ctl->msd = msd;
	ctl->fd = fd;
	ctl->judge.run = on_turn_end;
	TAILQ_INIT(&ctl->clients);
	TAILQ_INIT(&ctl->waits);
	ev_io_init(&ctl->listener, on_accept, fd, EV_READ);
	ev_timer_init(&ctl->accept_again, on_accept_again, 0., 0.);
	ev_io_start(loop_ev(msd->loop), &ctl->listener);
	events_listen(msd->events, on_event, ctl);
	return ctl;
}

struct ctl *
ctl_open(struct msd *msd, struct why *why)
{
	int fd = take_socket(msd);
	bool inherited = fd >= 0;
	struct ctl *ctl;

	if (!inherited &&
	    sock_listen_unix(msd->socket_path, socket_mode(msd), &fd, why) !=
		MS_OK)
		return NULL;
	if (!inherited)
		give_socket(msd);
	ctl = ctl_new(msd, fd);
	ctl->inherited = inherited;
	return ctl;
}

void
ctl_on_reload(struct ctl *ctl)
{
	struct ctl_client *client;
	struct peer peer;

	if (!ctl->inherited &&
	    chmod(ctl->msd->socket_path, socket_mode(ctl->msd)) < 0)
		log_warn("cannot change the control socket's mode", "errno=%d",
		    errno);
	TAILQ_FOREACH(client, &ctl->clients, entry)
		client->may_control =
		    sock_peer(client->fd, &peer) && may_control(ctl, &peer);
}

void
ctl_close(struct ctl **ctl_ptr)
{
	struct ctl *ctl = *ctl_ptr;

	if (!ctl)
		return;
	*ctl_ptr = NULL;
	events_show_all(ctl->msd->events);
	events_listen(ctl->msd->events, NULL, NULL);
	ev_io_stop(loop_ev(ctl->msd->loop), &ctl->listener);
	loop_timer_stop(ctl->msd->loop, &ctl->accept_again);
	fd_close(&ctl->fd);
	if (!ctl->inherited)
		unlink(ctl->msd->socket_path);
	while (!TAILQ_EMPTY(&ctl->clients)) {
		struct ctl_client *client = TAILQ_FIRST(&ctl->clients);

		ctl_client_flush(client);
		if (client == TAILQ_FIRST(&ctl->clients))
			ctl_client_end(client);
	}
	loop_turn(ctl->msd->loop, false); /* what is still queued for it */
	free(ctl);
}
