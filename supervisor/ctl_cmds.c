/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be asked of msd: a table of verbs with the right each needs.  A
 * command changes wishes; steps.c makes them true, so every command may come
 * in every state.
 */
#include <string.h>

#include "supervisor/command.h"
#include "supervisor/ctl_client.h"
#include "supervisor/events.h"
#include "supervisor/logpipe.h"
#include "supervisor/reload.h"
#include "supervisor/status.h"

#define WHY_LINES 10

static void
refuse_no_worker(const struct ctl_request *r)
{
	if (tree_find(&r->client->msd->tree, r->name))
		ctl_refuse(r->client, r->id, "bad_request",
		    "%s is a supervisor, not a worker", r->name);
	else
		ctl_refuse(r->client, r->id, "not_found", "no worker '%.80s'",
		    r->name);
}

static struct child *
find_worker(const struct ctl_request *r)
{
	struct child *child =
	    tree_find_child(&r->client->msd->tree, r->name);

	if (!child)
		refuse_no_worker(r);
	return child;
}

static void
answer_plainly(const struct ctl_request *r, const struct child *child)
{
	struct json *reply = json_object();

	if (child)
		json_put_str(
		    reply, "state", child_face_name(child_face(child)));
	ctl_answer(r->client, r->id, reply);
}

/* ---- looking ---------------------------------------------------------------- */

static void
do_tree(const struct ctl_request *r)
{
	struct json *reply = json_object();

	status_tree(r->client->msd->tree.root, json_put_object(reply, "tree"));
	ctl_answer(r->client, r->id, reply);
}

static void
put_groups(const struct msd *msd, struct json *workers)
{
	for (size_t i = 0; i < msd->tree.group_count; i++)
		status_of_group(
		    msd->tree.groups[i], json_put_object(workers, NULL));
}

static void
do_status(const struct ctl_request *r)
{
	const struct msd *msd = r->client->msd;
	const struct node *node =
	    r->name[0] ? tree_find(&msd->tree, r->name) : NULL;
	struct json *reply, *workers;

	if (r->name[0] && !node) {
		refuse_no_worker(r);
		return;
	}
	reply = json_object();
	json_put_num(reply, "v", 1);
	workers = json_put_array(reply, "workers");
	if (node && node->is_group)
		status_of_group(node_group(node), json_put_object(workers, NULL));
	else if (node)
		status_of_child(node_child(node), json_put_object(workers, NULL));
	for (size_t i = 0; !node && i < msd->tree.child_count; i++)
		status_of_child(
		    msd->tree.children[i], json_put_object(workers, NULL));
	if (!node && json_get_bool(r->json, "all", false))
		put_groups(msd, workers);
	ctl_answer(r->client, r->id, reply);
}

static void
do_why(const struct ctl_request *r)
{
	struct child *child = find_worker(r);
	const struct exit_reason *reason;
	struct json *reply, *exits;
	char path[LOG_PATH_BYTES];

	if (!child)
		return;
	reply = json_object();
	status_of_child(child, json_put_object(reply, "worker"));
	exits = json_put_array(reply, "exits");
	for (uint32_t n = 0; (reason = child_exit(child, n)) != NULL; n++)
		status_of_exit(reason, json_put_object(exits, NULL));
	json_put_str(reply, "done", child->done ? child->done : "");
	if (child->state == CHILD_BACKOFF)
		json_put_num(reply, "next_start_ms",
		    (double)mono_ms_left(mono_now(), child->due));
	status_last_lines(logs_path(child->msd->logs, child, path), WHY_LINES,
	    json_put_array(reply, "output"));
	ctl_answer(r->client, r->id, reply);
}

static void
do_logs(const struct ctl_request *r)
{
	struct child *child = find_worker(r);
	char path[LOG_PATH_BYTES];
	struct json *reply;

	if (!child)
		return;
	reply = json_object();
	json_put_str(
	    reply, "path", logs_path(child->msd->logs, child, path));
	ctl_answer(r->client, r->id, reply);
}

static void
do_events(const struct ctl_request *r)
{
	struct ctl_client *client = r->client;
	const struct events *events = client->msd->events;
	double from = json_get_num(r->json, "from", -1);
	bool follow = json_get_bool(r->json, "follow", true);
	/* a stream without a beginning begins now, a list with the oldest */
	uint64_t first = from >= 0 ? (uint64_t)from
	    : follow               ? events_next(events)
				   : events_first(events);

	if (first < events_first(events))
		first = events_first(events);
	client->next_seq = first;
	ctl_answer(client, r->id, json_object());
	if (follow) {
		client->streams = true;
		ctl_flush(client);
		return;
	}
	for (const char *line; (line = events_get(events, first)); first++) {
		buf_add_str(&client->out, line);
		buf_add_u8(&client->out, '\n');
	}
	buf_add_str(&client->out, "{\"end\":true}\n");
	ctl_flush(client);
}

