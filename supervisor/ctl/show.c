/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written straight into the reply: a thousand workers are a thousand small
 * objects, and a tree of nodes for them would cost more than the answer.
 */
#include "supervisor/ctl/show.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/child/phi.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"

#define TAIL_BYTES 8192
#define TAIL_LINES 10

void
show_str(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "\"%s\":", key);
	if (text)
		json_quote(out, slice_of(text));
	else
		buf_add_str(out, "null");
}

static void
show_num(struct buf *out, const char *key, bool given, uint64_t value)
{
	if (given)
		buf_printf(out, ",\"%s\":%" PRIu64, key, value);
	else
		buf_printf(out, ",\"%s\":null", key);
}

/* ENOENT and not its number: that is what people search for. */
static const char *
errno_word(int error)
{
	const char *word = error ? strerrorname_np(error) : "";

	return word ? word : "?";
}

void
show_exit(const struct exit_reason *reason, struct buf *out)
{
	char at[RFC3339_BYTES];

	if (!reason) {
		buf_add_str(out, "null");
		return;
	}
	buf_printf(out, "{\"kind\":\"%s\"", exit_kind_name(reason->kind));
	show_num(out, "code", reason->code >= 0, (uint64_t)reason->code);
	buf_add_u8(out, ',');
	show_str(out, "signal",
	    reason->signal ? signal_name(reason->signal) : NULL);
	rfc3339_print(reason->at_ns, at);
	buf_printf(out,
	    ",\"cause\":\"%s\",\"stage\":\"%s\",\"errno\":\"%s\",\"at\":\"%s\""
	    ",\"uptime_ms\":%" PRIu64 ",\"left_behind\":%" PRIu32
	    ",\"was_ready\":%s,\"core\":%s}",
	    exit_cause_name(reason->cause), reason->stage,
	    errno_word(reason->error), at, reason->uptime_ms,
	    reason->left_behind, reason->was_ready ? "true" : "false",
	    reason->core_dumped ? "true" : "false");
}

/* ---- workers ------------------------------------------------------------ */

