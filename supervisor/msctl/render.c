/* SPDX-License-Identifier: Apache-2.0 */
/* The words that several pictures of a worker share. */
#include "supervisor/msctl/render.h"

const char *
worker_state(const struct json *worker)
{
	return json_get_str(worker, "state", "?");
}

bool
worker_pid(const struct json *worker, long *pid_r)
{
	double pid = json_get_num(worker, "pid", 0);

	*pid_r = (long)pid;
	return pid > 0;
}

/* Without a code its main process was not msd's child; an errno is what the
 * worker has said itself. */
static void
exit_code_render(const struct json *last_exit, struct buf *out)
{
	double code = json_get_num(last_exit, "code", -1);
	const char *error = json_get_str(last_exit, "errno", "");

	if (code >= 0)
		buf_printf(out, "exit code %.0f", code);
	else
		buf_add_str(out, "ended, only its parent knows how");
	if (error[0])
		buf_printf(out, ", it said %s", error);
}

void
exit_word_render(const struct json *last_exit, struct buf *out)
{
	const char *kind = json_get_str(last_exit, "kind", NULL);
	const char *signal = json_get_str(last_exit, "signal", "?");
	const char *stage = json_get_str(last_exit, "stage", "");
	const char *error = json_get_str(last_exit, "errno", "");

	if (!kind)
		return;
	if (strcmp(kind, "exit") == 0)
		exit_code_render(last_exit, out);
	else if (strcmp(kind, "signal") == 0)
		buf_printf(out, "killed by %s", signal);
	else if (strcmp(kind, "start_timeout") == 0)
		buf_add_str(out, "not ready in time");
	else if (strcmp(kind, "watchdog") == 0)
		buf_add_str(out, "hung: no watchdog sign");
	else if (strcmp(kind, "check") == 0)
		buf_add_str(out, "health check failed");
	else if (strcmp(kind, "oom") == 0)
		buf_add_str(out, "out of memory");
	else if (strcmp(kind, "exec") == 0)
		buf_printf(out, "could not start: %s%s%s", stage,
		    stage[0] && error[0] ? ": " : "", error);
	else
		buf_add_str(out, kind);
}

void
exit_render(const struct json *last_exit, struct buf *out)
{
	const char *cause = json_get_str(last_exit, "cause", "self");

	exit_word_render(last_exit, out);
	if (json_get_str(last_exit, "kind", NULL) && strcmp(cause, "self") != 0)
		buf_printf(out, ", %s%s",
		    strcmp(cause, "external") == 0 ? "" : "by ", cause);
}

static void
add_restarts(double restarts, struct buf *out)
{
	buf_printf(out, "%.0f restart%s", restarts, restarts == 1 ? "" : "s");
}

/* Of a worker that is up: what it went through, then what it says. */
static void
note_up(const struct json *worker, struct buf *out)
{
	const char *status = json_get_str(worker, "status_text", "");
	const struct json *last_exit = json_get(worker, "last_exit");
	double restarts = json_get_num(worker, "restarts", 0);

	if (restarts > 0) {
		add_restarts(restarts, out);
		if (json_type_of(last_exit) == JSON_OBJECT) {
			buf_add_str(out, " (");
			exit_render(last_exit, out);
			buf_add_str(out, ")");
		}
		if (status[0])
			buf_add_str(out, ", ");
	}
	buf_add_str(out, status);
}

/* Of one that is not: when it is tried again, how it ended. */
static void
note_down(const struct json *worker, struct buf *out)
{
	const struct json *last_exit = json_get(worker, "last_exit");
	double next = json_get_num(worker, "next_start_ms", -1);
	double restarts = json_get_num(worker, "restarts", 0);
	char text[LOOK_TEXT_BYTES];
	const char *sep = "";

	if (next >= 0) {
		buf_printf(out, "next try in %s", print_wait(next, text));
		sep = ", ";
	}
	if (json_type_of(last_exit) == JSON_OBJECT) {
		buf_add_str(out, sep);
		exit_render(last_exit, out);
		sep = ", ";
	}
	if (restarts > 0) {
		buf_add_str(out, sep);
		add_restarts(restarts, out);
	}
}

void
note_render(const struct json *worker, struct buf *out)
{
	if (json_get_bool(worker, "ready", false))
		note_up(worker, out);
	else
		note_down(worker, out);
}

void
key_render(const struct look *look, const char *key, struct buf *out)
{
	look_hue(look, HUE_DIM, out);
	buf_printf(out, "  %-11s", key);
	look_plain(look, HUE_DIM, out);
}

void
dropped_render(const struct json *worker, const struct look *look,
    struct buf *out)
{
	double lines = json_get_num(worker, "log_dropped", 0);

	if (lines < 1)
		return;
	key_render(look, "log", out);
	buf_printf(out, "%.0f line%s dropped\n", lines, lines == 1 ? "" : "s");
}