static void
do_show(const struct ctl_request *r)
{
	struct child *child = find_worker(r);
	struct buf text = { 0 };
	struct json *reply, *spec;

	if (!child)
		return;
	reply = json_object();
	json_put_str(reply, "name", child->node.name);
	spec = json_put_object(reply, "spec");
	for (const struct field *row = worker_rows; row->name; row++) {
		buf_reset(&text);
		field_print(row, &child->spec->conf, &text);
		buf_add_u8(&text, '\0');
		json_put_str(spec, row->name, (char *)text.ptr);
	}
	buf_fini(&text);
	ctl_answer(r->client, r->id, reply);
}

static void
do_count(const struct ctl_request *r)
{
	const struct msd *msd = r->client->msd;
	const struct group *group = msd->tree.root;
	struct json *reply;

	if (r->name[0])
		group = node_group(tree_find(&msd->tree, r->name));
	if (!group) {
		ctl_refuse(r->client, r->id, "not_found",
		    "no supervisor '%.80s'", r->name);
		return;
	}
	reply = json_object();
	status_count(group, json_get_bool(r->json, "all", false), reply);
	ctl_answer(r->client, r->id, reply);
}

static void
do_version(const struct ctl_request *r)
{
	struct json *reply = json_object();

	json_put_str(reply, "version", MS_VERSION);
	json_put_num(reply, "pid", r->client->msd->pid);
	ctl_answer(r->client, r->id, reply);
}

static void
do_health(const struct ctl_request *r)
{
	const struct msd *msd = r->client->msd;
	struct json *reply = json_object(), *workers;
	bool healthy = true;

	workers = json_put_array(reply, "workers");
	for (size_t i = 0; i < msd->tree.child_count; i++) {
		const struct child *child = msd->tree.children[i];

		healthy = healthy &&
		    (child_is_ready(child) || child->want == WANT_DOWN ||
			child->state == CHILD_EXITED ||
			child->state == CHILD_IGNORED);
		status_of_child(child, json_put_object(workers, NULL));
	}
	json_put_bool(reply, "healthy", healthy);
	ctl_answer(r->client, r->id, reply);
}

static void
do_wait(const struct ctl_request *r)
{
	struct child *child = find_worker(r);
	const char *state = json_get_str(r->json, "state", "ready");

	if (!child)
		return;
	for (int face = 0; face < FACE_COUNT; face++) {
		if (strcmp(child_face_name((enum child_face)face), state) != 0)
			continue;
		ctl_await(r, child, CTL_WAIT_STATE, (enum child_face)face, 0);
		return;
	}
	ctl_refuse(
	    r->client, r->id, "bad_request", "no state '%.40s'", state);
}

/* ---- acting ------------------------------------------------------------------ */

/* A command to a worker, or to all workers below a supervisor. */
static bool
run(const struct ctl_request *r, enum command command, int signo)
{
	struct msd *msd = r->client->msd;
	struct node *node = tree_find(&msd->tree, r->name);
	const char *code = "internal";
	struct why why = { "" };

	if (!node) {
		refuse_no_worker(r);
		return false;
	}
	if (command_run(msd, node, command, signo, &code, &why))
		return true;
	ctl_refuse(r->client, r->id, code, "%s", why.text);
	return false;
}

static uint64_t
generation_of(const struct ctl_request *r)
{
	const struct child *child =
	    tree_find_child(&r->client->msd->tree, r->name);

	return child ? child->generation : 0;
}

/* Of a supervisor nothing single can be awaited: it is answered at once. */
static void
answer_act(const struct ctl_request *r, enum ctl_wait_kind kind, uint64_t after)
{
	const struct child *child =
	    tree_find_child(&r->client->msd->tree, r->name);

	if (child && json_get_bool(r->json, "wait", false))
		ctl_await(r, child, kind, FACE_DOWN, after);
	else
		answer_plainly(r, child);
}

static void
do_start(const struct ctl_request *r)
{
	uint64_t after = generation_of(r);

	if (run(r, COMMAND_START, 0))
		answer_act(r, CTL_WAIT_STARTED, after);
}

