/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/child/hint.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

static const char *
hint_of_exec(const struct exit_reason *reason)
{
	if (strcmp(reason->stage, "interpreter") == 0)
		return "the script is there, the interpreter that its first "
		       "line names is not";
	if (strcmp(reason->stage, "exec") != 0)
		return NULL;
	switch (reason->error) {
	case ENOENT:
		return "there is no such program; a bare name is looked up in "
		       "lib_dir, then in the PATH of msd";
	case ENOEXEC:
		return "it is no program: a script needs #! in its first line";
	case EACCES:
		return "it is not executable for the user it runs as";
	default:
		return NULL;
	}
}

const char *
hint_of(const struct exit_reason *reason, const struct worker_conf *conf)
{
	if (!reason)
		return NULL;
	switch (reason->kind) {
	case EXIT_KIND_EXEC:
		return hint_of_exec(reason);
	case EXIT_KIND_START_TIMEOUT:
		return conf->ready.kind == READY_NOTIFY
		    ? "it did not send READY=1; a program that does not know "
		      "sd_notify wants ready = exec, delay:D or check"
		    : NULL;
	case EXIT_KIND_EXIT:
		if (reason->code == 0 && reason->cause == EXIT_BY_SELF &&
		    reason->left_behind)
			return "it ended and left processes behind, as a "
			       "program does that makes itself a daemon: have "
			       "it stay in the foreground (daemonize no, "
			       "daemon off, --foreground), or send MAINPID";
		return NULL;
	case EXIT_KIND_SIGNAL:
		if (reason->signal == SIGKILL && reason->late)
			return "stop_signal did not end it within "
			       "stop_timeout; a shell that waits for a "
			       "program wants exec or stop_group = yes";
		return NULL;
	default:
		return NULL;
	}
}
