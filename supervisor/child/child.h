/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker: its states, its wishes, its process.  child_event() is the only
 * way to change the state; what each event means in each state is one table.
 */
#ifndef SUPERVISOR_CHILD_CHILD_H
#define SUPERVISOR_CHILD_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ev.h>

#include "common/mono.h"
#include "proto/notify.h"
#include "supervisor/child/heartbeat.h"
#include "supervisor/tree/exit_reason.h"
#include "supervisor/tree/tree.h"

#define CHILD_EXITS_KEPT 32u

enum child_state {
	CHILD_DOWN,     /* no process */
	CHILD_BACKOFF,  /* no process, a restart waits for its time */
	CHILD_STARTING, /* forked, not ready */
	CHILD_READY,
	CHILD_RELOADING, /* said so; ready again with READY=1 */
	CHILD_PREPARING, /* got prepare_signal: a planned restart comes */
	CHILD_STOPPING,  /* asked to end, or said STOPPING=1 */
	CHILD_ABORTING,  /* hung: got ABRT */
	CHILD_KILLING,   /* got KILL, its whole tree */
	CHILD_CLEANING,  /* reaped; leftovers of it still live */
	CHILD_IGNORED,   /* "do not run me here" */
	CHILD_EXITED,    /* ended, and its type wants no restart */
	CHILD_FAILED,    /* given up, or an exit that forbids a restart */
	CHILD_STATE_COUNT
};

enum child_event {
	CHILD_EV_START,
	CHILD_EV_READY,
	CHILD_EV_RELOADING,
	CHILD_EV_STOPPING, /* it says that it ends */
	CHILD_EV_STOP,     /* it is asked to end */
	CHILD_EV_PREPARE,  /* it is asked to prepare, then to end */
	CHILD_EV_PREPARED, /* it says that it has */
	CHILD_EV_KILL,
	CHILD_EV_DEADLINE, /* the state has lasted too long, or long enough */
	CHILD_EV_HUNG,
	CHILD_EV_SICK, /* its health check says so */
	CHILD_EV_EXIT, /* main process reaped; child->wait_code and _status */
	CHILD_EV_GONE, /* nothing of its generation lives any more */
	CHILD_EVENT_COUNT
};

enum child_origin {
	CHILD_OF_FILE,
	CHILD_ADDED,   /* at run time, with a spec of its own */
	CHILD_INSTANCE /* of the template that is its parent */
};

enum child_want {
	WANT_UP,
	WANT_DOWN /* an operator stopped it; only an operator starts it */
};

/* What a worker may do wrong often and msd says once. */
enum child_complaint {
	COMPLAINT_STRANGER = 1, /* who may not speak for it does */
	COMPLAINT_STORE = 2,    /* more descriptors than fd_store_max */
	COMPLAINT_MAINPID = 4   /* no process of its own */
};

/* Outward names of the contract. */
enum child_face {
	FACE_DOWN,
	FACE_STARTING,
	FACE_READY,
	FACE_RELOADING,
	FACE_STOPPING,
	FACE_BACKOFF,
	FACE_IGNORED,
	FACE_EXITED,
	FACE_FAILED,
	FACE_COUNT
};

/* Workers that are stopped in reverse order and started in order together
 * (steps.c). */
struct batch;

struct child {
	struct node node; /* first: node_child() */
	struct msd *msd;
	const struct worker_spec *spec;
	struct spec *held;  /* keeps spec alive */
	size_t place;       /* in the start order */
	struct needs needs; /* see child_needs() */
	struct words args;  /* spawn: behind those of the template's command */
	bool leaving;       /* not in the configuration any more */
	bool on_trial;      /* just added: a failing start is its end */
	bool spent;         /* temporary, and has run: only a memory */
	bool marked;        /* scratch of a walk over the tree */
	enum child_origin origin;

	/* ---- state machine */
	enum child_state state;
	enum child_state rest; /* where it rests when all of it is gone */
	struct mono deadline_at;
	ev_timer deadline;

	/* ---- wishes: what steps.c makes true */
	enum child_want want;
	bool must_stop;
	bool must_start;
	bool by_operator;           /* this start was asked for by hand */
	bool signalled;             /* the stop signal has been sent */
	enum exit_cause stop_cause; /* EXIT_BY_SELF: nobody ordered it */
	enum child_state stop_rest; /* where an ordered stop ends */
	struct mono due;            /* not started before */
	struct batch *batch;
	const struct child *waits_for; /* dependency that is not there */

