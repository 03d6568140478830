/* SPDX-License-Identifier: Apache-2.0 */
/* `msctl why`: how it died, what was done, what comes next, its last words. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/table.h"
#include "supervisor/msctl/verbs.h"

#define KEY_COLUMNS 13u

/* The last two; the others are asked for. */
static void
print_exits(const struct json *exits, const struct look *look, int64_t now_ns,
    struct buf *out)
{
	static const char *const keys[] = { "died", "before" };
	const struct json *e = json_first(exits);
	size_t n = json_count(exits);

	if (!e) {
		key_render(look, keys[0], out);
		buf_add_str(out, "never, as long as msd remembers\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys) && e; i++, e = json_next(e))
		exit_line_render(e, look, keys[i], now_ns, out);
	if (n > ARRAY_LEN(keys)) {
		key_render(look, "", out);
		buf_printf(out, "%zu more with --all\n", n - ARRAY_LEN(keys));
	}
}

static void
add_death(struct table *table, const struct json *e)
{
	double uptime = json_get_num(e, "uptime_ms", -1);
	const char *at = json_get_str(e, "at", "");
	char text[LOOK_TEXT_BYTES] = "", when[24] = "";
	struct buf how = { 0 };
	int64_t ns;

	if (rfc3339_parse(at, strlen(at), &ns)) {
		time_t s = (time_t)(ns / 1000000000);
		struct tm tm;

		localtime_r(&s, &tm);
		strftime(when, sizeof(when), "%m-%d %H:%M:%S", &tm);
	}
	exit_word_render(e, &how);
	buf_add_u8(&how, '\0');
	table_add(table, HUE_DIM, when);
	table_add(table, HUE_NONE, how.failed ? "" : (char *)how.ptr);
	table_add(table, HUE_NONE,
	    uptime >= 0 ? print_age((uint64_t)uptime, text) : "");
	table_add(table, HUE_NONE, json_get_str(e, "cause", ""));
	table_add(table, HUE_NONE, json_get_str(e, "stage", ""));
	table_add(table, HUE_NONE, json_get_str(e, "errno", ""));
	buf_fini(&how);
}

void
deaths_render(const struct json *reply, const struct look *look,
    struct buf *out)
{
	static const struct column columns[] = {
		{ "DIED", 0 },
		{ "HOW", COLUMN_FLEXIBLE },
		{ "AFTER", COLUMN_RIGHT },
		{ "CAUSE", 0 },
		{ "STAGE", 0 },
		{ "ERRNO", 0 },
	};
	struct table table;

	title_render(json_get(reply, "worker"), look, out);
	table_init(&table, columns, ARRAY_LEN(columns));
	for (const struct json *e = json_first(json_get(reply, "exits")); e;
	     e = json_next(e))
		add_death(&table, e);
	table_print(&table, look, out);
	table_fini(&table);
}

static void
print_output(const struct json *lines, const struct look *look, struct buf *out)
{
	const char *key = "output";

	for (const struct json *l = json_first(lines); l; l = json_next(l)) {
		key_render(look, key, out);
		look_wrap(look, slice_of(json_text(l)), KEY_COLUMNS, out);
		buf_add_u8(out, '\n');
		key = "";
	}
}

void
why_render(const struct json *reply, const struct look *look, int64_t now_ns,
    struct buf *out)
{
	const struct json *worker = json_get(reply, "worker");
	const char *done = json_get_str(reply, "done", "");
	const char *hint = json_get_str(reply, "hint", "");
	double next = json_get_num(reply, "next_start_ms", -1);
	char text[LOOK_TEXT_BYTES];

	title_render(worker, look, out);
	print_exits(json_get(reply, "exits"), look, now_ns, out);
	check_line_render(worker, look, out);
	if (hint[0]) {
		key_render(look, "hint", out);
		look_wrap(look, slice_of(hint), KEY_COLUMNS, out);
		buf_add_u8(out, '\n');
	}
	if (done[0]) {
		key_render(look, "done", out);
		buf_printf(out, "%s\n", done);
	}
	if (next >= 0) {
		key_render(look, "next try", out);
		buf_printf(out, "in %s\n", print_wait(next, text));
	}
	dropped_render(worker, look, out);
	print_output(json_get(reply, "output"), look, out);
}

static void
why_now_render(const struct json *reply, const struct look *look,
    struct buf *out)
{
	why_render(reply, look, wall_ns(), out);
}

int
do_why(struct msctl *ctl, const struct args *args)
{
	return ctl_show(ctl, ctl_request("why", args->pos[0]), CTL_ANSWER_MS,
	    args_has(args, "all") ? deaths_render : why_now_render);
}
