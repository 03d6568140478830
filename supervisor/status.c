/* SPDX-License-Identifier: Apache-2.0 */
/* What can be seen of the tree; reads only. */
#include "supervisor/status.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "supervisor/msd.h"

#define TAIL_BYTES 8192

static const char *
name_of(const struct field_name *names, int value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return "";
}

static const char *
errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "unknown";
}

void
status_of_exit(const struct exit_reason *reason, struct json *out)
{
	char at[RFC3339_BYTES], text[EXIT_TEXT_BYTES];

	rfc3339_print(reason->at_ns, at);
	json_put_str(out, "kind", exit_kind_name(reason->kind));
	if (reason->code >= 0)
		json_put_num(out, "code", reason->code);
	else
		json_put_null(out, "code");
	json_put_str(out, "signal",
	    reason->signal ? signal_name(reason->signal) : NULL);
	json_put_str(out, "cause", exit_cause_name(reason->cause));
	json_put_str(out, "stage", reason->stage);
	json_put_str(
	    out, "errno", reason->error ? errno_name(reason->error) : NULL);
	json_put_str(out, "at", at);
	json_put_num(out, "uptime_ms", (double)reason->uptime_ms);
	json_put_bool(out, "was_ready", reason->was_ready);
	json_put_bool(out, "core", reason->core_dumped);
	json_put_str(out, "text", exit_print(reason, text));
}

static void
put_last_exit(const struct child *child, struct json *out)
{
	const struct exit_reason *last = child_exit(child, 0);

	if (last)
		status_of_exit(last, json_put_object(out, "last_exit"));
	else
		json_put_null(out, "last_exit");
}

static void
put_next_start(const struct child *child, struct json *out)
{
	if (child->state == CHILD_BACKOFF)
		json_put_num(out, "next_start_ms",
		    (double)mono_ms_left(mono_now(), child->due));
	else
		json_put_null(out, "next_start_ms");
}

void
status_of_child(const struct child *child, struct json *out)
{
	bool runs = child->pid > 0;

	json_put_str(out, "name", child->node.name);
	json_put_str(out, "supervisor", child->node.parent->node.name);
	json_put_str(out, "type", "worker");
	json_put_str(out, "state", child_face_name(child_face(child)));
	json_put_str(out, "want", child->want == WANT_UP ? "up" : "down");
	if (runs) {
		json_put_num(out, "pid", child->pid);
		json_put_num(out, "uptime_ms",
		    (double)child_uptime_ms(child, mono_now()));
	} else {
		json_put_null(out, "pid");
		json_put_null(out, "uptime_ms");
	}
	json_put_num(out, "generation", (double)child->generation);
	json_put_num(out, "restarts", child->restarts);
	json_put_bool(out, "ready", child_is_ready(child));
	json_put_str(out, "status_text", child->status ? child->status : "");
	if (child->waits_for)
		json_put_str(out, "waits_for", child->waits_for->node.name);
	put_next_start(child, out);
	put_last_exit(child, out);
}

static bool
node_is_ready(const struct node *node)
{
	const struct group *group;

	if (!node->is_group)
		return child_is_ready(container_of(node, struct child, node)) ||
		    container_of(node, struct child, node)->want == WANT_DOWN;
	group = container_of(node, struct group, node);
	for (size_t i = 0; i < group->count; i++)
		if (!node_is_ready(group->nodes[i]))
			return false;
	return true;
}

static const char *
group_state(const struct group *group)
{
	if (group->held)
		return "failed";
	if (group->ended)
		return "exited";
	if (group->starting)
		return "starting";
	return "ready";
}

void
status_of_group(const struct group *group, struct json *out)
{
	bool up = !group->held && !group->ended;

	json_put_str(out, "name", group->node.name);
	json_put_str(out, "supervisor",
	    group->node.parent ? group->node.parent->node.name : NULL);
	json_put_str(out, "type", "supervisor");
	json_put_str(out, "state", group_state(group));
	json_put_str(out, "want", "up");
	json_put_null(out, "pid");
	json_put_num(out, "generation", 1 + group->restarts);
	json_put_num(out, "restarts", group->restarts);
	json_put_bool(out, "ready", up && node_is_ready(&group->node));
	json_put_null(out, "uptime_ms");
	json_put_str(out, "status_text", "");
	json_put_null(out, "next_start_ms");
	json_put_null(out, "last_exit");
	json_put_str(
	    out, "strategy", name_of(strategy_names, group->conf.strategy));
	json_put_num(out, "intensity", group->conf.intensity);
	json_put_num(out, "period_ms", (double)group->conf.period_ms);
}

static void
put_rss(const struct child *child, struct json *out)
{
	char path[32], text[128];
	unsigned long size, resident;
	FILE *f;

	if (child->pid <= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)child->pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(text, sizeof(text), f) &&
	    sscanf(text, "%lu %lu", &size, &resident) == 2)
		json_put_num(out, "rss_kib",
		    (double)resident * (double)(sysconf(_SC_PAGESIZE) / 1024));
	fclose(f);
}

void
status_tree(const struct group *group, struct json *out)
{
	struct json *children;

	status_of_group(group, out);
	children = json_put_array(out, "children");
	for (size_t i = 0; i < group->count; i++) {
		struct node *node = group->nodes[i];
		struct json *object = json_put_object(children, NULL);

		if (node->is_group) {
			status_tree(node_group(node), object);
		} else {
			status_of_child(node_child(node), object);
			put_rss(node_child(node), object);
		}
	}
}

struct tally {
	unsigned specs, active, supervisors, workers;
};

static void
count_below(const struct group *group, bool all, struct tally *t)
{
	for (size_t i = 0; i < group->count; i++) {
		struct node *node = group->nodes[i];

		t->specs++;
		if (node->is_group) {
			t->supervisors++;
			t->active += !node_group(node)->held &&
			    !node_group(node)->ended;
			if (all)
				count_below(node_group(node), all, t);
		} else {
			t->workers++;
			t->active += node_child(node)->pid > 0;
		}
	}
}

void
status_count(const struct group *group, bool all, struct json *out)
{
	struct tally t = { 0 };

	count_below(group, all, &t);
	json_put_num(out, "specs", t.specs);
	json_put_num(out, "active", t.active);
	json_put_num(out, "supervisors", t.supervisors);
	json_put_num(out, "workers", t.workers);
}

void
status_last_lines(const char *path, size_t lines, struct json *array)
{
	char text[TAIL_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n = fd < 0 ? 0
			   : pread(fd, text, TAIL_BYTES,
				 end > TAIL_BYTES ? end - TAIL_BYTES : 0);
	char *at, *line;

	fd_close(&fd);
	if (n <= 0)
		return;
	if (text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	for (at = text + n; at > text && lines > 0; at--)
		if (at[-1] == '\n' && --lines == 0)
			break;
	while ((line = strsep(&at, "\n")) != NULL)
		json_put_str(array, NULL, line);
}
