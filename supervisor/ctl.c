/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients, lines, streams and waits.  What a verb means is in ctl_cmds.c.
 *
 * An event reader is fed from the ring by number: it costs no queue of its
 * own beyond one buffer, and when it is so slow that the ring has moved on,
 * it is cut off and counted; it can come back with the number it has.
 */
#include "supervisor/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"
#include "proto/contract.h"
#include "supervisor/events.h"
#include "supervisor/launch_user.h"
#include "supervisor/msd.h"
#include "supervisor/show.h"

#define ACCEPTS_PER_TURN  16u
#define READ_BYTES        (16u << 10)
#define LINES_PER_TURN    32u
#define STREAM_BYTES_HIGH (256u << 10) /* stop filling a slow reader */

struct wait {
	TAILQ_ENTRY(wait) entry;
	struct ctl_client *client;
	int64_t id;
	char *name;
	struct ctl_wait what;
	ev_timer timer;
};
TAILQ_HEAD(waits, wait);

struct ctl_client {
	TAILQ_ENTRY(ctl_client) entry;
	struct ctl *ctl;
	int fd;
	ev_io readable, writable;
	struct loop_task more; /* lines left over from a turn */
	struct buf in, out;
	bool may_control;
	bool dead; /* freed at the end of the turn */
	bool follows;
	bool ends; /* the stream stops at `until` */
	uint64_t next, until;
	int64_t stream_id;
	unsigned waits;
};
TAILQ_HEAD(clients, ctl_client);

struct ctl {
	struct msd *msd;
	int fd;
	ev_io listener;
	struct clients clients;
	unsigned client_count;
	struct waits waits;
	struct loop_task judge; /* look at the waits at the end of the turn */
	uint64_t slow_dropped;
};

/* ---- clients: end ------------------------------------------------------- */

static void
wait_free(struct ctl *ctl, struct wait *wait)
{
	TAILQ_REMOVE(&ctl->waits, wait, entry);
	loop_timer_stop(ctl->msd->loop, &wait->timer);
	wait->client->waits--;
	free(wait->name);
	free(wait);
}

/* Safe inside any callback of the client: its memory lives to the end of the
 * turn. */
static void
client_end(struct ctl_client *client)
{
	struct ctl *ctl = client->ctl;
	struct ev_loop *ev = loop_ev(ctl->msd->loop);
	struct wait *wait, *next;

	if (client->dead)
		return;
	client->dead = true;
	for (wait = TAILQ_FIRST(&ctl->waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, entry);
		if (wait->client == client)
			wait_free(ctl, wait);
	}
	ev_io_stop(ev, &client->readable);
	ev_io_stop(ev, &client->writable);
	fd_close(&client->fd);
	TAILQ_REMOVE(&ctl->clients, client, entry);
	ctl->client_count--;
	buf_fini(&client->in);
	buf_fini(&client->out);
	if (!client->more.queued)
		loop_later_free(ctl->msd->loop, client);
}

/* ---- clients: out ------------------------------------------------------- */

static void
fill_stream(struct ctl_client *client)
{
	struct events *events = client->ctl->msd->events;

	while (client->follows && client->out.len < STREAM_BYTES_HIGH) {
		const char *line;

		if (client->ends && client->next >= client->until) {
			client->follows = false;
			buf_printf(&client->out,
			    "{\"id\":%lld,\"ok\":true,\"end\":true}\n",
			    (long long)client->stream_id);
			return;
		}
		if (client->next >= events_next(events))
			return;
		line = events_get(events, client->next);
		if (!line) { /* the ring has overtaken it */
			client->ctl->slow_dropped++;
			log_warn("slow event reader dropped", "dropped=%llu",
			    (unsigned long long)client->ctl->slow_dropped);
			client_end(client);
			return;
		}
		buf_add_str(&client->out, line);
		buf_add_u8(&client->out, '\n');
		client->next++;
	}
}