static void
do_stop(const struct ctl_request *r)
{
	if (run(r, COMMAND_STOP, 0))
		answer_act(r, CTL_WAIT_STOPPED, 0);
}

static void
do_restart(const struct ctl_request *r)
{
	uint64_t after = generation_of(r);

	if (run(r, COMMAND_RESTART, 0))
		answer_act(r, CTL_WAIT_STARTED, after);
}

static void
do_kill(const struct ctl_request *r)
{
	if (run(r, COMMAND_KILL, 0))
		answer_act(r, CTL_WAIT_STOPPED, 0);
}

static void
do_signal(const struct ctl_request *r)
{
	const char *text = json_get_str(r->json, "signal", "");
	int signo = parse_signal(slice_of(text));

	if (signo <= 0)
		ctl_refuse(r->client, r->id, "bad_request", "no signal '%.20s'",
		    text);
	else if (run(r, COMMAND_SIGNAL, signo))
		answer_plainly(r, NULL);
}

static void
answer_reload(const struct ctl_request *r, bool dry)
{
	struct json *plan;
	const struct json *first;

	if (reload(r->client->msd, dry, &plan) == MS_OK) {
		ctl_answer(r->client, r->id, plan);
		return;
	}
	first = json_first(json_get(plan, "errors"));
	ctl_refuse(r->client, r->id, "invalid_spec", "%s%s",
	    first ? json_text(first) : "invalid",
	    first && json_next(first) ? " (and more, see `msctl check`)" : "");
	json_free(&plan);
}

static void
do_reload(const struct ctl_request *r)
{
	answer_reload(r,
	    json_get_bool(r->json, "dry_run", false) ||
		strcmp(json_get_str(r->json, "phase", ""), "plan") == 0);
}

static void
do_plan(const struct ctl_request *r)
{
	answer_reload(r, true);
}

static void
do_shutdown(const struct ctl_request *r)
{
	ctl_answer(r->client, r->id, json_object());
	msd_shutdown(r->client->msd, MSD_EXIT_OK, "msctl shutdown");
}

/* ---- the table ----------------------------------------------------------------- */

enum right {
	RIGHT_READ,
	RIGHT_CONTROL
};

static const struct {
	const char *verb;
	void (*run)(const struct ctl_request *request);
	enum right right;
} commands[] = {
	{ "tree", do_tree, RIGHT_READ },
	{ "status", do_status, RIGHT_READ },
	{ "why", do_why, RIGHT_READ },
	{ "logs", do_logs, RIGHT_READ },
	{ "events", do_events, RIGHT_READ },
	{ "show", do_show, RIGHT_READ },
	{ "count", do_count, RIGHT_READ },
	{ "health", do_health, RIGHT_READ },
	{ "version", do_version, RIGHT_READ },
	{ "wait", do_wait, RIGHT_READ },
	{ "plan", do_plan, RIGHT_READ },
	{ "start", do_start, RIGHT_CONTROL },
	{ "stop", do_stop, RIGHT_CONTROL },
	{ "restart", do_restart, RIGHT_CONTROL },
	{ "kill", do_kill, RIGHT_CONTROL },
	{ "signal", do_signal, RIGHT_CONTROL },
	{ "reload", do_reload, RIGHT_CONTROL },
	{ "shutdown", do_shutdown, RIGHT_CONTROL },
};

static void
refuse_verb(const struct ctl_request *r)
{
	const char *words[ARRAY_LEN(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		words[i] = commands[i].verb;
	near = suggest(slice_of(r->verb), words, ARRAY_LEN(words));
	ctl_refuse(r->client, r->id, "bad_request", "no verb '%.40s'%s%s%s",
	    r->verb, near ? " (did you mean '" : "", near ? near : "",
	    near ? "'?)" : "");
}

void
ctl_execute(const struct ctl_request *r)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].verb, r->verb) != 0)
			continue;
		if (commands[i].right == RIGHT_CONTROL &&
		    !r->client->is_controller)
			ctl_refuse(r->client, r->id, "permission",
			    "%s needs the rights of a controller", r->verb);
		else if (commands[i].right == RIGHT_CONTROL &&
		    r->client->msd->stopping &&
		    strcmp(r->verb, "shutdown") != 0 &&
		    strcmp(r->verb, "kill") != 0)
			ctl_refuse(r->client, r->id, "shutting_down",
			    "msd is shutting down");
		else
			commands[i].run(r);
		return;
	}
	refuse_verb(r);
}
