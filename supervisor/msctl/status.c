/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl status`: a line for each worker, or a card for one. */
#include <stdio.h>

#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

/* ---- lines ---------------------------------------------------------------- */

static void
add_line(struct table *table, const struct look *look, const struct json *w)
{
	double uptime = json_get_num(w, "uptime_ms", -1);
	const char *state = worker_state(w);
	struct buf note = { 0 };
	char text[LOOK_TEXT_BYTES];
	long pid;

	table_add(table, HUE_NONE, json_get_str(w, "name", "?"));
	if (worker_pid(w, &pid))
		table_addf(table, HUE_NONE, "%ld", pid);
	else
		table_add(table, HUE_NONE, "");
	table_addf(table, state_hue(state), "%s %s", state_symbol(look, state),
	    state);
	table_add(table, HUE_NONE,
	    uptime >= 0 ? print_age((uint64_t)uptime, text) : "");
	table_add(table, HUE_DIM, json_get_str(w, "supervisor", ""));
	note_render(w, &note);
	buf_add_u8(&note, '\0');
	table_add(table, HUE_NONE, note.failed ? "" : (char *)note.ptr);
	buf_fini(&note);
}

void
status_render(const struct json *reply, const struct look *look,
    struct buf *out)
{
	static const struct column columns[] = {
		{ "NAME", 0 },
		{ "PID", COLUMN_RIGHT },
		{ "STATE", 0 },
		{ "UPTIME", COLUMN_RIGHT },
		{ "SUPERVISOR", 0 },
		{ "NOTE", COLUMN_FLEXIBLE },
	};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (const struct json *w = json_first(json_get(reply, "workers")); w;
	     w = json_next(w))
		add_line(&table, look, w);
	table_print(&table, look, out);
	table_fini(&table);
}

/* ---- card ----------------------------------------------------------------- */

static void
print_ago(const char *at, int64_t now_ns, struct buf *out)
{
	char text[LOOK_TEXT_BYTES];
	int64_t ns;

	if (!rfc3339_parse(at, strlen(at), &ns))
		return;
	if (ns <= now_ns)
		buf_printf(out, "%s ago (%s)",
		    print_age((uint64_t)(now_ns - ns) / 1000000, text), at);
	else
		buf_add_str(out, at);
}

void
exit_line_render(const struct json *exit, const struct look *look,
    const char *key, int64_t now_ns, struct buf *out)
{
	double uptime = json_get_num(exit, "uptime_ms", -1);
	double left = json_get_num(exit, "left_behind", 0);
	const char *at = json_get_str(exit, "at", "");
	char text[LOOK_TEXT_BYTES];

	key_render(look, key, out);
	exit_render(exit, out);
	if (uptime >= 0)
		buf_printf(out, " after %s", print_age((uint64_t)uptime, text));
	if (left > 0)
		buf_printf(out, ", left %.0f process%s behind (killed)", left,
		    left == 1 ? "" : "es");
	if (at[0]) {
		buf_add_str(out, ", ");
		print_ago(at, now_ns, out);
	}
	buf_add_u8(out, '\n');
}

void
title_render(const struct json *worker, const struct look *look,
    struct buf *out)
{
	const char *state = worker_state(worker);
	const char *want = json_get_str(worker, "want", "");

	look_hue(look, HUE_BOLD, out);
	buf_add_str(out, json_get_str(worker, "name", "?"));
	look_plain(look, HUE_BOLD, out);
	buf_add_u8(out, ' ');
	look_hue(look, state_hue(state), out);
	buf_printf(out, "%s %s", state_symbol(look, state), state);
	look_plain(look, state_hue(state), out);
	if (strcmp(want, "down") == 0 && strcmp(state, "down") != 0)
		buf_add_str(out, ", to be down");
	buf_add_u8(out, '\n');
}

static void
print_process(const struct json *worker, const struct look *look,
    struct buf *out)
{
	double uptime = json_get_num(worker, "uptime_ms", -1);
	double rss = json_get_num(worker, "rss_kib", -1);
	char text[LOOK_TEXT_BYTES];
	long pid;

	key_render(look, "process", out);
	if (worker_pid(worker, &pid))
		buf_printf(out, "pid %ld", pid);
	else
		buf_add_str(out, "none");
	buf_printf(out, ", generation %.0f",
	    json_get_num(worker, "generation", 0));
	if (uptime >= 0)
		buf_printf(out, ", up %s", print_age((uint64_t)uptime, text));
	if (rss > 0)
		buf_printf(out, ", %s", print_kib(rss, text));
	buf_add_u8(out, '\n');
}

static void
print_watchdog(const struct json *worker, const struct look *look,
    struct buf *out)
{
	const struct json *watchdog = json_get(worker, "watchdog");
	double phi = json_get_num(watchdog, "phi", -1);
	char silent[LOOK_TEXT_BYTES], limit[LOOK_TEXT_BYTES];

	if (json_type_of(watchdog) != JSON_OBJECT)
		return;
	key_render(look, "watchdog", out);
	print_wait(json_get_num(watchdog, "silent_ms", 0), silent);
	if (phi >= 0)
		buf_printf(out, "silent for %s, phi %.2f of %.0f intervals\n",
		    silent, phi, json_get_num(watchdog, "samples", 0));
	else
		buf_printf(out, "silent for %s of %s\n", silent,
		    print_wait(json_get_num(watchdog, "timeout_ms", 0), limit));
}

void
check_line_render(const struct json *worker, const struct look *look,
    struct buf *out)
{
	const char *said = json_get_str(worker, "check_said", "");

	if (!said[0])
		return;
	key_render(look, "check", out);
	buf_printf(out,
	    "%.0f failed, last: ", json_get_num(worker, "check_failures", 0));
	look_text(look, slice_of(said), look->columns ? look->columns - 33 : 0,
	    out);
	buf_add_u8(out, '\n');
}

void
card_render(const struct json *worker, const struct look *look, int64_t now_ns,
    struct buf *out)
{
	const char *status = json_get_str(worker, "status_text", "");
	const char *supervisor = json_get_str(worker, "supervisor", "");
	double next = json_get_num(worker, "next_start_ms", -1);
	double stored = json_get_num(worker, "fds_stored", 0);
	const struct json *exit = json_get(worker, "last_exit");
	char text[LOOK_TEXT_BYTES];

	title_render(worker, look, out);
	if (strcmp(json_get_str(worker, "type", "worker"), "worker") == 0)
		print_process(worker, look, out);
	if (status[0]) {
		key_render(look, "says", out);
		look_text(look, slice_of(status),
		    look->columns ? look->columns - 13 : 0, out);
		buf_add_u8(out, '\n');
	}
	if (supervisor[0]) {
		key_render(look, "supervisor", out);
		buf_printf(out, "%s\n", supervisor);
	}
	key_render(look, "restarts", out);
	buf_printf(out, "%.0f\n", json_get_num(worker, "restarts", 0));
	print_watchdog(worker, look, out);
	check_line_render(worker, look, out);
	if (stored > 0) {
		key_render(look, "fd store", out);
		buf_printf(out, "%.0f kept for it\n", stored);
	}
	if (next >= 0) {
		key_render(look, "next try", out);
		buf_printf(out, "in %s\n", print_wait(next, text));
	}
	dropped_render(worker, look, out);
	if (json_type_of(exit) == JSON_OBJECT)
		exit_line_render(exit, look, "last exit", now_ns, out);
}

/* ---- the verb ------------------------------------------------------------- */

static int
ask_status(const struct msctl *ctl, const char *name, bool all,
    struct json **reply_r)
{
	struct json *request = ctl_request("status", name);

	if (all)
		json_put_bool(request, "all", true);
	return ctl_once(ctl, request, CTL_ANSWER_MS, reply_r);
}

/* Prints the workers of many answers as if they were one. */
struct gathered {
	struct buf text; /* {"v":1,"workers":[...]} while it grows */
	size_t count;
};

static void
gather(struct gathered *g, const struct json *reply)
{
	for (const struct json *w = json_first(json_get(reply, "workers")); w;
	     w = json_next(w)) {
		buf_add_str(&g->text,
		    g->count++ ? "," : "{\"v\":1,\"workers\":[");
		json_print(w, &g->text);
	}
}

static void
print_gathered(const struct msctl *ctl, struct gathered *g)
{
	struct json *all = NULL;
	struct buf out = { 0 };

	if (!g->count)
		return;
	buf_add_str(&g->text, "]}");
	if (json_parse(buf_slice(&g->text), &all, NULL) != MS_OK)
		return;
	if (ctl->json)
		ctl_write_json(all);
	else
		status_render(all, &ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
	json_free(&all);
}

static int
status_of_many(const struct msctl *ctl, const struct args *args)
{
	struct gathered g = { .count = 0 };
	int code = CTL_OK, worst = CTL_OK;
	size_t failed = 0;

	for (size_t i = 0; i < args->pos_count; i++) {
		struct json *reply;
		code = ask_status(ctl, args->pos[i], false, &reply);
		if (code == CTL_UNREACHABLE)
			return code;
		if (code != CTL_OK) {
			failed++;
			worst = code;
			continue;
		}
		gather(&g, reply);
		json_free(&reply);
	}
	print_gathered(ctl, &g);
	buf_fini(&g.text);
	return failed == 0 || failed == args->pos_count ? worst : CTL_PARTIAL;
}

static void
print_status(const struct msctl *ctl, const struct json *reply, bool is_one)
{
	const struct json *first = json_first(json_get(reply, "workers"));
	struct buf out = { 0 };

	if (ctl->json)
		ctl_write_reply(reply);
	else if (is_one && first && !json_next(first))
		card_render(first, &ctl->look, wall_ns(), &out);
	else
		status_render(reply, &ctl->look, &out);
	ctl_write(&out);
	buf_fini(&out);
}

int
do_status(struct msctl *ctl, const struct args *args)
{
	struct json *reply;
	const char *name = args->pos_count ? args->pos[0] : NULL;
	int code;

	if (args_has(args, "lsb"))
		return lsb_status(ctl, name);
	if (args->pos_count > 1)
		return status_of_many(ctl, args);
	code = ask_status(ctl, name, args_has(args, "all"), &reply);
	if (code != CTL_OK)
		return code;
	print_status(ctl, reply, name != NULL);
	json_free(&reply);
	return CTL_OK;
}
