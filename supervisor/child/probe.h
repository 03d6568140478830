/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health probe of a worker (`check`): a program, or a connection to its
 * socket.  One at a time per worker, from READY on; with ready = check from
 * the start on.  Too many failures in a row are CHILD_EV_SICK.
 *
 * Programs are processes of their own session.  Their pids are known here, so
 * that nobody takes them for leftovers of another worker, and at most
 * PROBES_MAX of them run at once over all workers.
 */
#ifndef SUPERVISOR_CHILD_PROBE_H
#define SUPERVISOR_CHILD_PROBE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#define PROBES_MAX       16u
#define PROBE_TEXT_BYTES 256u

struct child;
struct msd;
struct probe;
struct worker_conf;

TAILQ_HEAD(probe_queue, probe);

/* All of an msd; zeroed is empty. */
struct probes {
	struct probe *by_pid;
	struct probe_queue waiting; /* for a place among PROBES_MAX */
	struct probe_queue ended;   /* reaped, not judged yet */
	unsigned running;           /* programs whose result is awaited */
	bool admitting;
};

/* The child starts, or is ready: begins to probe when the time has come. */
void probe_start(struct child *child);
/* Ends it, a program with its group.  Its pid stays known until reaped. */
void probe_stop(struct child *child);
void probe_free(struct child *child);
/* The child runs on with another configuration than `was`. */
void probe_retune(struct child *child, const struct worker_conf *was);

/* For the reaper: is it a program of a probe?  Then its end is noted, and
 * judged by probes_settle() when no pid is in between. */
struct probe *probes_find(const struct msd *msd, pid_t pid);
void probe_note_end(struct probe *probe, const siginfo_t *info);
bool probes_have_ended(const struct probes *probes);
void probes_settle(struct msd *msd);
/* Whose probe the process (or session, or group) is; NULL: it is none. */
struct child *probes_owner(const struct msd *msd, pid_t pid);

/* Failed probes while it served, ever. */
uint32_t probe_failures(const struct child *child);
/* Those since the last one that succeeded. */
uint32_t probe_failures_in_a_row(const struct child *child);
/* What the last failed probe said; NULL when none failed. */
const char *probe_said(const struct child *child);

/* ---- over an exec of msd (probe_state.c) ---------------------------------- */
struct json;
struct state_in;
struct state_out;
void probe_save(const struct child *child, struct state_out *out);
/* An attempt under way is given up and made again after a pause. */
void probe_load(struct child *child, struct state_in *in,
    const struct json *record);
void probe_resume(struct child *child);

#endif