	/* ---- process */
	pid_t pid;       /* of the main process, 0: none */
	pid_t ended_pid; /* of the last one that died */
	pid_t group;     /* and session of its first; leftovers may bear it */
	uid_t uid;       /* its main process runs as */
	struct moved_main *moved; /* main is not the first process: MAINPID */
	uint64_t generation;
	uint64_t ready_generation; /* the last one that has been ready */
	struct mono started, ready_at;
	bool was_ready;   /* this generation */
	bool proven;      /* ready once since its supervisor started */
	bool runs;        /* exec has succeeded */
	bool reaped;      /* pid is not its number any more */
	bool outlived;    /* by another process of its group */
	bool late;        /* stop_timeout is over, it got KILL */
	bool group_stops; /* so does the group, until: (0: no end) */
	bool doomed;      /* msd knows better why it ends: */
	struct doom doom;
	struct mono group_until;
	int wait_code, wait_status; /* as siginfo: CLD_*, status; code 0: not
				       known, main was not msd's child */
	bool cgroup_told;           /* that it runs without limits */
	uint32_t cgroup_dirs;       /* bit n: of enum cgroup_kind n */
	uint32_t oom_kills;         /* in its cgroup, before this generation */
	int error_fd;               /* exec failure arrives here, or EOF */
	int ready_fd;               /* ready = fd:N */
	int notify_fd;
	struct early *early; /* watches the first two; NULL: both -1 */
	ev_io notify_io;
	enum notify_access notify_access; /* of this generation */
	unsigned complaints;              /* each is said once per generation */
	int said_errno;                   /* ERRNO, 0: none */
	int said_status;                  /* EXIT_STATUS, -1: none */
	struct heartbeat heartbeat;
	struct watch *watch;      /* the timer, or NULL: not watched */
	struct mono watchdog_due; /* it rings then; 0: never */
	struct probe *probe;      /* NULL: it never had a check */
	int *listen_fds;
	size_t listen_count;
	struct fdstore *store; /* what it wants back after a restart, or NULL */

	/* ---- log */
	int log_r, log_w;
	pid_t log_pid; /* who speaks, or spoke last; 0: about to start */
	int log_old_r; /* of the last generation, until its words are written */
	uint64_t log_asked; /* generation whose words are asked for; 0: none */
	bool log_old_add;
	/* orders to send to the collector */
	bool log_add, log_flush, log_starting, log_started;
	bool log_sent;        /* it has the pipe */
	uint64_t log_dropped; /* lines that are in no file */

	/* ---- memory */
	uint32_t restarts;
	uint32_t in_a_row;
	char *status;              /* what it said last, or NULL */
	struct exit_reason *exits; /* ring, grows to CHILD_EXITS_KEPT */
	uint32_t exit_count;       /* ever */
	const char *done;          /* about the last death; static text */
	UT_hash_handle by_pid;
};
/* A new member belongs into the saved state as well: see state_child.c, which
 * fails to compile until this number is right again. */
#define CHILD_BYTES 736

struct child *child_new(struct msd *msd, const char *name);
void child_free(struct child **child);

void child_event(struct child *child, enum child_event event);
/* Its present state may last `ms` from now; never less than it had. */
void child_extend(struct child *child, uint64_t ms);
/* A datagram of its generation, sender checked.  Descriptors that are taken
 * over become -1. */
void child_on_notify(struct child *child, const struct notify *notify, int *fds,
    size_t fd_count);
/* True the first time in this generation. */
bool child_complains(struct child *child, enum child_complaint complaint);
/* Sends signo to the main process; false when there is none. */
bool child_signal(const struct child *child, int signo);
/* reload_signal to a running worker. */
bool child_reload(struct child *child);
/* Forgets failures: an operator starts with a clean slate. */
void child_forgive(struct child *child);
/* Moves a child without a process to another resting state. */
void child_rest(struct child *child, enum child_state state);
/* Waits in BACKOFF until `due`, or is DOWN when that has come. */
void child_wait_due(struct child *child);

/* stop_group: the whole group has been asked and may take its time. */
bool child_group_stops(const struct child *child);
bool child_has_process(const struct child *child);
/* Has a process or leftovers of one. */
bool child_is_alive(const struct child *child);
bool child_is_ready(const struct child *child);
/* Ready, or nobody expects it to be: an operator stopped it, it has ended for
 * good, it is not needed here. */
bool child_is_well(const struct child *child);
enum child_face child_face(const struct child *child);
const char *child_face_name(enum child_face face);
const char *child_state_name(enum child_state state);
/* n = 0 is the last exit; NULL when there is none. */
const struct exit_reason *child_exit(const struct child *child, uint32_t n);
/* Advice about the last exit, static text; NULL: none. */
const char *child_hint(const struct child *child);
uint64_t child_uptime_ms(const struct child *child, struct mono now);

/* For the test of the table: is there an answer in this cell? */
bool child_cell_is_defined(enum child_state state, enum child_event event);

#endif
