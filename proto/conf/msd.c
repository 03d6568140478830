/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of [msd] and [supervisor NAME].  A row without FIELD_RELOAD cannot
 * change while msd runs: a reload that changes one is refused.
 */
#include "proto/conf/msd.h"

/* clang-format off */
const struct field_name strategy_names[] = {
	{ "one_for_one", STRATEGY_ONE_FOR_ONE },
	{ "rest_for_one", STRATEGY_REST_FOR_ONE },
	{ "one_for_all", STRATEGY_ONE_FOR_ALL },
	{ "escalate", STRATEGY_ESCALATE },
	{ NULL, 0 }
};
const struct field_name restart_names[] = {
	{ "permanent", RESTART_PERMANENT },
	{ "transient", RESTART_TRANSIENT },
	{ "temporary", RESTART_TEMPORARY },
	{ NULL, 0 }
};
const struct field_name auto_shutdown_names[] = {
	{ "never", AUTO_SHUTDOWN_NEVER },
	{ "any_significant", AUTO_SHUTDOWN_ANY },
	{ "all_significant", AUTO_SHUTDOWN_ALL },
	{ NULL, 0 }
};
const struct field_name on_give_up_names[] = {
	{ "escalate", GIVE_UP_ESCALATE },
	{ "hold", GIVE_UP_HOLD },
	{ NULL, 0 }
};
const struct field_name on_initial_failure_names[] = {
	{ "abort", INITIAL_ABORT },
	{ "retry", INITIAL_RETRY },
	{ NULL, 0 }
};
/* a supervisor cannot escalate by strategy: it does so by giving up */
static const struct field_name supervisor_strategy_names[] = {
	{ "one_for_one", STRATEGY_ONE_FOR_ONE },
	{ "rest_for_one", STRATEGY_REST_FOR_ONE },
	{ "one_for_all", STRATEGY_ONE_FOR_ALL },
	{ NULL, 0 }
};
/* clang-format on */

#define AT(member) .off = offsetof(struct msd_conf, member)

const struct field msd_rows[] = {
	{ .name = "run_dir",
	    .type = FIELD_STR,
	    AT(run_dir),
	    .def = "/run/ms",
	    .min = 1,
	    .max = 90,
	    .help = "Directory of sockets, lock and pid file." },
	{ .name = "log_dir",
	    .type = FIELD_STR,
	    AT(log_dir),
	    .def = "/var/log/ms",
	    .min = 1,
	    .help = "Directory of the workers' log files." },
	{ .name = "state_dir",
	    .type = FIELD_STR,
	    AT(state_dir),
	    .def = "/var/lib/ms",
	    .min = 1,
	    .help = "Directory of what must survive a restart." },
	{ .name = "lib_dir",
	    .type = FIELD_STR,
	    AT(lib_dir),
	    .min = 1,
	    .help = "Where bare command names are looked up before PATH; the "
		    "directory of msd itself when not given." },
	{ .name = "user",
	    .type = FIELD_STR,
	    AT(user),
	    .help = "Owner of msd's socket and directories." },
	{ .name = "group",
	    .type = FIELD_STR,
	    AT(group),
	    .help = "Group of msd's socket and directories." },
	{ .name = "control_group",
	    .type = FIELD_STR,
	    AT(control_group),
	    .flags = FIELD_RELOAD,
	    .help = "Members of this group may control msd; others who reach "
		    "the socket may only read." },
	{ .name = "run_if",
	    .type = FIELD_STR,
	    AT(run_if),
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .help = "A file without which msd is not needed here: it ends at "
		    "once, with 0, and starts nothing." },
	{ .name = "include",
	    .type = FIELD_WORDS,
	    AT(include),
	    .flags = FIELD_RELOAD | FIELD_REPEAT,
	    .help = "More files, as shell patterns, relative to this one." },
	{ .name = "shutdown_deadline",
	    .type = FIELD_DURATION,
	    AT(shutdown_deadline_ms),
	    .def = "90s",
	    .flags = FIELD_RELOAD,
	    .help = "An orderly stop longer than this ends in KILL for what is "
		    "left." },
	{ .name = "guardian",
	    .type = FIELD_BOOL,
	    AT(guardian),
	    .def = "no",
	    .help = "A parent process of msd: it starts msd again when that "
		    "crashes, after killing all that was left of it." },
	FIELD_END
};

#undef AT
#define AT(member) .off = offsetof(struct supervisor_conf, member)

const struct field supervisor_rows[] = {
	{ .name = "parent",
	    .type = FIELD_STR,
	    AT(parent),
	    .def = "root",
	    .flags = FIELD_RELOAD,
	    .help = "The supervisor above this one." },
	{ .name = "strategy",
	    .type = FIELD_ENUM,
	    AT(strategy),
	    .def = "one_for_one",
	    .names = supervisor_strategy_names,
	    .flags = FIELD_RELOAD,
	    .help = "Whom the failure of one child takes with it: nobody, "
		    "those after it, or all." },
	{ .name = "intensity",
	    .type = FIELD_U32,
	    AT(intensity),
	    .def = "5",
	    .max = 1000000,
	    .flags = FIELD_RELOAD,
	    .help = "More restarts than this within `period` and the "
		    "supervisor gives up." },
	{ .name = "period",
	    .type = FIELD_DURATION,
	    AT(period_ms),
	    .def = "10s",
	    .min = 1,
	    .max = 86400000ULL * 366,
	    .flags = FIELD_RELOAD,
	    .help = "The sliding window of `intensity`." },
	{ .name = "auto_shutdown",
	    .type = FIELD_ENUM,
	    AT(auto_shutdown),
	    .def = "never",
	    .names = auto_shutdown_names,
	    .flags = FIELD_RELOAD,
	    .help = "Whether the supervisor ends when significant children "
		    "have ended by themselves." },
	{ .name = "restart",
	    .type = FIELD_ENUM,
	    AT(restart),
	    .def = "permanent",
	    .names = restart_names,
	    .flags = FIELD_RELOAD,
	    .help = "What its parent does when it has given up: permanent is "
		    "restarted, transient and temporary are not." },
	{ .name = "significant",
	    .type = FIELD_BOOL,
	    AT(significant),
	    .def = "no",
	    .flags = FIELD_RELOAD,
	    .help = "Its end counts for the parent's `auto_shutdown`." },
	{ .name = "on_give_up",
	    .type = FIELD_ENUM,
	    AT(on_give_up),
	    .def = "escalate",
	    .names = on_give_up_names,
	    .flags = FIELD_RELOAD,
	    .help = "escalate: the parent decides; hold: its children stay "
		    "stopped until an operator starts them." },
	{ .name = "on_initial_failure",
	    .type = FIELD_ENUM,
	    AT(on_initial_failure),
	    .def = "abort",
	    .names = on_initial_failure_names,
	    .flags = FIELD_RELOAD,
	    .help = "abort: a child that fails to start for the first time "
		    "fails the supervisor; retry: it is a restart like any." },
	{ .name = "otp_strict",
	    .type = FIELD_BOOL,
	    AT(otp_strict),
	    .def = "no",
	    .flags = FIELD_RELOAD,
	    .help = "Erlang/OTP to the letter: 1 restart in 5s, and group "
		    "restarts revive what an operator stopped." },
	{ .name = "stop_timeout",
	    .type = FIELD_DURATION,
	    AT(stop_timeout_ms),
	    .def = "infinity",
	    .flags = FIELD_RELOAD,
	    .help = "Its whole subtree is killed when stopping it takes "
		    "longer." },
	FIELD_END
};