static void
flush_client(struct ctl_client *client)
{
	struct ev_loop *ev = loop_ev(client->ctl->msd->loop);

	for (;;) {
		ssize_t n;

		fill_stream(client);
		if (client->dead)
			return;
		if (client->out.failed) { /* does not read its answers */
			client->ctl->slow_dropped++;
			client_end(client);
			return;
		}
		if (client->out.len == 0)
			break;
		n = send(client->fd, client->out.ptr, client->out.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			ev_io_start(ev, &client->writable);
			return;
		}
		if (n < 0) {
			client_end(client);
			return;
		}
		buf_drop(&client->out, (size_t)n);
	}
	ev_io_stop(ev, &client->writable);
	if (client->out.cap > STREAM_BYTES_HIGH)
		buf_fini(&client->out); /* one big answer is no reason */
	client->out.limit_bytes = CTL_REPLY_BYTES_MAX;
}

static void
on_writable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	(void)ev;
	flush_client(container_of(io, struct ctl_client, writable));
}

static void
on_event(void *arg)
{
	struct ctl *ctl = arg;

	if (!ctl->judge.queued)
		loop_later(ctl->msd->loop, &ctl->judge);
}

/* ---- replies ------------------------------------------------------------ */

static void
head(struct buf *out, int64_t id, bool ok)
{
	buf_add_str(out, "{\"id\":");
	if (id >= 0)
		buf_printf(out, "%lld", (long long)id);
	else
		buf_add_str(out, "null");
	buf_printf(out, ",\"ok\":%s", ok ? "true" : "false");
}

struct buf *
ctl_reply(const struct ctl_request *request)
{
	struct buf *out = &request->client->out;

	head(out, request->id, true);
	buf_add_str(out, ",\"v\":1");
	return out;
}

void
ctl_reply_end(const struct ctl_request *request)
{
	buf_add_str(&request->client->out, "}\n");
}

static void
fail(struct ctl_client *client, int64_t id, const char *code, const char *text)
{
	head(&client->out, id, false);
	buf_printf(&client->out,
	    ",\"error\":{\"code\":\"%s\",\"message\":", code);
	json_quote(&client->out, slice_of(text));
	buf_add_str(&client->out, "}}\n");
}

void
ctl_fail(const struct ctl_request *request, const char *code, const char *fmt,
    ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail(request->client, request->id, code, text);
}

/* ---- waits -------------------------------------------------------------- */

/* 1: it is so; -1: it will not be; 0: not yet. */
static int
judge(const struct ctl_wait *what, const struct child *child)
{
	bool settled =
	    !child->must_start && !child->must_stop && !child_is_alive(child);

	switch (what->what) {
	case CTL_WAIT_STATE:
		return child_face(child) == what->face;
	case CTL_WAIT_DOWN:
		return settled;
	case CTL_WAIT_UP:
		if (child->generation > what->generation &&
		    child_is_ready(child))
			return 1;
		return settled && child->generation > what->generation ? -1 : 0;
	}
	return 0;
}

/* A whole tree is `ready` when it has booted and every worker that should be
 * up is; `down` when nothing lives. */
static int
judge_group(const struct msd *msd, const struct ctl_wait *what,
    const struct group *group)
{
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct child *child = msd->tree.children[i];
		bool ended = child->want == WANT_DOWN ||
		    child->state == CHILD_EXITED ||
		    child->state == CHILD_IGNORED;

		if (child->leaving || !tree_is_below(&child->node, group))
			continue;
		if (what->what == CTL_WAIT_DOWN
			? child_is_alive(child)
			: !child_is_ready(child) && !ended)
			return 0;
	}
	return what->what == CTL_WAIT_DOWN || !group->starting;
}

static int
judge_name(const struct msd *msd, const struct ctl_wait *what, const char *name)
{
	const struct node *node = tree_find(&msd->tree, name);

	if (!node) /* removed: it is down, and will be nothing else */
		return what->what == CTL_WAIT_DOWN ? 1 : -1;
	if (node->is_group)
		return judge_group(msd, what, node_group(node));
	return judge(what, node_child(node));
}

static void
answer_wait(struct ctl_client *client, int64_t id, const char *name,
    int verdict)
{
	const struct msd *msd = client->ctl->msd;
	const struct child *child = tree_find_child(&msd->tree, name);
	char text[EXIT_TEXT_BYTES + 128], how[EXIT_TEXT_BYTES];

	if (verdict > 0) {
		head(&client->out, id, true);
		buf_add_str(&client->out, ",\"v\":1");
		if (child) {
			buf_add_str(&client->out, ",\"worker\":");
			show_child(child, &client->out);
		}
		buf_add_str(&client->out, "}\n");
		return;
	}
	if (child && child_exit(child, 0))
		snprintf(text, sizeof(text), "%s did not start: %s", name,
		    exit_print(child_exit(child, 0), how));
	else
		snprintf(text, sizeof(text), "%s did not start", name);
	fail(client, id, child ? "failed" : "not_found", text);
}

