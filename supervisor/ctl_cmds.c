/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of the control socket, each with its right.  A verb answers now
 * or asks ctl_await() to answer when it is so.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "proto/conf/sections.h"
#include "supervisor/command.h"
#include "supervisor/ctl.h"
#include "supervisor/events.h"
#include "supervisor/logpipe.h"
#include "supervisor/msd.h"
#include "supervisor/reload.h"
#include "supervisor/show.h"

#define EXITS_SHOWN CHILD_EXITS_KEPT

/* ---- reading ------------------------------------------------------------ */

static void
do_tree(const struct ctl_request *request)
{
	struct buf *out = ctl_reply(request);

	buf_add_str(out, ",\"tree\":");
	show_tree(request->msd->tree.root, out);
	ctl_reply_end(request);
}

static void
status_of_group(const struct ctl_request *request, const struct group *group,
    bool all, struct buf *out)
{
	const struct tree *tree = &request->msd->tree;
	bool first = true;

	for (size_t i = 0; all && i < tree->group_count; i++) {
		if (tree->groups[i] != group &&
		    !tree_is_below(&tree->groups[i]->node, group))
			continue;
		buf_add_str(out, first ? "" : ",");
		show_group(tree->groups[i], out);
		first = false;
	}
	for (size_t i = 0; i < tree->child_count; i++) {
		if (!tree_is_below(&tree->children[i]->node, group))
			continue;
		buf_add_str(out, first ? "" : ",");
		show_child(tree->children[i], out);
		first = false;
	}
}

static void
do_status(const struct ctl_request *request)
{
	bool all = json_get_bool(request->json, "all", false);
	struct buf *out = ctl_reply(request);
	const struct group *group =
	    request->node ? node_group(request->node) : request->msd->tree.root;

	buf_add_str(out, ",\"workers\":[");
	if (request->child)
		show_child(request->child, out);
	else if (request->node)
		show_group(group, out);
	else
		status_of_group(request, group, all, out);
	buf_add_u8(out, ']');
	ctl_reply_end(request);
}

static void
do_why(const struct ctl_request *request)
{
	const struct child *child = request->child;
	const struct exit_reason *reason;
	struct mono now = mono_now();
	struct buf *out;

	if (!child) {
		ctl_fail(request, "bad_request", "%s is a supervisor",
		    request->name);
		return;
	}
	out = ctl_reply(request);
	buf_add_str(out, ",\"worker\":");
	show_child(child, out);
	buf_add_str(out, ",\"last_exit\":");
	show_exit(child_exit(child, 0), out);
	buf_add_str(out, ",\"exits\":[");
	for (uint32_t n = 0; (reason = child_exit(child, n)); n++) {
		buf_add_str(out, n ? "," : "");
		show_exit(reason, out);
	}
	buf_add_str(out, "],");
	show_str(out, "done", child->done ? child->done : "");
	buf_add_u8(out, ',');
	show_str(out, "hint", child_hint(child));
	if (child->must_start && child->due.ns && !child_is_alive(child))
		buf_printf(out, ",\"next_start_ms\":%llu",
		    (unsigned long long)mono_ms_left(now, child->due));
	else
		buf_add_str(out, ",\"next_start_ms\":null");
	buf_add_str(out, ",\"output\":");
	show_tail(child, out);
	ctl_reply_end(request);
}

static void
do_logs(const struct ctl_request *request)
{
	char path[LOG_PATH_BYTES];
	struct buf *out;

	if (!request->child) {
		ctl_fail(request, "bad_request", "%s is a supervisor",
		    request->name);
		return;
	}
	out = ctl_reply(request);
	buf_add_u8(out, ',');
	show_str(out, "path",
	    logs_path(request->msd->logs, request->child, path));
	ctl_reply_end(request);
}

