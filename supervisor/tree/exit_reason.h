/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a worker ended, and what that means: Erlang's exit reasons for
 * operating-system processes.  Pure.
 */
#ifndef SUPERVISOR_TREE_EXIT_REASON_H
#define SUPERVISOR_TREE_EXIT_REASON_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/conf/msd.h"

enum exit_kind {
	EXIT_KIND_EXIT,
	EXIT_KIND_SIGNAL,
	EXIT_KIND_START_TIMEOUT,
	EXIT_KIND_WATCHDOG,
	EXIT_KIND_CHECK,
	EXIT_KIND_OOM,
	EXIT_KIND_EXEC /* it never became the program: stage and error say why */
};

enum exit_cause {         /* who wanted it */
	EXIT_BY_SELF,     /* its own exit, abort or fault */
	EXIT_BY_EXTERNAL, /* a signal nobody here sent */
	EXIT_BY_OPERATOR,
	EXIT_BY_SIBLING, /* a group restart took it along */
	EXIT_BY_SHUTDOWN
};

/* What msd knows of an end before it has come. */
struct doom {
	enum exit_kind kind;
	int error;
	const char *stage;
};

struct exit_reason {
	enum exit_kind kind;
	enum exit_cause cause;
	int code;             /* -1: none */
	int signal;           /* 0: none */
	int error;            /* errno of a failed stage, 0: none */
	const char *stage;    /* static text; "" none */
	uint32_t left_behind; /* processes of its tree that outlived it */
	bool was_ready;
	bool core_dumped;
	bool late;     /* stop_timeout was over: KILL had to end it */
	int64_t at_ns; /* wall clock, data only */
	uint64_t uptime_ms;
};

enum exit_verdict {
	VERDICT_NORMAL,  /* `normal` and `shutdown` of OTP */
	VERDICT_FAILURE, /* anything else */
	VERDICT_IGNORE,  /* "do not run me here" */
	VERDICT_FINAL,   /* listed in prevent_restart_exit */
	VERDICT_SHORTAGE /* the machine could not start it: not its fault */
};

/* Of a death nobody here ordered. */
enum exit_verdict exit_judge(const struct exit_reason *reason,
    const struct worker_conf *conf);
/* Does a worker of this type come back after such an end? */
bool exit_is_restarted(enum restart_type type, enum exit_verdict verdict);
/* No processes, memory or descriptors left, or its program is being written:
 * time heals that. */
bool exit_is_shortage(const struct exit_reason *reason);
/* A signal that a process gives itself by its own fault. */
bool signal_is_own_fault(int signo);

const char *exit_kind_name(enum exit_kind kind);
const char *exit_cause_name(enum exit_cause cause);
/* "killed by KILL", "exit code 3", "start timeout", "exec: ENOENT". */
#define EXIT_TEXT_BYTES 96
const char *exit_print(const struct exit_reason *reason,
    char out[static EXIT_TEXT_BYTES]);

#endif