static void
judge_waits(struct ctl *ctl)
{
	struct wait *wait, *next;

	for (wait = TAILQ_FIRST(&ctl->waits); wait; wait = next) {
		int verdict = judge_name(ctl->msd, &wait->what, wait->name);

		next = TAILQ_NEXT(wait, entry);
		if (verdict == 0)
			continue;
		answer_wait(wait->client, wait->id, wait->name, verdict);
		wait_free(ctl, wait);
	}
}

static void
on_turn_end(struct loop_task *task)
{
	struct ctl *ctl = container_of(task, struct ctl, judge);
	struct ctl_client *client, *next;

	judge_waits(ctl);
	for (client = TAILQ_FIRST(&ctl->clients); client; client = next) {
		next = TAILQ_NEXT(client, entry);
		flush_client(client);
	}
}

void
ctl_on_state(struct ctl *ctl)
{
	if (ctl)
		on_event(ctl);
}

static void
on_timeout(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct wait *wait = container_of(timer, struct wait, timer);
	struct ctl_client *client = wait->client;
	char text[256];

	(void)ev;
	snprintf(text, sizeof(text), "%s has not got there in time",
	    wait->name);
	fail(client, wait->id, "timeout", text);
	wait_free(client->ctl, wait);
	flush_client(client);
}

void
ctl_await(const struct ctl_request *request, const struct ctl_wait *what)
{
	struct ctl_client *client = request->client;
	struct ctl *ctl = request->ctl;
	int verdict = judge_name(ctl->msd, what, request->name);
	struct wait *wait;

	/* an order just given has not been carried out yet */
	if (verdict != 0 && what->what != CTL_WAIT_UP) {
		answer_wait(client, request->id, request->name, verdict);
		return;
	}
	if (client->waits >= CTL_WAITS_MAX) {
		ctl_fail(request, "bad_request",
		    "more than %u waits on one connection", CTL_WAITS_MAX);
		return;
	}
	wait = xcalloc(1, sizeof(*wait));
	wait->client = client;
	wait->id = request->id;
	wait->name = xstrdup(request->name);
	wait->what = *what;
	client->waits++;
	ev_timer_init(&wait->timer, on_timeout, 0., 0.);
	if (what->timeout_ms != DURATION_INFINITY)
		loop_timer_start(ctl->msd->loop, &wait->timer,
		    what->timeout_ms);
	TAILQ_INSERT_TAIL(&ctl->waits, wait, entry);
}

void
ctl_follow(const struct ctl_request *request, uint64_t from, bool follow)
{
	struct ctl_client *client = request->client;
	const struct events *events = request->msd->events;
	uint64_t first = events_first(events), next = events_next(events);
	struct buf *out = ctl_reply(request);

	buf_printf(out, ",\"first\":%llu,\"next\":%llu",
	    (unsigned long long)first, (unsigned long long)next);
	ctl_reply_end(request);
	client->follows = true;
	client->ends = !follow;
	client->next = from < first ? first : from > next ? next : from;
	client->until = next;
	client->stream_id = request->id;
}

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

/* Fills node and child; false after an error has been answered. */
static bool
resolve(struct ctl_request *request, const struct ctl_verb *verb)
{
	request->name = json_get_str(request->json, "name", NULL);
	if (!request->name && verb->naming != CTL_MUST_NAME)
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
	else if (resolve(&request, verb))
		verb->run(&request);
}

static void
run_line(struct ctl_client *client, struct slice line)
{
	struct json *json = NULL;
	struct why why = { "" };
	char text[320];

	if (slice_trim(line).len == 0)
		return;
	if (json_parse(line, &json, &why) != MS_OK) {
		snprintf(text, sizeof(text), "not JSON: %s", why.text);
		fail(client, -1, "bad_request", text);
	} else if (json_type_of(json) != JSON_OBJECT) {
		fail(client, -1, "bad_request", "not a JSON object");
	} else {
		run_request(client, json);
	}
	json_free(&json);
}

