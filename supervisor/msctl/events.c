/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl events`: what msd did, numbered.  The ring first; with -f what comes
 * after, until interrupted.
 */
#include <stdio.h>
#include <time.h>

#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/verbs.h"

#define NAME_COLUMNS  14
#define EVENT_COLUMNS 11

/* ---- one line ------------------------------------------------------------- */

static void
print_time(const char *at, struct buf *out)
{
	char text[16];
	struct tm tm;
	int64_t ns;
	time_t s;

	if (!rfc3339_parse(at, strlen(at), &ns)) {
		buf_printf(out, "%-12s", "-");
		return;
	}
	s = (time_t)(ns / 1000000000);
	localtime_r(&s, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buf_printf(out, "%s.%03d", text, (int)(ns / 1000000 % 1000));
}

static bool
is_head(const char *key)
{
	static const char *const head[] = { "seq", "at", "mono_ms", "event",
		"name", "id", "ok" };

	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		if (strcmp(head[i], key) == 0)
			return true;
	return false;
}

static void
print_member(const struct json *m, struct buf *out)
{
	const char *text = json_text(m);

	if (json_type_of(m) == JSON_NULL || (text && !text[0]))
		return;
	if (strcmp(json_key(m), "last_exit") == 0 ||
	    strcmp(json_key(m), "exit") == 0) {
		buf_add_u8(out, ' ');
		exit_render(m, out);
		return;
	}
	buf_printf(out, " %s=", json_key(m));
	if (text && !strchr(text, ' '))
		buf_add_str(out, text);
	else
		json_print(m, out);
}

void
event_render(const struct json *event, const struct look *look, struct buf *out)
{
	const char *what = json_get_str(event, "event", "?");
	struct buf rest = { 0 };
	size_t columns = 0;

	for (const struct json *m = json_first(event); m; m = json_next(m))
		if (!is_head(json_key(m)))
			print_member(m, &rest);
	look_hue(look, HUE_DIM, out);
	buf_printf(out, "%6.0f ", json_get_num(event, "seq", 0));
	print_time(json_get_str(event, "at", ""), out);
	look_plain(look, HUE_DIM, out);
	buf_printf(out, " %-*s ", NAME_COLUMNS,
	    json_get_str(event, "name", ""));
	look_hue(look, state_hue(what), out);
	buf_printf(out, rest.len ? "%-*s" : "%*s", rest.len ? EVENT_COLUMNS : 0,
	    what);
	look_plain(look, state_hue(what), out);
	if (look->columns > 6 + 1 + 12 + 1 + NAME_COLUMNS + 1 + EVENT_COLUMNS)
		columns = look->columns -
		    (6 + 1 + 12 + 1 + NAME_COLUMNS + 1 + EVENT_COLUMNS);
	look_text(look, buf_slice(&rest), columns, out);
	buf_fini(&rest);
	buf_add_u8(out, '\n');
}

/* ---- the stream ----------------------------------------------------------- */

static void
print_event(const struct msctl *ctl, const struct json *event)
{
	struct buf out = { 0 };

	if (ctl->json) {
		json_print(event, &out);
		buf_add_u8(&out, '\n');
	} else {
		event_render(event, &ctl->look, &out);
	}
	ctl_write(&out);
	buf_fini(&out);
}

static int
print_stream(const struct msctl *ctl, struct ctl_client *client, bool follow)
{
	enum ms_err err;

	for (;;) {
		struct json *line;
		err = ctl_next(client,
		    follow ? DURATION_INFINITY : CTL_ANSWER_MS, &line);
		if (err != MS_OK)
			break;
		if (json_get(line, "event")) {
			print_event(ctl, line);
		} else if (json_get_bool(line, "end", false)) {
			json_free(&line);
			return CTL_OK;
		}
		json_free(&line);
	}
	if (err == MS_ECLOSED && !follow)
		return CTL_OK;
	return err == MS_ECLOSED
	    ? ctl_fail(ctl, "unreachable", "msd closed the stream of events")
	    : ctl_fail_err(ctl, err, "the stream of events broke: %s",
		  ms_strerr(err));
}

int
do_events(struct msctl *ctl, const struct args *args)
{
	struct json *request = ctl_request("events", NULL), *reply = NULL;
	bool follow = args_has(args, "follow");
	struct ctl_client client;
	uint64_t from;
	int code = CTL_USAGE;

	if (!ctl_number(ctl, args, "from", 0, &from)) {
		json_free(&request);
		return code;
	}
	if (args_has(args, "from"))
		json_put_num(request, "from", (double)from);
	json_put_bool(request, "follow", follow);
	code = ctl_open(ctl, &client);
	if (code != CTL_OK) {
		json_free(&request);
		return code;
	}
	code = ctl_ask(&client, request, CTL_ANSWER_MS, &reply);
	if (code == CTL_OK)
		code = ctl_is_ok(reply) ? print_stream(ctl, &client, follow)
					: ctl_refused(ctl, reply);
	json_free(&reply);
	ctl_close(&client);
	return code;
}
