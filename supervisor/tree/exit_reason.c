/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code and signal stay apart everywhere: an exit code is never a masked
 * signal, and exit 0 before READY is a failure of a worker that promised to
 * say READY.
 */
#include "supervisor/tree/exit_reason.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

bool
signal_is_own_fault(int signo)
{
	switch (signo) {
	case SIGABRT:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGSEGV:
	case SIGSYS:
	case SIGTRAP:
	case SIGPIPE:
	case SIGXCPU:
	case SIGXFSZ:
		return true;
	default:
		return false;
	}
}

static bool
is_in(const struct exit_reason *reason, const struct exit_set *set)
{
	return reason->kind == EXIT_KIND_EXIT
	    ? exit_set_has_code(set, reason->code)
	    : exit_set_has_signal(set, reason->signal);
}

bool
exit_is_shortage(const struct exit_reason *reason)
{
	if (reason->kind != EXIT_KIND_EXEC)
		return false;
	switch (reason->error) {
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case ETXTBSY:
		return true;
	default:
		return false;
	}
}

enum exit_verdict
exit_judge(const struct exit_reason *reason, const struct worker_conf *conf)
{
	bool promised_ready =
	    !reason->was_ready && conf->ready.kind != READY_EXEC;

	if (exit_is_shortage(reason))
		return VERDICT_SHORTAGE;
	if (reason->kind != EXIT_KIND_EXIT && reason->kind != EXIT_KIND_SIGNAL)
		return VERDICT_FAILURE;
	if (promised_ready && reason->kind == EXIT_KIND_EXIT &&
	    is_in(reason, conf->ignore_exit))
		return VERDICT_IGNORE;
	if (is_in(reason, conf->prevent_restart_exit))
		return VERDICT_FINAL;
	if (!promised_ready && !reason->core_dumped &&
	    is_in(reason, conf->success_exit))
		return VERDICT_NORMAL;
	return VERDICT_FAILURE;
}

bool
exit_is_restarted(enum restart_type type, enum exit_verdict verdict)
{
	if (verdict == VERDICT_IGNORE || verdict == VERDICT_FINAL)
		return false;
	return type == RESTART_PERMANENT ||
	    (type == RESTART_TRANSIENT &&
		(verdict == VERDICT_FAILURE || verdict == VERDICT_SHORTAGE));
}

const char *
exit_kind_name(enum exit_kind kind)
{
	static const char *const names[] = {
		[EXIT_KIND_EXIT] = "exit",
		[EXIT_KIND_SIGNAL] = "signal",
		[EXIT_KIND_START_TIMEOUT] = "start_timeout",
		[EXIT_KIND_WATCHDOG] = "watchdog",
		[EXIT_KIND_CHECK] = "check",
		[EXIT_KIND_OOM] = "oom",
		[EXIT_KIND_EXEC] = "exec",
	};

	return names[kind];
}

const char *
exit_cause_name(enum exit_cause cause)
{
	static const char *const names[] = {
		[EXIT_BY_SELF] = "self",
		[EXIT_BY_EXTERNAL] = "external",
		[EXIT_BY_OPERATOR] = "operator",
		[EXIT_BY_SIBLING] = "sibling",
		[EXIT_BY_SHUTDOWN] = "shutdown",
	};

	return names[cause];
}

const char *
exit_print(const struct exit_reason *reason, char out[static EXIT_TEXT_BYTES])
{
	const char *before = reason->was_ready ? "" : " before it was ready";

	switch (reason->kind) {
	case EXIT_KIND_EXIT:
		if (reason->code < 0) {
			snprintf(out, EXIT_TEXT_BYTES,
			    "ended, only its parent knows how%s", before);
			break;
		}
		snprintf(out, EXIT_TEXT_BYTES, "exit code %d%s", reason->code,
		    before);
		break;
	case EXIT_KIND_EXEC:
		snprintf(out, EXIT_TEXT_BYTES, "%s failed: %s", reason->stage,
		    strerror(reason->error));
		break;
	case EXIT_KIND_START_TIMEOUT:
		snprintf(out, EXIT_TEXT_BYTES, "not ready in time");
		break;
	case EXIT_KIND_WATCHDOG:
		snprintf(out, EXIT_TEXT_BYTES, "hung: its watchdog expired");
		break;
	case EXIT_KIND_CHECK:
		snprintf(out, EXIT_TEXT_BYTES, "its health check failed");
		break;
	case EXIT_KIND_OOM:
		snprintf(out, EXIT_TEXT_BYTES, "killed: out of memory%s",
		    before);
		break;
	case EXIT_KIND_SIGNAL:
		snprintf(out, EXIT_TEXT_BYTES, "killed by %s%s%s",
		    signal_name(reason->signal),
		    reason->core_dumped ? " (core dumped)" : "", before);
		break;
	}
	return out;
}