/* A bounded number of lines: one client must not own the turn. */
static void
run_lines(struct ctl_client *client)
{
	struct slice line;
	size_t off = 0;
	unsigned n = 0;

	while (n < LINES_PER_TURN && !client->out.failed &&
	    buf_line(&client->in, &off, &line)) {
		run_line(client, line);
		n++;
	}
	buf_drop(&client->in, off);
	if (n == LINES_PER_TURN && !client->more.queued)
		loop_later(client->ctl->msd->loop, &client->more);
	if (client->in.len >= CTL_LINE_BYTES_MAX && n < LINES_PER_TURN) {
		fail(client, -1, "bad_request", "the line is too long");
		flush_client(client);
		client_end(client);
		return;
	}
	flush_client(client);
}

static void
on_more(struct loop_task *task)
{
	struct ctl_client *client = container_of(task, struct ctl_client, more);

	if (client->dead)
		loop_later_free(client->ctl->msd->loop, client);
	else
		run_lines(client);
}

static void
on_readable(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct ctl_client *client =
	    container_of(io, struct ctl_client, readable);
	ssize_t n;

	(void)ev;
	n = fd_read_some(client->fd, &client->in, READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		n = 1; /* full of lines that wait for their turn */
	if (n <= 0)
		client_end(client);
	else
		run_lines(client);
}

/* ---- clients: begin ----------------------------------------------------- */

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
client_new(struct ctl *ctl, int fd)
{
	struct ev_loop *ev = loop_ev(ctl->msd->loop);
	struct ctl_client *client;
	struct peer peer;

	if (!sock_peer(fd, &peer)) {
		fd_close(&fd);
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->ctl = ctl;
	client->fd = fd;
	client->may_control = may_control(ctl, &peer);
	client->in.limit_bytes = CTL_LINE_BYTES_MAX + 1;
	client->out.limit_bytes = CTL_REPLY_BYTES_MAX;
	client->more.run = on_more;
	ev_io_init(&client->readable, on_readable, fd, EV_READ);
	ev_io_init(&client->writable, on_writable, fd, EV_WRITE);
	ev_io_start(ev, &client->readable);
	TAILQ_INSERT_TAIL(&ctl->clients, client, entry);
	ctl->client_count++;
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

static void
on_accept(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct ctl *ctl = container_of(io, struct ctl, listener);

	(void)ev;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd =
		    accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		if (ctl->client_count >= CTL_CLIENTS_MAX)
			refuse_client(fd);
		else
			client_new(ctl, fd);
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

struct ctl *
ctl_open(struct msd *msd, struct why *why)
{
	struct ctl *ctl;
	int fd;

	if (sock_listen_unix(msd->socket_path, socket_mode(msd), &fd, why) !=
	    MS_OK)
		return NULL;
	give_socket(msd);
	ctl = xcalloc(1, sizeof(*ctl));
	ctl->msd = msd;
	ctl->fd = fd;
	ctl->judge.run = on_turn_end;
	TAILQ_INIT(&ctl->clients);
	TAILQ_INIT(&ctl->waits);
	ev_io_init(&ctl->listener, on_accept, fd, EV_READ);
	ev_io_start(loop_ev(msd->loop), &ctl->listener);
	events_listen(msd->events, on_event, ctl);
	return ctl;
}

void
ctl_on_reload(struct ctl *ctl)
{
	struct ctl_client *client;
	struct peer peer;

	if (chmod(ctl->msd->socket_path, socket_mode(ctl->msd)) < 0)
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
	events_listen(ctl->msd->events, NULL, NULL);
	ev_io_stop(loop_ev(ctl->msd->loop), &ctl->listener);
	fd_close(&ctl->fd);
	unlink(ctl->msd->socket_path);
	while (!TAILQ_EMPTY(&ctl->clients)) {
		flush_client(TAILQ_FIRST(&ctl->clients));
		if (!TAILQ_EMPTY(&ctl->clients))
			client_end(TAILQ_FIRST(&ctl->clients));
	}
	loop_turn(ctl->msd->loop, false); /* what is still queued for it */
	free(ctl);
}
