/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of the control socket, each with its right, and those that tell
 * a worker what to do.  A verb answers now or asks ctl_await() to answer when
 * it is so.
 */
#include <signal.h>
#include <string.h>

#include "supervisor/ctl/ctl_verbs.h"
#include "supervisor/ctl/show.h"
#include "supervisor/msd.h"
#include "supervisor/state/reexec.h"
#include "supervisor/tree/command.h"

void
ctl_refuse(const struct ctl_request *request, const struct refusal *refusal)
{
	ctl_fail(request, refusal->code, "%s", refusal->why.text);
}

/* ---- waiting ------------------------------------------------------------ */

/* False after an error has been answered. */
bool
ctl_read_timeout(const struct ctl_request *request, uint64_t *ms_r)
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

void
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
	if (!ctl_read_timeout(request, &wait.timeout_ms))
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

void
ctl_run_command(const struct ctl_request *request, enum command command,
    int signo)
{
	struct ctl_wait wait = { .what = CTL_WAIT_UP };
	struct refusal refusal;

	if (!ctl_read_timeout(request, &wait.timeout_ms))
		return;
	if (request->child)
		wait.generation = request->child->generation;
	if (!command_run(request->msd, request->node, command, signo,
		&refusal)) {
		ctl_refuse(request, &refusal);
		return;
	}
	if (command == COMMAND_STOP || command == COMMAND_KILL)
		wait.what = CTL_WAIT_DOWN;
	if (json_get_bool(request->json, "wait", false))
		ctl_await(request, &wait);
	else
		answer_state(request);
}

void
do_start(const struct ctl_request *request)
{
	ctl_run_command(request, COMMAND_START, 0);
}

void
do_stop(const struct ctl_request *request)
{
	ctl_run_command(request, COMMAND_STOP, 0);
}

void
do_restart(const struct ctl_request *request)
{
	ctl_run_command(request, COMMAND_RESTART, 0);
}

void
do_kill(const struct ctl_request *request)
{
	ctl_run_command(request, COMMAND_KILL, 0);
}

void
do_signal(const struct ctl_request *request)
{
	const char *name = json_get_str(request->json, "signal", "");
	int signo = parse_signal(slice_of(name));

	if (signo <= 0 || signo >= NSIG)
		ctl_fail(request, "bad_request", "signal: '%.40s' is none",
		    name);
	else
		ctl_run_command(request, COMMAND_SIGNAL, signo);
}

void
do_shutdown(const struct ctl_request *request)
{
	ctl_reply(request);
	ctl_reply_end(request);
	msd_shutdown(request->msd, MSD_EXIT_OK, "asked for");
}

/* The answer comes from the image that takes over. */
static void
do_reexec(const struct ctl_request *request)
{
	struct why why = { "" };
	enum ms_err err = reexec_begin(request->msd->reexec, &why);

	if (err == MS_OK)
		ctl_await_reexec(request);
	else
		ctl_fail(request, err == MS_EBUSY ? "restarting" : "failed",
		    "%s", why.text);
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
	{ "health",   CTL_READ,    CTL_MAY_NAME,  do_health },
	{ "version",  CTL_READ,    CTL_NO_NAME,   do_version },
	{ "wait",     CTL_READ,    CTL_MUST_NAME, do_wait },
	{ "start",    CTL_CONTROL, CTL_MUST_NAME, do_start },
	{ "stop",     CTL_CONTROL, CTL_MAY_BE_GONE, do_stop },
	{ "restart",  CTL_CONTROL, CTL_MUST_NAME, do_restart },
	{ "kill",     CTL_CONTROL, CTL_MAY_BE_GONE, do_kill },
	{ "signal",   CTL_CONTROL, CTL_MUST_NAME, do_signal },
	{ "reload",   CTL_CONTROL, CTL_MAY_NAME,  do_reload },
	{ "plan",     CTL_CONTROL, CTL_NO_NAME,   do_plan },
	{ "check",    CTL_CONTROL, CTL_NO_NAME,   do_check },
	{ "add",      CTL_CONTROL, CTL_NO_NAME,   do_add },
	{ "remove",   CTL_CONTROL, CTL_MUST_NAME, do_remove },
	{ "scale",    CTL_CONTROL, CTL_MUST_NAME, do_scale },
	{ "spawn",    CTL_CONTROL, CTL_MUST_NAME, do_spawn },
	{ "shutdown", CTL_CONTROL, CTL_NO_NAME,   do_shutdown },
	{ "reexec",   CTL_CONTROL, CTL_NO_NAME,   do_reexec },
	{ .name = NULL }
};
/* clang-format on */
