/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl tree`: the whole system on one screen.  A walk over the nodes fills
 * a table whose first column draws the branches.
 */
#include <stdio.h>

#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

#define DEPTH_MAX 16u

struct walk {
	struct table table;
	const struct look *look;
	const char *stem[DEPTH_MAX]; /* what each level draws before a node */
	unsigned processes, ready, other;
	double rss_kib;
};

struct branch {
	const char *child, *last, *stem, *blank;
};

static const struct branch *
branch_of(const struct look *look)
{
	static const struct branch utf8 = { "├─ ", "└─ ", "│  ", "   " };
	static const struct branch ascii = { "|- ", "`- ", "|  ", "   " };

	return look->utf8 ? &utf8 : &ascii;
}

static bool
is_worker(const struct json *node)
{
	return strcmp(json_get_str(node, "type", "worker"), "worker") == 0;
}

static void
add_name(struct walk *w, const struct json *node, unsigned depth)
{
	struct buf text = { 0 };

	for (unsigned i = 0; i < depth; i++)
		buf_add_str(&text, w->stem[i]);
	buf_add_str(&text, json_get_str(node, "name", "?"));
	buf_add_u8(&text, '\0');
	table_add(&w->table, is_worker(node) ? HUE_NONE : HUE_BOLD,
	    text.failed ? "?" : (const char *)text.ptr);
	buf_fini(&text);
}

static void
add_supervisor_note(struct walk *w, const struct json *node)
{
	const char *type = json_get_str(node, "type", "");
	const char *strategy = strcmp(type, "template") == 0
	    ? type
	    : json_get_str(node, "strategy", "");
	double intensity = json_get_num(node, "intensity", -1);
	double period_ms = json_get_num(node, "period_ms", -1);
	char period[UNIT_TEXT_BYTES];

	if (intensity < 0 || period_ms < 0)
		table_add(&w->table, HUE_DIM, strategy);
	else
		table_addf(&w->table, HUE_DIM, "%s %.0f/%s", strategy,
		    intensity, print_duration((uint64_t)period_ms, period));
}

static void
add_worker_note(struct walk *w, const struct json *node)
{
	struct buf note = { 0 };

	note_render(node, &note);
	buf_add_u8(&note, '\0');
	table_add(&w->table,
	    json_get_bool(node, "ready", false) ? HUE_DIM : HUE_NONE,
	    note.failed ? "" : (const char *)note.ptr);
	buf_fini(&note);
}

static void
count(struct walk *w, const struct json *node, bool is_running)
{
	double rss = json_get_num(node, "rss_kib", 0);

	if (is_running)
		w->processes++;
	if (rss > 0)
		w->rss_kib += rss;
	if (!is_worker(node))
		return;
	if (strcmp(worker_state(node), "ready") == 0)
		w->ready++;
	else
		w->other++;
}

static void
add_state(struct walk *w, const struct json *node)
{
	const char *state = worker_state(node);

	table_addf(&w->table, state_hue(state), "%s %s",
	    state_symbol(w->look, state), state);
}

static void
add_figures(struct walk *w, const struct json *node)
{
	double uptime = json_get_num(node, "uptime_ms", -1);
	double rss = json_get_num(node, "rss_kib", -1);
	char text[LOOK_TEXT_BYTES];

	table_add(&w->table, HUE_NONE,
	    uptime >= 0 ? print_age((uint64_t)uptime, text) : "");
	table_add(&w->table, HUE_NONE, rss > 0 ? print_kib(rss, text) : "");
}

static void
add_row(struct walk *w, const struct json *node, unsigned depth)
{
	long pid;
	bool is_running = worker_pid(node, &pid);

	add_name(w, node, depth);
	if (is_running)
		table_addf(&w->table, HUE_NONE, "%ld", pid);
	else
		table_add(&w->table, HUE_NONE, "");
	add_state(w, node);
	add_figures(w, node);
	if (is_worker(node))
		add_worker_note(w, node);
	else
		add_supervisor_note(w, node);
	count(w, node, is_running);
}

static void
walk(struct walk *w, const struct json *node, unsigned depth)
{
	const struct branch *branch = branch_of(w->look);

	add_row(w, node, depth);
	if (depth + 1 >= DEPTH_MAX)
		return;
	for (const struct json *child = json_first(json_get(node, "children"));
	     child; child = json_next(child)) {
		bool is_last = !json_next(child);
		if (depth > 0)
			w->stem[depth - 1] =
			    w->stem[depth - 1] == branch->last ||
				w->stem[depth - 1] == branch->blank
			    ? branch->blank
			    : branch->stem;
		w->stem[depth] = is_last ? branch->last : branch->child;
		walk(w, child, depth + 1);
	}
}

static void
add_total(const struct walk *w, struct buf *out)
{
	char text[LOOK_TEXT_BYTES];

	look_hue(w->look, HUE_DIM, out);
	buf_printf(out, "%u process%s", w->processes,
	    w->processes == 1 ? "" : "es");
	if (w->rss_kib > 0)
		buf_printf(out, ", %s", print_kib(w->rss_kib, text));
	buf_printf(out, ", %u ready", w->ready);
	if (w->other)
		buf_printf(out, ", %u not", w->other);
	look_plain(w->look, HUE_DIM, out);
	buf_add_u8(out, '\n');
}

void
tree_render(const struct json *reply, const struct look *look, struct buf *out)
{
	static const struct column columns[] = {
		{ "NAME", 0 },
		{ "PID", COLUMN_RIGHT },
		{ "STATE", 0 },
		{ "UPTIME", COLUMN_RIGHT },
		{ "MEMORY", COLUMN_RIGHT },
		{ "NOTE", COLUMN_FLEXIBLE },
	};
	struct walk w = { .look = look };
	const struct json *root = json_get(reply, "tree");

	table_init(&w.table, columns, ARRAY_LEN(columns));
	if (root)
		walk(&w, root, 0);
	table_print(&w.table, look, out);
	add_total(&w, out);
	table_fini(&w.table);
}

int
do_tree(struct msctl *ctl, const struct args *args MS_UNUSED)
{
	return ctl_show(ctl, ctl_request("tree", NULL), CTL_ANSWER_MS,
	    tree_render);
}
