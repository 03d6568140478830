/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor process: what its parts share, start and end of it all. */
#ifndef SUPERVISOR_MSD_H
#define SUPERVISOR_MSD_H

#include <stdbool.h>
#include <sys/resource.h>

#include <ev.h>

#include "common/loop.h"
#include "supervisor/child/probe.h"
#include "supervisor/guard/guard.h"
#include "supervisor/launch/reap.h"
#include "supervisor/metrics/lives.h"
#include "supervisor/metrics/meters.h"
#include "supervisor/metrics/segments.h"
#include "supervisor/tree/tree.h"

struct child;
struct ctl;
struct events;
struct logs;
struct reexec;
struct upstream;

enum msd_exit {
	MSD_EXIT_OK = 0,
	MSD_EXIT_FAILURE = 1,
	MSD_EXIT_USAGE = 2,
	MSD_EXIT_CONFIG = 6,
	MSD_EXIT_RUNNING = 7
};

/* What has to outlive a re-exec has its row in resume.c. */
struct msd {
	struct loop *loop;
	struct spec *spec; /* in force */
	struct tree tree;
	struct events *events;
	struct logs *logs;
	struct ctl *ctl;
	struct upstream *upstream;
	struct reexec *reexec;
	struct guard guard;
	struct probes probes;
	char **env; /* as msd was started */
	const char *cwd;
	const char *lib_dir;
	char *socket_path;
	pid_t pid;
	uint64_t dice;
	struct cgroups *cgroups;
	struct segments segments;
	struct lives lives;
	struct meters meters;
	int oom_score_adj;    /* msd's own */
	struct rlimit nofile; /* before msd raised its own */
	struct mono started;
	bool booted;
	bool stopping;
	bool killing; /* nobody is asked politely any more */
	int exit_code;
	char *last_words;     /* why it ends, when that is a failure */
	unsigned moved_mains; /* workers that have said MAINPID */
	uint64_t strangers;   /* orphans reaped that nobody knew */
	struct reaper reaper;
	struct loop_task reap_task;
	ev_timer shutdown_timer;
	struct loop_task advance;
	size_t starts_from; /* number of the child whose turn it is; steps.c */
	char **words;       /* see msd_word() */
	size_t word_count;
	void (*on_booted)(struct msd *msd);
};

/* Starts the tree; the loop does the rest. */
void msd_boot(struct msd *msd);
/* Stops all in reverse order, then the loop ends and msd with `code`. */
void msd_shutdown(struct msd *msd, int code, const char *reason);
/* KILL to all that is left. */
void msd_kill_all(struct msd *msd);
/* Ends the loop with exit 1, naming who outlives even KILL. */
void msd_give_up(struct msd *msd);
/* The last of a child that left the configuration. */
void msd_forget(struct msd *msd, struct child *child);
/* A copy of text that lives as long as msd: for members that point to static
 * text and were read from a saved state. */
const char *msd_word(struct msd *msd, const char *text);
void msd_free_words(struct msd *msd);
/* steps_advance() at the end of this turn. */
void msd_touch(struct msd *msd);

#endif
