/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered, told and logged of the end of a process. */
#include "supervisor/tree/exit_record.h"

#include <signal.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/events.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"

static void
describe(const struct child *child, struct exit_reason *reason)
{
	*reason = (struct exit_reason){ .code = -1, .stage = "" };
	if (child->wait_code == CLD_EXITED) {
		reason->kind = EXIT_KIND_EXIT;
		reason->code = child->wait_status;
		reason->error = child->said_errno;
	} else if (child->wait_code == 0) {
		reason->kind = EXIT_KIND_EXIT;
		reason->code = child->said_status;
		reason->error = child->said_errno;
		reason->stage = "mainpid";
	} else {
		reason->kind = EXIT_KIND_SIGNAL;
		reason->signal = child->wait_status;
		reason->core_dumped = child->wait_code == CLD_DUMPED;
		reason->cause = signal_is_own_fault(reason->signal)
		    ? EXIT_BY_SELF
		    : EXIT_BY_EXTERNAL;
	}
	if (child->doomed) {
		reason->kind = child->doom.kind;
		reason->stage = child->doom.stage;
		reason->error = child->doom.error;
		reason->cause = EXIT_BY_SELF;
	}
	if (reason->signal == SIGKILL && !child->signalled &&
	    cgroup_had_oom(child)) {
		reason->kind = EXIT_KIND_OOM;
		reason->cause = EXIT_BY_SELF;
	}
	if (reason->kind == EXIT_KIND_EXEC) { /* it never ran */
		reason->code = -1;
		reason->signal = 0;
		reason->core_dumped = false;
	}
	/* a stop that had been asked for; a crash before the request is not */
	if (child->stop_cause != EXIT_BY_SELF && child->signalled)
		reason->cause = child->stop_cause;
	reason->left_behind = child->outlived;
	reason->late = child->late;
	reason->was_ready = child->was_ready;
	reason->at_ns = wall_ns();
	reason->uptime_ms = mono_ms_between(child->started, mono_now());
}

/* The ring doubles while it fills: most workers die seldom. */
static void
make_room(struct child *child)
{
	uint32_t n = child->exit_count;

	if (n >= CHILD_EXITS_KEPT || (n & (n - 1)))
		return;
	child->exits =
	    xreallocarray(child->exits, n ? n * 2 : 1, sizeof(*child->exits));
}

const struct exit_reason *
exit_record(struct child *child)
{
	struct exit_reason *reason;
	char text[EXIT_TEXT_BYTES];
	uint64_t seq;

	make_room(child);
	reason = &child->exits[child->exit_count++ % CHILD_EXITS_KEPT];
	describe(child, reason);
	child->done = "";
	seq = events_add(child->msd->events, "exited", child->node.name,
	    "\"pid\":%d,\"generation\":%llu,\"kind\":\"%s\",\"code\":%d,"
	    "\"signal\":\"%s\",\"cause\":\"%s\",\"stage\":\"%s\","
	    "\"supervisor\":\"%s\"",
	    (int)child->ended_pid, (unsigned long long)child->generation,
	    exit_kind_name(reason->kind), reason->code,
	    reason->signal ? signal_name(reason->signal) : "",
	    exit_cause_name(reason->cause), reason->stage,
	    child->node.parent->node.name);
	meters_exit(reason);
	logs_died(child->msd->logs, child, seq);
	if (reason->cause != EXIT_BY_SHUTDOWN &&
	    reason->cause != EXIT_BY_OPERATOR)
		log_warn("ended",
		    "name=%s supervisor=%s pid=%d how=%s uptime_ms=%llu",
		    child->node.name, child->node.parent->node.name,
		    (int)child->ended_pid, LOGQ(exit_print(reason, text)),
		    (unsigned long long)reason->uptime_ms);
	else
		log_info("stopped", "name=%s pid=%d", child->node.name,
		    (int)child->ended_pid);
	return reason;
}