static void
do_events(const struct ctl_request *request)
{
	double from = json_get_num(request->json, "from", -1);
	bool follow = json_get_bool(request->json, "follow", true);
	const struct events *events = request->msd->events;
	const char *life = json_get_str(request->json, "life", NULL);

	if (from > 9e15) {
		ctl_fail(request, "bad_request", "from: too large a number");
		return;
	}
	/* a number of another life: all of this one is news */
	if (from >= 0 && life && strcmp(life, events_life(events)) != 0)
		from = 1;
	/* a follower without a number wants news, the others what there is */
	if (from < 0)
		from = (double)(follow ? events_next(events)
				       : events_first(events));
	ctl_follow(request, (uint64_t)from, follow);
}

static void
do_version(const struct ctl_request *request)
{
	const struct guard *guard = &request->msd->guard;
	struct buf *out = ctl_reply(request);

	buf_printf(out,
	    ",\"version\":\"" MS_VERSION "\",\"pid\":%d,\"uptime_ms\":%llu",
	    (int)request->msd->pid,
	    (unsigned long long)mono_ms_between(request->msd->started,
		mono_now()));
	if (guard->pid)
		buf_printf(out, ",\"guardian\":%d,\"starts\":%u",
		    (int)guard->pid, guard->starts);
	ctl_reply_end(request);
}

static bool
is_well(const struct child *child)
{
	return child_is_ready(child) || child->want == WANT_DOWN ||
	    child->state == CHILD_EXITED || child->state == CHILD_IGNORED;
}

static void
do_health(const struct ctl_request *request)
{
	const struct tree *tree = &request->msd->tree;
	struct buf *out = ctl_reply(request);
	size_t ready = 0, unwell = 0;

	buf_add_str(out, ",\"unwell\":[");
	for (size_t i = 0; i < tree->child_count; i++) {
		const struct child *child = tree->children[i];

		ready += child_is_ready(child);
		if (is_well(child))
			continue;
		buf_add_str(out, unwell++ ? "," : "");
		json_quote(out, slice_of(child->node.name));
	}
	buf_printf(out, "],\"healthy\":%s,\"workers\":%zu,\"ready\":%zu",
	    unwell ? "false" : "true", tree->child_count, ready);
	ctl_reply_end(request);
}

/* ---- counting and showing ----------------------------------------------- */

struct count {
	size_t specs, active, supervisors, workers;
};

/* As OTP counts: a supervisor is active, it cannot be dead and listed. */
static void
count_group(const struct group *group, bool all, struct count *count)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct child *child = node_child(group->nodes[i]);
		const struct group *below = node_group(group->nodes[i]);

		count->specs++;
		if (child) {
			count->workers++;
			count->active += child_has_process(child);
			continue;
		}
		count->supervisors++;
		count->active += !below->held && !below->ended;
		if (all)
			count_group(below, all, count);
	}
}

static void
do_count(const struct ctl_request *request)
{
	bool all = json_get_bool(request->json, "all", false);
	struct count count = { 0 };
	struct buf *out;

	if (request->child) {
		ctl_fail(request, "bad_request", "%s is a worker",
		    request->name);
		return;
	}
	count_group(request->node ? node_group(request->node)
				  : request->msd->tree.root,
	    all, &count);
	out = ctl_reply(request);
	buf_printf(out,
	    ",\"specs\":%zu,\"active\":%zu,\"supervisors\":%zu,\"workers\":%zu",
	    count.specs, count.active, count.supervisors, count.workers);
	ctl_reply_end(request);
}

static void
show_rows(const struct field *rows, const void *base, struct buf *out)
{
	bool first = true;

	for (const struct field *row = rows; row->name; row++) {
		struct buf text = { 0 };

		if (row->flags & FIELD_LATER)
			continue;
		field_print(row, base, &text);
		buf_printf(out, "%s\"%s\":", first ? "" : ",", row->name);
		json_quote(out, buf_slice(&text));
		buf_fini(&text);
		first = false;
	}
}

static void
do_show(const struct ctl_request *request)
{
	const struct group *group = node_group(request->node);
	struct buf *out = ctl_reply(request);

	buf_add_u8(out, ',');
	show_str(out, "name", request->name);
	buf_printf(out, ",\"type\":\"%s\",\"spec\":{",
	    group ? "supervisor" : "worker");
	if (group)
		show_rows(supervisor_rows, &group->conf, out);
	else
		show_rows(worker_rows, &request->child->spec->conf, out);
	buf_add_u8(out, '}');
	ctl_reply_end(request);
}

