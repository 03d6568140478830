/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of [worker NAME].  FIELD_RELOAD: a change is taken over while the
 * worker runs on; without it, a changed value restarts the worker, because it
 * is part of the process (command, environment, user, limits, sockets).
 */
#include "proto/conf/worker.h"

#include <string.h>

#include "common/words.h"
#include "proto/conf/exit_set.h"
#include "proto/logs.h"

#define AT(member) .off = offsetof(struct worker_conf, member)
#define POLICY     .flags = FIELD_RELOAD
#define LATER      .flags = FIELD_LATER
#define LIMIT(key, index, text)                                          \
	{                                                                \
		.name = key, .type = FIELD_CUSTOM, AT(limit[index]),     \
		.parse = limit_parse, .print = limit_print, .help = text \
	}

static const struct field_name log_format_names[] = { { "text", LOGS_TEXT },
	{ "json", LOGS_JSON }, { NULL, 0 } };

/* clang-format off */
const struct field worker_rows[] = {
	/* ---- place in the tree */
	{ .name = "supervisor", .type = FIELD_STR, AT(supervisor), POLICY,
	    .def = "root", .help = "The supervisor this worker belongs to." },
	{ .name = "command", .type = FIELD_WORDS, AT(command),
	    .flags = FIELD_REQUIRED, .min = 1,
	    .help = "Program and arguments, no shell; a bare name is looked "
		    "up in lib_dir, then in PATH." },
	{ .name = "strategy", .type = FIELD_ENUM, AT(strategy), POLICY,
	    .names = strategy_names,
	    .help = "What its failure does to its siblings; the supervisor's "
		    "strategy when not given." },
	{ .name = "escalate_after", .type = FIELD_RATE, AT(escalate_after),
	    POLICY, .def = "0",
	    .help = "With strategy = escalate: own restarts N/period before "
		    "the failure goes to the parent supervisor." },
	{ .name = "restart", .type = FIELD_ENUM, AT(restart), POLICY,
	    .def = "permanent", .names = restart_names,
	    .help = "permanent: always; transient: after failures only; "
		    "temporary: never." },
	{ .name = "significant", .type = FIELD_BOOL, AT(significant), POLICY,
	    .def = "no",
	    .help = "Its end counts for the supervisor's `auto_shutdown`." },
	{ .name = "requires", .type = FIELD_WORDS, AT(requires),
	    .flags = FIELD_RELOAD | FIELD_REPEAT,
	    .help = "Workers that must be ready first; it is stopped and "
		    "started with them." },
	{ .name = "wants", .type = FIELD_WORDS, AT(wants),
	    .flags = FIELD_RELOAD | FIELD_REPEAT,
	    .help = "Workers it waits for, but can live without." },
	{ .name = "after", .type = FIELD_WORDS, AT(after),
	    .flags = FIELD_RELOAD | FIELD_REPEAT,
	    .help = "Workers that are started before it when both start." },
	{ .name = "instances", .type = FIELD_U32, AT(instances), POLICY,
	    .def = "0", .max = 10000,
	    .help = "That many workers NAME@1, NAME@2, ... from this section; "
		    "0: one worker NAME." },
	/* ---- life */
	{ .name = "ready", .type = FIELD_CUSTOM, AT(ready), POLICY,
	    .def = "exec", .parse = ready_parse, .print = ready_print,
	    .help = "When it counts as ready: exec (program started), notify "
		    "(READY=1), fd:N (a newline there), delay:D." },
	{ .name = "start_timeout", .type = FIELD_DURATION,
	    AT(start_timeout_ms), POLICY, .def = "30s", .min = 1,
	    .help = "Not ready by then is a start failure." },
	{ .name = "stop_signal", .type = FIELD_SIGNAL, AT(stop_signal), POLICY,
	    .def = "TERM", .help = "The polite request to end; CONT follows." },
	{ .name = "stop_timeout", .type = FIELD_DURATION, AT(stop_timeout_ms),
	    POLICY, .def = "5s",
	    .help = "Patience before KILL goes to its whole process tree; 0 "
		    "kills at once." },
	{ .name = "stop_group", .type = FIELD_BOOL, AT(stop_group), POLICY,
	    .def = "no",
	    .help = "Send the stop signal to the whole process group." },
	{ .name = "watchdog", .type = FIELD_CUSTOM, AT(watchdog), POLICY,
	    .def = "off", .parse = watchdog_parse, .print = watchdog_print,
	    .help = "Silence longer than this after READY means hung: ABRT, "
		    "then KILL." },
	{ .name = "abort_timeout", .type = FIELD_DURATION,
	    AT(abort_timeout_ms), POLICY, .def = "5s",
	    .help = "Time from ABRT to KILL of a hung worker." },
	{ .name = "check", .type = FIELD_STR, AT(check), LATER,
	    .help = "Health probe: exec:words, tcp:HOST:PORT, unix:PATH." },
	{ .name = "check_interval", .type = FIELD_DURATION,
	    AT(check_interval_ms), LATER, .def = "10s",
	    .help = "Time between two probes." },
	{ .name = "check_timeout", .type = FIELD_DURATION,
	    AT(check_timeout_ms), LATER, .def = "5s",
	    .help = "A probe longer than this has failed." },
	{ .name = "check_failures", .type = FIELD_U32, AT(check_failures),
	    LATER, .def = "3",
	    .help = "Failed probes in a row that make it unhealthy." },
	{ .name = "backoff", .type = FIELD_RANGE, AT(backoff), POLICY,
	    .def = "100ms..30s", .max = 86400000,
	    .help = "Delay before the n-th restart in a row: MIN doubled each "
		    "time up to MAX, jitter 0.8 to 1.2." },
	{ .name = "stable_after", .type = FIELD_DURATION, AT(stable_after_ms),
	    POLICY, .def = "10s",
	    .help = "Ready for this long, it counts as healthy again: its "
		    "next restart is immediate." },
	{ .name = "success_exit", .type = FIELD_CUSTOM, AT(success_exit),
	    POLICY, .parse = exit_set_parse, .print = exit_set_print,
	    .def = "0 TERM INT HUP",
	    .help = "Exit codes and signals that are no failure." },
	{ .name = "prevent_restart_exit", .type = FIELD_CUSTOM,
	    AT(prevent_restart_exit), POLICY, .parse = exit_set_parse,
	    .print = exit_set_print,
	    .help = "Exits after which it is never restarted." },
	{ .name = "ignore_exit", .type = FIELD_CUSTOM, AT(ignore_exit), POLICY,
	    .parse = exit_set_parse, .print = exit_set_print, .def = "77",
	    .help = "Exits before READY that mean: not needed here." },
	/* ---- what the process is */
	{ .name = "user", .type = FIELD_STR, AT(user),
	    .help = "User it runs as." },
	{ .name = "group", .type = FIELD_STR, AT(group),
	    .help = "Its main group; the user's when not given." },
	{ .name = "groups", .type = FIELD_WORDS, AT(groups),
	    .help = "Its supplementary groups; the user's when not given." },
	{ .name = "umask", .type = FIELD_CUSTOM, AT(umask),
	    .parse = umask_parse, .print = umask_print, .def = "inherit",
	    .help = "File mode mask, octal; msd's when not given." },
	{ .name = "cwd", .type = FIELD_STR, AT(cwd),
	    .help = "Working directory; msd's when not given." },
	{ .name = "nice", .type = FIELD_I64, AT(nice),
	    .min = (uint64_t)-20, .max = 19, .help = "Scheduling priority." },
	{ .name = "oom_score_adj", .type = FIELD_I64, AT(oom_score_adj),
	    .min = (uint64_t)-1000, .max = 1000,
	    .help = "Who dies first when memory is out." },
	LIMIT("limit_nofile", LIMIT_NOFILE, "Open files, N or SOFT:HARD."),
	LIMIT("limit_nproc", LIMIT_NPROC, "Processes of its user."),
	LIMIT("limit_core", LIMIT_CORE, "Bytes of a core dump."),
	LIMIT("limit_as", LIMIT_AS, "Bytes of address space."),
	LIMIT("limit_stack", LIMIT_STACK, "Bytes of stack."),
	LIMIT("limit_memlock", LIMIT_MEMLOCK, "Bytes locked into memory."),
	LIMIT("limit_fsize", LIMIT_FSIZE, "Bytes of a file it may write."),
	LIMIT("limit_cpu", LIMIT_CPU, "Seconds of processor time."),
	LIMIT("limit_data", LIMIT_DATA, "Bytes of data segment."),
	{ .name = "env", .type = FIELD_WORDS, AT(env), .flags = FIELD_REPEAT,
	    .help = "Environment variables NAME=VALUE." },
	{ .name = "env_file", .type = FIELD_STR, AT(env_file),
	    .help = "File of NAME=VALUE lines, read at each start." },
	{ .name = "clear_env", .type = FIELD_BOOL, AT(clear_env), .def = "no",
	    .help = "Do not inherit msd's environment." },
	{ .name = "memory_max", .type = FIELD_SIZE, AT(memory_max_bytes),
	    LATER, .help = "Memory of its cgroup." },
	{ .name = "pids_max", .type = FIELD_U32, AT(pids_max), LATER,
	    .help = "Processes in its cgroup." },
	{ .name = "cpu_max", .type = FIELD_STR, AT(cpu_max), LATER,
	    .help = "Processor share of its cgroup." },
	{ .name = "cgroup", .type = FIELD_STR, AT(cgroup), LATER,
	    .help = "required: without cgroups it does not start." },
	{ .name = "fd_store_max", .type = FIELD_U32, AT(fd_store_max), LATER,
	    .def = "0", .help = "Descriptors msd keeps for it." },
	{ .name = "listen", .type = FIELD_WORDS, AT(listen),
	    .flags = FIELD_REPEAT,
	    .help = "Sockets msd opens for it: NAME=unix:PATH, "
		    "NAME=tcp:ADDR:PORT." },
	{ .name = "notify_access", .type = FIELD_STR, AT(notify_access),
	    POLICY, .def = "all",
	    .help = "Who may speak for it: all of its processes, or main." },
	/* ---- output */
	{ .name = "log", .type = FIELD_STR, AT(log), POLICY,
	    .help = "file:NAME.log, relative to log_dir." },
	{ .name = "log_size", .type = FIELD_SIZE, AT(log_size_bytes), POLICY,
	    .def = "10M", .min = 4096,
	    .help = "A log file larger than this is rotated." },
	{ .name = "log_keep", .type = FIELD_U32, AT(log_keep), POLICY,
	    .def = "7", .max = 1000, .help = "Rotated files kept." },
	{ .name = "log_format", .type = FIELD_ENUM, AT(log_format), POLICY,
	    .def = "text", .names = log_format_names,
	    .help = "Lines as text or JSON." },
	/* ---- signals of change */
	{ .name = "reload_signal", .type = FIELD_SIGNAL, AT(reload_signal),
	    POLICY, .def = "HUP", .help = "What a reload sends it." },
	{ .name = "prepare_signal", .type = FIELD_SIGNAL, AT(prepare_signal),
	    LATER, .def = "none",
	    .help = "What it is sent before a planned restart." },
	{ .name = "prepare_timeout", .type = FIELD_DURATION,
	    AT(prepare_timeout_ms), LATER, .def = "1s",
	    .help = "How long its preparation may take." },
	FIELD_END
};
/* clang-format on */

