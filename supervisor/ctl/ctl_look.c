/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that only look. */
#include <string.h>

#include "proto/conf/sections.h"
#include "supervisor/ctl/ctl_verbs.h"
#include "supervisor/ctl/show.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/tree/strategy.h"

void
do_tree(const struct ctl_request *request)
{
	struct buf *out = ctl_reply(request);

	buf_add_str(out, ",\"tree\":");
	show_tree(request->msd->tree.root, out);
	ctl_reply_end(request);
}

/* OTP lists no temporary child that has ended; others like to see it. */
static bool
is_forgotten(const struct child *child)
{
	return child->spent && child->node.parent->conf.otp_strict;
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
		if (is_forgotten(tree->children[i]) ||
		    !tree_is_below(&tree->children[i]->node, group))
			continue;
		buf_add_str(out, first ? "" : ",");
		show_child(tree->children[i], out);
		first = false;
	}
}

void
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

/* The question is one about a process. */
static void
fail_no_worker(const struct ctl_request *request)
{
	const struct group *group = node_group(request->node);

	if (group && group->mold)
		ctl_fail(request, "bad_request",
		    "%s is a template: ask its instances, such as %s@1",
		    request->name, request->name);
	else
		ctl_fail(request, "bad_request",
		    "%s is a supervisor: ask its workers", request->name);
}

void
do_why(const struct ctl_request *request)
{
	const struct child *child = request->child;
	const struct exit_reason *reason;
	struct buf *out;

	if (!child) {
		fail_no_worker(request);
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
	buf_add_u8(out, ',');
	show_next_start(child, out);
	buf_add_str(out, ",\"output\":");
	show_tail(child, out);
	ctl_reply_end(request);
}

void
do_logs(const struct ctl_request *request)
{
	char path[LOG_PATH_BYTES];
	struct buf *out;

	if (!request->child) {
		fail_no_worker(request);
		return;
	}
	out = ctl_reply(request);
	buf_add_u8(out, ',');
	show_str(out, "path",
	    logs_path(request->msd->logs, request->child, path));
	ctl_reply_end(request);
}

void
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

void
do_version(const struct ctl_request *request)
{
	const struct guard *guard = &request->msd->guard;
	struct buf *out = ctl_reply(request);

	buf_printf(out,
	    ",\"version\":\"" MS_VERSION "\",\"pid\":%d,\"uptime_ms\":%llu",
	    (int)request->msd->pid,
	    (unsigned long long)mono_ms_between(request->msd->started,
		mono_now()));
	buf_printf(out, ",\"config_digest\":\"%08x\",",
	    request->msd->spec->digest);
	show_str(out, "config", request->msd->spec->path);
	buf_add_u8(out, ',');
	show_str(out, "run_dir", request->msd->spec->msd.run_dir);
	buf_add_u8(out, ',');
	show_str(out, "log_dir", request->msd->spec->msd.log_dir);
	buf_add_u8(out, ',');
	show_str(out, "state_dir", request->msd->spec->msd.state_dir);
	if (guard->pid)
		buf_printf(out, ",\"guardian\":%d,\"starts\":%u",
		    (int)guard->pid, guard->starts);
	ctl_reply_end(request);
}

/* ---- counting and showing ----------------------------------------------- */

struct count {
	size_t specs, active, supervisors, workers;
};

/* As OTP counts: a supervisor is active, it cannot be dead and listed; all
 * instances of a template have one spec. */
static void
count_group(const struct group *group, bool all, struct count *count)
{
	count->specs += group->mold != NULL;
	for (size_t i = 0; i < group->count; i++) {
		const struct child *child = node_child(group->nodes[i]);
		const struct group *below = node_group(group->nodes[i]);

		if (child && child->spent)
			continue;
		count->specs += !group->mold;
		if (child) {
			count->workers++;
			count->active += child_has_process(child);
			continue;
		}
		count->supervisors++;
		count->active +=
		    !below->held && !below->ended && !below->stopped;
		if (all)
			count_group(below, all, count);
	}
}

void
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
show_worker(const struct child *child, struct buf *out)
{
	struct worker_conf conf = child->spec->conf;

	conf.strategy =
	    strategy_of(conf.strategy, child->node.parent->conf.strategy);
	show_rows(worker_rows, &conf, out);
}

static void
show_template(const struct worker_spec *mold, struct buf *out)
{
	struct template_conf conf = { mold->conf, mold->intensity,
		mold->period_ms };

	conf.worker.strategy =
	    strategy_of(conf.worker.strategy, STRATEGY_ONE_FOR_ONE);
	show_rows(template_rows, &conf, out);
}

void
do_show(const struct ctl_request *request)
{
	const struct group *group = node_group(request->node);
	struct buf *out;

	if (request->child && is_forgotten(request->child)) {
		ctl_fail(request, "not_found", "%s was temporary and has ended",
		    request->name);
		return;
	}
	out = ctl_reply(request);
	buf_add_u8(out, ',');
	show_str(out, "name", request->name);
	buf_printf(out, ",\"type\":\"%s\",\"spec\":{",
	    group ? group_type(group) : "worker");
	if (group && group->mold)
		show_template(group->mold, out);
	else if (group)
		show_rows(supervisor_rows, &group->conf, out);
	else
		show_worker(request->child, out);
	buf_add_u8(out, '}');
	ctl_reply_end(request);
}