/* ---- waiting ------------------------------------------------------------ */

/* False after an error has been answered. */
static bool
read_timeout(const struct ctl_request *request, uint64_t *ms_r)
{
	double ms = json_get_num(request->json, "timeout_ms", -1);

	if (ms < 0)
		*ms_r = DURATION_INFINITY;
	else if (ms > 1e12) {
		ctl_fail(request, "bad_request", "timeout_ms is too large");
		return false;
	} else
		*ms_r = (uint64_t)ms;
	return true;
}

static void
do_wait(const struct ctl_request *request)
{
	const char *state = json_get_str(request->json, "state", "ready");
	struct ctl_wait wait = { .what = CTL_WAIT_STATE };
	int face = 0;

	while (face < FACE_COUNT &&
	    strcmp(child_face_name((enum child_face)face), state) != 0)
		face++;
	if (face == FACE_COUNT ||
	    (!request->child && face != FACE_READY && face != FACE_DOWN)) {
		ctl_fail(request, "bad_request", "state: '%.40s' is not %s",
		    state,
		    request->child ? "a state of a worker" : "ready or down");
		return;
	}
	if (!read_timeout(request, &wait.timeout_ms))
		return;
	wait.face = (enum child_face)face;
	if (!request->child && face == FACE_DOWN)
		wait.what = CTL_WAIT_DOWN;
	ctl_await(request, &wait);
}

/* ---- commands ----------------------------------------------------------- */

static void
answer_state(const struct ctl_request *request)
{
	struct buf *out = ctl_reply(request);

	if (request->child) {
		buf_add_str(out, ",\"worker\":");
		show_child(request->child, out);
	}
	ctl_reply_end(request);
}

static void
run_command(const struct ctl_request *request, enum command command, int signo)
{
	struct ctl_wait wait = { .what = CTL_WAIT_UP };
	const char *code = "internal";
	struct why why = { "" };

	if (!read_timeout(request, &wait.timeout_ms))
		return;
	if (request->child)
		wait.generation = request->child->generation;
	if (!command_run(request->msd, request->node, command, signo, &code,
		&why)) {
		ctl_fail(request, code, "%s", why.text);
		return;
	}
	if (command == COMMAND_STOP || command == COMMAND_KILL)
		wait.what = CTL_WAIT_DOWN;
	if (json_get_bool(request->json, "wait", false))
		ctl_await(request, &wait);
	else
		answer_state(request);
}

static void
do_start(const struct ctl_request *request)
{
	run_command(request, COMMAND_START, 0);
}

static void
do_stop(const struct ctl_request *request)
{
	run_command(request, COMMAND_STOP, 0);
}

static void
do_restart(const struct ctl_request *request)
{
	run_command(request, COMMAND_RESTART, 0);
}

static void
do_kill(const struct ctl_request *request)
{
	run_command(request, COMMAND_KILL, 0);
}

static void
do_signal(const struct ctl_request *request)
{
	const char *name = json_get_str(request->json, "signal", "");
	int signo = parse_signal(slice_of(name));

	if (signo <= 0 || signo >= NSIG)
		ctl_fail(request, "bad_request", "signal: '%.40s' is none",
		    name);
	else
		run_command(request, COMMAND_SIGNAL, signo);
}

static void
do_shutdown(const struct ctl_request *request)
{
	ctl_reply(request);
	ctl_reply_end(request);
	msd_shutdown(request->msd, MSD_EXIT_OK, "asked for");
}

/* ---- configuration ------------------------------------------------------ */

static void
refuse_conf(const struct ctl_request *request, const struct conf_errors *errors)
{
	struct buf text = { .limit_bytes = 400 };

	for (size_t i = 0; i < errors->count && i < 3; i++)
		buf_printf(&text, "%s%s", i ? "; " : "", errors->text[i]);
	text.limit_bytes = 0;
	text.failed = false;
	buf_add_u8(&text, '\0');
	ctl_fail(request, "invalid_spec", "%zu error%s: %s", errors->count,
	    errors->count == 1 ? "" : "s", (const char *)text.ptr);
	buf_fini(&text);
}