static uint64_t
rss_kib(pid_t pid)
{
	char path[40], text[128];
	unsigned long long pages = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void
show_watchdog(const struct child *child, struct mono now, struct buf *out)
{
	const struct heartbeat *h = &child->heartbeat;

	buf_add_str(out, ",\"watchdog\":");
	if (h->last.ns == 0 || (!h->phi && !h->timeout_ms)) {
		buf_add_str(out, "null");
		return;
	}
	buf_printf(out, "{\"silent_ms\":%" PRIu64,
	    mono_ms_between(h->last, now));
	if (h->phi)
		buf_printf(out, ",\"phi\":%.2f,\"samples\":%u}",
		    phi_now(h->phi, now), phi_samples(h->phi));
	else
		buf_printf(out, ",\"timeout_ms\":%" PRIu64 "}", h->timeout_ms);
}

void
show_next_start(const struct child *child, struct buf *out)
{
	uint64_t ms = mono_ms_left(mono_now(), child->due);

	if (child->must_start && !child_is_alive(child) && child->due.ns &&
	    ms > 0)
		buf_printf(out, "\"next_start_ms\":%" PRIu64, ms);
	else /* it runs, stays down, or waits for somebody and not for a time */
		buf_add_str(out, "\"next_start_ms\":null");
}

static void
show_members(const struct child *child, struct buf *out)
{
	struct mono now = mono_now();
	bool runs = child_has_process(child);

	show_str(out, "name", child->node.name);
	buf_add_u8(out, ',');
	show_str(out, "supervisor", child->node.parent->node.name);
	buf_printf(out, ",\"type\":\"worker\",\"state\":\"%s\",\"want\":\"%s\"",
	    child_face_name(child_face(child)),
	    child->want == WANT_UP && !child->leaving ? "up" : "down");
	show_num(out, "pid", runs, (uint64_t)child->pid);
	buf_printf(out,
	    ",\"generation\":%" PRIu64 ",\"restarts\":%" PRIu32 ",\"ready\":%s",
	    child->generation, child->restarts,
	    child_is_ready(child) ? "true" : "false");
	show_num(out, "uptime_ms", runs, child_uptime_ms(child, now));
	buf_add_u8(out, ',');
	show_str(out, "status_text", child->status ? child->status : "");
	buf_add_u8(out, ',');
	show_next_start(child, out);
	buf_add_u8(out, ',');
	show_str(out, "waits_for",
	    child->must_start && child->waits_for ? child->waits_for->node.name
						  : NULL);
	show_num(out, "log_dropped", true, child->log_dropped);
	show_watchdog(child, now, out);
	show_num(out, "check_failures", child->probe, probe_failures(child));
	buf_add_u8(out, ',');
	show_str(out, "check_said", probe_said(child));
	show_num(out, "fds_stored", true, fdstore_count(child->store));
	buf_add_str(out, ",\"last_exit\":");
	show_exit(child_exit(child, 0), out);
}

void
show_child(const struct child *child, struct buf *out)
{
	buf_add_u8(out, '{');
	show_members(child, out);
	buf_add_u8(out, '}');
}

/* ---- supervisors -------------------------------------------------------- */

const char *
group_type(const struct group *group)
{
	return group->mold ? "template" : "supervisor";
}

/* All of its workers that should be ready are: it is ready. */
static const char *
group_state(const struct group *group)
{
	bool ready = true;

	if (group->held)
		return "failed";
	if (group->ended)
		return "exited";
	if (group->stopped)
		return "down";
	if (group->starting)
		return "starting";
	for (size_t i = 0; i < group->count; i++) {
		const struct child *child = node_child(group->nodes[i]);
		const struct group *below = node_group(group->nodes[i]);

		if (child)
			ready = ready && child_is_well(child);
		else
			ready = ready &&
			    (below->stopped ||
				strcmp(group_state(below), "ready") == 0);
	}
	return ready ? "ready" : "starting";
}

static void
show_group_members(const struct group *group, struct buf *out)
{
	static const char *const strategies[] = {
		[STRATEGY_DEFAULT] = "one_for_one",
		[STRATEGY_ONE_FOR_ONE] = "one_for_one",
		[STRATEGY_REST_FOR_ONE] = "rest_for_one",
		[STRATEGY_ONE_FOR_ALL] = "one_for_all",
		[STRATEGY_ESCALATE] = "escalate",
	};
	const char *state = group_state(group);

	show_str(out, "name", group->node.name);
	buf_add_u8(out, ',');
	show_str(out, "supervisor",
	    group->node.parent ? group->node.parent->node.name : NULL);
	buf_printf(out,
	    ",\"type\":\"%s\",\"state\":\"%s\",\"want\":\"%s\""
	    ",\"pid\":null,\"generation\":%" PRIu32 ",\"restarts\":%" PRIu32
	    ",\"ready\":%s,\"uptime_ms\":null,\"status_text\":\"\""
	    ",\"next_start_ms\":null,\"last_exit\":null"
	    ",\"strategy\":\"%s\",\"intensity\":%" PRIu32
	    ",\"period_ms\":%" PRIu64,
	    group_type(group), state, group->stopped ? "down" : "up",
	    group->restarts + 1, group->restarts,
	    strcmp(state, "ready") == 0 ? "true" : "false",
	    strategies[group->conf.strategy], group->conf.intensity,
	    group->conf.period_ms);
}

void
show_group(const struct group *group, struct buf *out)
{
	buf_add_u8(out, '{');
	show_group_members(group, out);
	buf_add_u8(out, '}');
}

void
show_tree(const struct group *group, struct buf *out)
{
	buf_add_u8(out, '{');
	show_group_members(group, out);
	buf_add_str(out, ",\"children\":[");
	for (size_t i = 0; i < group->count; i++) {
		const struct child *child = node_child(group->nodes[i]);

		if (i)
			buf_add_u8(out, ',');
		if (!child) {
			show_tree(node_group(group->nodes[i]), out);
			continue;
		}
		buf_add_u8(out, '{');
		show_members(child, out);
		show_num(out, "rss_kib", child_has_process(child),
		    child->pid ? rss_kib(child->pid) : 0);
		buf_add_u8(out, '}');
	}
	buf_add_str(out, "]}");
}

/* ---- last words --------------------------------------------------------- */

static size_t
read_tail(const struct child *child, char *text, size_t max)
{
	char path[LOG_PATH_BYTES];
	int fd = open(logs_path(child->msd->logs, child, path),
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;
	off_t size;

	if (fd < 0)
		return 0;
	size = lseek(fd, 0, SEEK_END);
	n = pread(fd, text, max, size > (off_t)max ? size - (off_t)max : 0);
	fd_close(&fd);
	return n > 0 ? (size_t)n : 0;
}

void
show_tail(const struct child *child, struct buf *out)
{
	char text[TAIL_BYTES];
	size_t len = read_tail(child, text, sizeof(text)), lines = 0, from;
	struct slice rest, line;

	while (len > 0 && text[len - 1] == '\n')
		len--;
	for (from = len; from > 0; from--)
		if (text[from - 1] == '\n' && ++lines == TAIL_LINES)
			break;
	rest = (struct slice){ text + from, len - from };
	buf_add_u8(out, '[');
	for (bool first = true; slice_cut(&rest, '\n', &line); first = false) {
		if (!first)
			buf_add_u8(out, ',');
		json_quote(out, line);
	}
	buf_add_u8(out, ']');
}
