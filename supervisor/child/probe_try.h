/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt of a health probe: the connection or the program of it.  Used
 * by probe.c and probe_state.c alone. */
#ifndef SUPERVISOR_CHILD_PROBE_TRY_H
#define SUPERVISOR_CHILD_PROBE_TRY_H

#include <ev.h>
#include <uthash.h>

#include "common/defs.h"
#include "supervisor/child/health.h"
#include "supervisor/child/probe.h"
#include "supervisor/launch/spawn.h"

enum probe_state {
	PROBE_OFF,
	PROBE_PAUSED,
	PROBE_WAITING, /* for a place among PROBES_MAX */
	PROBE_RUNNING
};

struct probe {
	struct child *child;
	enum probe_state state;
	ev_timer timer;
	struct health health;
	TAILQ_ENTRY(probe) in_queue; /* of waiting or of ended */

	/* ---- the attempt */
	bool is_program;
	bool is_unasked; /* msd cannot; said once */
	bool ended;      /* reaped, in the queue of the ended */
	int fd;          /* the connection, or what the program says */
	struct spawn_result program; /* pid 0: none, or reaped */
	ev_io io;
	int wait_code, wait_status;
	size_t heard_bytes;
	bool heard_blank;            /* after the last word kept */
	char text[PROBE_TEXT_BYTES]; /* of the last failure */
	char heard[PROBE_TEXT_BYTES];
	UT_hash_handle by_pid;
};

enum try_result {
	TRY_GOOD,
	TRY_BAD,    /* probe->text says why */
	TRY_CANNOT, /* msd could not ask; probe->text says why */
	TRY_RUNS
};

struct probe *probe_new(struct child *child);
void probe_pause(struct probe *probe);
/* The words go to probe->text; returns TRY_BAD. */
enum try_result try_fail(struct probe *probe, const char *fmt, ...)
    MS_PRINTF(2, 3);
enum try_result try_open(struct probe *probe);
/* Has it an answer?  Of a program: is it dead (not TRY_RUNS)? */
enum try_result try_look(struct probe *probe);
/* Takes what the program says; the first of it is kept. */
void try_hear(struct probe *probe);
/* The program has ended and is reaped. */
enum try_result try_end(struct probe *probe);
void try_kill(struct probe *probe);
void try_close(struct probe *probe);

#endif