static void
do_plan(const struct ctl_request *request)
{
	struct conf_errors errors;
	struct reload *reload;

	conf_errors_init(&errors);
	reload = reload_plan(request->msd, &errors);
	if (reload) {
		struct buf *out = ctl_reply(request);

		buf_add_u8(out, ',');
		reload_show(reload, out);
		ctl_reply_end(request);
	} else {
		refuse_conf(request, &errors);
	}
	reload_free(&reload);
	conf_errors_fini(&errors);
}

/* With a name: that worker's reload_signal.  Without: the whole file. */
static void
do_reload(const struct ctl_request *request)
{
	struct conf_errors errors;
	struct reload *reload;

	if (request->node) {
		run_command(request, COMMAND_RELOAD, 0);
		return;
	}
	if (request->msd->stopping) {
		ctl_fail(request, "shutting_down", "msd is shutting down");
		return;
	}
	conf_errors_init(&errors);
	reload = reload_plan(request->msd, &errors);
	if (reload) {
		struct buf *out = ctl_reply(request);

		buf_add_u8(out, ',');
		reload_show(reload, out);
		ctl_reply_end(request);
		reload_free(&reload);
		conf_errors_fini(&errors);
		conf_errors_init(&errors);
		reload_run(request->msd, &errors);
	} else {
		refuse_conf(request, &errors);
	}
	conf_errors_fini(&errors);
}

static void
do_check(const struct ctl_request *request)
{
	const char *file = json_get_str(request->json, "file", NULL);
	struct conf_errors errors;
	struct spec *spec;

	if (!file) {
		ctl_fail(request, "bad_request", "\"file\" is missing");
		return;
	}
	conf_errors_init(&errors);
	spec = spec_load(file, request->msd->cwd, request->msd->env, &errors);
	if (spec) {
		struct buf *out = ctl_reply(request);

		buf_printf(out, ",\"workers\":%zu", spec->worker_count);
		ctl_reply_end(request);
	} else {
		refuse_conf(request, &errors);
	}
	spec_drop(&spec);
	conf_errors_fini(&errors);
}

/* clang-format off */
const struct ctl_verb ctl_verbs[] = {
	{ "tree",     CTL_READ,    CTL_NO_NAME,   do_tree },
	{ "status",   CTL_READ,    CTL_MAY_NAME,  do_status },
	{ "events",   CTL_READ,    CTL_NO_NAME,   do_events },
	{ "why",      CTL_READ,    CTL_MUST_NAME, do_why },
	{ "logs",     CTL_READ,    CTL_MUST_NAME, do_logs },
	{ "show",     CTL_READ,    CTL_MUST_NAME, do_show },
	{ "count",    CTL_READ,    CTL_MAY_NAME,  do_count },
	{ "health",   CTL_READ,    CTL_NO_NAME,   do_health },
	{ "version",  CTL_READ,    CTL_NO_NAME,   do_version },
	{ "wait",     CTL_READ,    CTL_MUST_NAME, do_wait },
	{ "start",    CTL_CONTROL, CTL_MUST_NAME, do_start },
	{ "stop",     CTL_CONTROL, CTL_MUST_NAME, do_stop },
	{ "restart",  CTL_CONTROL, CTL_MUST_NAME, do_restart },
	{ "kill",     CTL_CONTROL, CTL_MUST_NAME, do_kill },
	{ "signal",   CTL_CONTROL, CTL_MUST_NAME, do_signal },
	{ "reload",   CTL_CONTROL, CTL_MAY_NAME,  do_reload },
	{ "plan",     CTL_CONTROL, CTL_NO_NAME,   do_plan },
	{ "check",    CTL_CONTROL, CTL_NO_NAME,   do_check },
	{ "shutdown", CTL_CONTROL, CTL_NO_NAME,   do_shutdown },
	{ .name = NULL }
};
/* clang-format on */