/* ---- rules between keys ------------------------------------------------- */

struct judge {
	const struct conf_section *section;
	const struct worker_conf *conf;
	struct conf_errors *errors;
};

static void
judge(const struct judge *j, const char *key, const char *what)
{
	conf_error(j->errors, section_place(j->section, key), "%s: %s", key,
	    what);
}

static void
check_env(const struct judge *j)
{
	char text[192];

	for (size_t i = 0; i < j->conf->env.count; i++) {
		const char *word = j->conf->env.word[i];
		const char *sign = strchr(word, '=');

		if (sign && sign != word)
			continue;
		snprintf(text, sizeof(text), "'%.100s' is not NAME=VALUE",
		    word);
		judge(j, "env", text);
	}
}

static bool
listen_is_valid(const char *word)
{
	const char *sign = strchr(word, '=');
	const char *where = sign ? sign + 1 : "";
	uint64_t port;
	const char *colon;

	if (!sign || sign == word || memchr(word, ':', (size_t)(sign - word)))
		return false;
	if (strncmp(where, "unix:", 5) == 0)
		return where[5] != '\0';
	colon = strrchr(where, ':');
	return strncmp(where, "tcp:", 4) == 0 && colon > where + 4 &&
	    parse_u64(slice_of(colon + 1), &port) && port >= 1 && port <= 65535;
}

