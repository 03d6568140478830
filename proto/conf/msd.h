/* SPDX-License-Identifier: Apache-2.0 */
/* [msd], [supervisor NAME], [worker NAME], [template NAME]: the tree, as
 * written in the file. */
#ifndef PROTO_CONF_MSD_H
#define PROTO_CONF_MSD_H

#include "proto/conf/sections.h"

struct msd_conf {
	char *run_dir;
	char *log_dir;
	char *state_dir;
	char *lib_dir; /* NULL = beside the msd binary */
	char *user;
	char *group;
	char *control_group;
	char *run_if; /* NULL = always */
	struct words include;
	uint64_t shutdown_deadline_ms;
	bool guardian;
};

enum strategy {
	STRATEGY_DEFAULT, /* workers: the supervisor's */
	STRATEGY_ONE_FOR_ONE,
	STRATEGY_REST_FOR_ONE,
	STRATEGY_ONE_FOR_ALL,
	STRATEGY_ESCALATE /* workers only */
};
enum restart_type {
	RESTART_PERMANENT,
	RESTART_TRANSIENT,
	RESTART_TEMPORARY
};
enum auto_shutdown {
	AUTO_SHUTDOWN_NEVER,
	AUTO_SHUTDOWN_ANY,
	AUTO_SHUTDOWN_ALL
};
enum on_give_up {
	GIVE_UP_ESCALATE,
	GIVE_UP_HOLD
};
enum on_initial_failure {
	INITIAL_ABORT,
	INITIAL_RETRY
};

struct supervisor_conf {
	char *parent;
	int strategy;
	uint32_t intensity;
	uint64_t period_ms;
	int auto_shutdown;
	int restart;
	bool significant;
	int on_give_up;
	int on_initial_failure;
	bool otp_strict;
	uint64_t stop_timeout_ms;
};

enum ready_kind {
	READY_EXEC,
	READY_NOTIFY,
	READY_FD,
	READY_DELAY,
	READY_CHECK
};
struct ready_conf { /* FIELD_CUSTOM: exec | notify | fd:N | delay:D | check */
	enum ready_kind kind;
	int fd;
	uint64_t delay_ms;
};
struct watchdog_conf {       /* FIELD_CUSTOM: off | duration | phi:T */
	uint64_t timeout_ms; /* 0 = off */
	double phi;          /* > 0: phi-accrual */
};
enum check_kind {
	CHECK_EXEC,
	CHECK_TCP,
	CHECK_UNIX
};
struct check_conf { /* FIELD_CUSTOM: exec:WORDS | tcp:HOST:PORT | unix:PATH */
	enum check_kind kind;
	uint16_t port;
	const char *text;   /* as written */
	struct words words; /* exec */
	const char *host;   /* tcp: a numeric address */
	const char *path;   /* unix; '@' first: abstract */
};
/* FIELD_CUSTOM: list of exit codes and signal names */
struct exit_set {
	uint64_t codes[4]; /* bit n of 256 */
	uint64_t signals;  /* bit signo, 1..64 in bit 0..63 */
};
struct limit_conf { /* limit_NAME = N[:HARD] | infinity */
	uint64_t soft, hard;
};
enum limit_index {
	LIMIT_NOFILE,
	LIMIT_NPROC,
	LIMIT_CORE,
	LIMIT_AS,
	LIMIT_STACK,
	LIMIT_MEMLOCK,
	LIMIT_FSIZE,
	LIMIT_CPU,
	LIMIT_DATA,
	LIMIT_COUNT
};

enum cgroup_mode {
	CGROUP_AUTO, /* used where they can be */
	CGROUP_REQUIRED,
	CGROUP_OFF
};
#define OOM_SCORE_AUTO 9999

/* There may be thousands of these: what few workers give is a pointer. */
struct worker_conf {
	char *supervisor;
	struct words command;
	struct rate escalate_after;
	int strategy, restart;
	bool significant;
	bool stop_group; /* stop_signal to the whole process group */
	bool clear_env;
	bool metrics; /* it is given a file to count in */
	int stop_signal;
	struct words requires, wants, after;
	struct ready_conf ready;
	uint64_t start_timeout_ms;
	uint64_t stop_timeout_ms;
	struct watchdog_conf watchdog;
	uint64_t abort_timeout_ms;
	struct check_conf *check; /* NULL: none */
	uint64_t check_interval_ms, check_timeout_ms;
	uint32_t check_failures;
	uint32_t instances;
	struct span_ms backoff;
	uint64_t stable_after_ms;
	/* NULL: empty */
	const struct exit_set *success_exit, *prevent_restart_exit;
	const struct exit_set *ignore_exit;
	char *user, *group;
	struct words groups;
	uint32_t umask;    /* octal in the file; UINT32_MAX = msd's */
	int oom_score_adj; /* OOM_SCORE_AUTO: more than msd's */
	char *cwd;
	int64_t nice;
	const struct limit_conf *limit[LIMIT_COUNT]; /* NULL: inherited */
	struct words env;
	char *env_file;
	uint64_t memory_max_bytes;
	uint32_t pids_max;
	uint32_t cpu_max_us; /* of each 100 ms; 0 = no limit */
	int cgroup;          /* enum cgroup_mode */
	uint32_t fd_store_max;
	struct words listen;
	char *log;
	uint64_t log_size_bytes;
	uint64_t log_age_ms;
	uint64_t log_total_bytes; /* 0 = no cap */
	struct rate log_rate;
	uint32_t log_keep;
	int log_format;
	int reload_signal, prepare_signal;
	uint64_t prepare_timeout_ms;
	char *notify_access;
};

/* [template NAME]: what its instances NAME@N are, and the window in which
 * they may be restarted. */
struct template_conf {
	struct worker_conf worker; /* first: the rows are those of a worker */
	uint32_t intensity;
	uint64_t period_ms;
};

extern const struct field msd_rows[], supervisor_rows[], worker_rows[],
    template_rows[];
extern const struct field_name strategy_names[], restart_names[],
    auto_shutdown_names[], on_give_up_names[], on_initial_failure_names[];
void worker_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);
void template_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);

/* A set may be NULL: it is empty then. */
bool exit_set_has_code(const struct exit_set *set, int code);
bool exit_set_has_signal(const struct exit_set *set, int signo);

#endif
