/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `msctl events`: what msd did, numbered.  The ring first; with -f what comes
 * after, until interrupted, also over a restart of msd: the numbers say where
 * to go on, and what cannot be had any more is said.
 */
#include <stdio.h>
#include <time.h>

#include "common/mono.h"
#include "supervisor/msctl/ctl_client.h"
#include "supervisor/msctl/render.h"
#include "supervisor/msctl/verbs.h"

#define NAME_COLUMNS  14
#define EVENT_COLUMNS 11

#define LIFE     40
#define BREAK_MS 5000u     /* msd may be away so long */
#define AGAIN_NS 100000000 /* between two looks whether it is back */

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

/* An exit is told in words. */
static bool
is_exit(const char *key)
{
	static const char *const parts[] = { "kind", "code", "signal", "cause",
		"stage", "errno" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strcmp(parts[i], key) == 0)
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
	bool exited = strcmp(what, "exited") == 0 && json_get(event, "kind");
	size_t columns = 0;

	if (exited) {
		buf_add_u8(&rest, ' ');
		exit_render(event, &rest);
	}
	for (const struct json *m = json_first(event); m; m = json_next(m))
		if (!is_head(json_key(m)) && !(exited && is_exit(json_key(m))))
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

/* Where a reader is, so that he can go on there after a break. */
struct stream {
	const struct msctl *ctl;
	struct ctl_client client;
	bool follow;
	bool is_over;    /* msd said that it ends */
	double next;     /* number, < 0: not known */
	char life[LIFE]; /* of msd; numbers mean nothing in another one */
};

static void
say_lost(const struct msctl *ctl, double first, double last)
{
	struct buf out = { 0 };

	if (!ctl->json) {
		fprintf(stderr,
		    "msctl: events %.0f to %.0f are lost: msd keeps the last "
		    "ones only\n",
		    first, last);
		return;
	}
	buf_printf(&out, "{\"event\":\"lost\",\"first\":%.0f,\"last\":%.0f}\n",
	    first, last);
	ctl_write(&out);
	buf_fini(&out);
}

/* The beginning of a stream, the first or one after a break. */
static void
note_reply(struct stream *s, const struct json *reply)
{
	const struct json *lost = json_get(reply, "lost");
	const char *life = json_get_str(reply, "life", "");

	if (s->life[0] && strcmp(s->life, life) != 0 && !s->ctl->json)
		fprintf(stderr,
		    "msctl: msd has been started anew, its numbers too\n");
	snprintf(s->life, sizeof(s->life), "%s", life);
	if (lost)
		say_lost(s->ctl, json_get_num(lost, "first", 0),
		    json_get_num(lost, "last", 0));
	if (s->next < 0)
		s->next = json_get_num(reply, "next", 0);
}

static struct json *
stream_request(const struct stream *s)
{
	struct json *request = ctl_request("events", NULL);

	if (s->next >= 0)
		json_put_num(request, "from", s->next);
	if (s->life[0])
		json_put_str(request, "life", s->life);
	json_put_bool(request, "follow", s->follow);
	return request;
}

static int
ask_stream(struct stream *s)
{
	struct json *reply = NULL;
	int code =
	    ctl_ask(&s->client, stream_request(s), CTL_ANSWER_MS, &reply);

	if (code == CTL_OK && !ctl_is_ok(reply))
		code = ctl_refused(s->ctl, reply);
	else if (code == CTL_OK)
		note_reply(s, reply);
	json_free(&reply);
	return code;
}

/* MS_ECLOSED: msd hung up.  MS_OK: the end of what was asked for. */
static enum ms_err
read_stream(struct stream *s)
{
	for (;;) {
		struct json *line;
		enum ms_err err = ctl_next(&s->client,
		    s->follow ? DURATION_INFINITY : CTL_ANSWER_MS, &line);
		bool end;

		if (err != MS_OK)
			return err;
		end = json_get_bool(line, "end", false);
		if (json_get(line, "event")) {
			print_event(s->ctl, line);
			s->next = json_get_num(line, "seq", s->next) + 1;
			s->is_over |= strcmp(json_get_str(line, "event", ""),
					  "shutdown") == 0;
		}
		json_free(&line);
		if (end)
			return MS_OK;
	}
}

/* A dying msd still takes connections, and answers none. */
static bool
try_again(struct stream *s)
{
	struct json *reply = NULL;
	bool good;

	ctl_close(&s->client);
	good = ctl_open_quiet(s->ctl, &s->client, NULL) == MS_OK &&
	    ctl_ask_quiet(&s->client, stream_request(s), CTL_ANSWER_MS,
		&reply) == MS_OK &&
	    ctl_is_ok(reply);
	if (good)
		note_reply(s, reply);
	json_free(&reply);
	return good;
}

/* msd may be replacing itself, or have been started again. */
static bool
come_back(struct stream *s)
{
	struct mono until = mono_add_ms(mono_now(), BREAK_MS);

	while (!mono_reached(mono_now(), until)) {
		if (try_again(s))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = AGAIN_NS }, NULL);
	}
	return false;
}

static int
print_stream(struct stream *s)
{
	enum ms_err err;

	do
		err = read_stream(s);
	while (err == MS_ECLOSED && s->follow && !s->is_over && come_back(s));
	if (err == MS_OK || (err == MS_ECLOSED && !s->follow))
		return CTL_OK;
	return err == MS_ECLOSED
	    ? ctl_fail(s->ctl, "unreachable", "msd closed the stream of events")
	    : ctl_fail_err(s->ctl, err, "the stream of events broke: %s",
		  ms_strerr(err));
}

int
do_events(struct msctl *ctl, const struct args *args)
{
	struct stream s = { .ctl = ctl,
		.follow = args_has(args, "follow"),
		.next = -1 };
	uint64_t from;
	int code;

	if (!ctl_number(ctl, args, "from", 0, &from))
		return CTL_USAGE;
	if (args_has(args, "from"))
		s.next = (double)from;
	code = ctl_open(ctl, &s.client);
	if (code != CTL_OK)
		return code;
	code = ask_stream(&s);
	if (code == CTL_OK)
		code = print_stream(&s);
	ctl_close(&s.client);
	return code;
}