static void
check_listen(const struct judge *j)
{
	char text[192];

	for (size_t i = 0; i < j->conf->listen.count; i++) {
		if (listen_is_valid(j->conf->listen.word[i]))
			continue;
		snprintf(text, sizeof(text),
		    "'%.100s' is not NAME=unix:PATH or NAME=tcp:ADDR:PORT",
		    j->conf->listen.word[i]);
		judge(j, "listen", text);
	}
}

static void
check_log(const struct judge *j)
{
	const char *log = j->conf->log;

	if (!log)
		return;
	if (strncmp(log, "file:", 5) != 0 || log[5] == '\0' ||
	    log[strlen(log) - 1] == '/')
		judge(j, "log", "is file:NAME.log");
	else if (strlen(log + 5) > 255 || strstr(log, ".."))
		judge(j, "log", "the file name is too long or leaves log_dir");
	else if (j->conf->instances)
		judge(j, "log",
		    "cannot be given with instances: each has its own file");
}

void
worker_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct judge j = { section, base, errors };
	const char *access = j.conf->notify_access;

	if (j.conf->significant && j.conf->restart == RESTART_PERMANENT)
		judge(&j, "significant",
		    "a permanent worker cannot be significant: it never ends");
	if (j.conf->escalate_after.count &&
	    j.conf->strategy != STRATEGY_ESCALATE)
		judge(&j, "escalate_after",
		    "has a meaning only with strategy = escalate");
	if (access && strcmp(access, "all") != 0 && strcmp(access, "main") != 0)
		judge(&j, "notify_access", "is all or main");
	if (j.conf->stop_signal == 0)
		judge(&j, "stop_signal", "cannot be none");
	check_env(&j);
	check_listen(&j);
	check_log(&j);
}
