/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/child/child.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/dirs.h"
#include "supervisor/events.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/log/logs.h"
#include "supervisor/state/reexec.h"
#include "supervisor/state/resume.h"
#include "supervisor/tree/steps.h"
#include "supervisor/upstream.h"

/* ---- timers and turns --------------------------------------------------- */

static void
on_shutdown_late(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct msd *msd = container_of(timer, struct msd, shutdown_timer);

	(void)ev;
	if (msd->killing) {
		msd_give_up(msd);
		return;
	}
	log_warn("shutdown_deadline is over: killing what is left", NULL);
	msd_kill_all(msd);
}

static void
on_advance(struct loop_task *task)
{
	steps_advance(container_of(task, struct msd, advance));
}

static void
on_reap(struct loop_task *task)
{
	reap(container_of(task, struct msd, reap_task));
}

static void
on_booted(struct msd *msd)
{
	struct process *process = container_of(msd, struct process, msd);
	size_t ready = 0;

	for (size_t i = 0; i < msd->tree.child_count; i++)
		ready += child_is_ready(msd->tree.children[i]);
	log_info("up", "ready=%zu workers=%zu ms=%llu", ready,
	    msd->tree.child_count,
	    (unsigned long long)mono_ms_between(msd->started, mono_now()));
	metrics_life_phase(LIFE_READY);
	upstream_ready(msd->upstream);
	daemon_report(&process->daemon, MSD_EXIT_OK);
	alloc_trim(); /* the configuration was read and all were started */
}

/* ---- open, close --------------------------------------------------------- */

void
process_open(struct process *process)
{
	struct msd *msd = &process->msd;

	msd->advance.run = on_advance;
	msd->reap_task.run = on_reap;
	msd->on_booted = on_booted;
	msd->loop = loop_new();
	ev_timer_init(&msd->shutdown_timer, on_shutdown_late, 0., 0.);
	msd->events = events_new();
	msd->logs = logs_new(msd);
	msd->upstream = upstream_new(msd);
	msd->reexec = reexec_new(&(struct reexec_desc){ .msd = msd,
	    .path = process->self ? process->self : "/proc/self/exe",
	    .argv = process->options.argv,
	    .save = resume_save });
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		log_warn("not a subreaper: leftovers may escape", "errno=%d",
		    errno);
	signals_watch(&process->signals, msd, &process->daemon);
}

static int
read_oom_score(void)
{
	struct buf text = { 0 };
	int64_t score = 0;

	if (file_read("/proc/self/oom_score_adj", 64, &text, NULL) == MS_OK)
		parse_i64(slice_trim(buf_slice(&text)), &score);
	buf_fini(&text);
	return (int)score;
}

void
process_settle(struct process *process)
{
	struct msd *msd = &process->msd;

	msd->lib_dir = process->lib_dir = dirs_lib(&msd->spec->msd);
	msd->cgroups = cgroups_new(msd->spec->msd.run_dir, msd->guard.pid);
	segments_open(&msd->segments, &msd->spec->msd);
	msd->oom_score_adj = read_oom_score();
	msd->socket_path =
	    xasprintf("%s/" CONTROL_SOCKET, msd->spec->msd.run_dir);
}

void
process_close(struct process *process)
{
	struct msd *msd = &process->msd;

	if (!msd->loop)
		return;
	ctl_close(&msd->ctl);
	signals_stop(&process->signals);
	loop_timer_stop(msd->loop, &msd->shutdown_timer);
	for (size_t i = 0; i < msd->tree.child_count; i++)
		batch_leave(msd->tree.children[i]);
	tree_fini(&msd->tree);
	cgroups_free(&msd->cgroups);
	meters_close();
	lives_close(&msd->lives);
	segments_close(&msd->segments);
	reexec_free(&msd->reexec);
	reaper_fini(&msd->reaper);
	upstream_free(&msd->upstream);
	logs_free(&msd->logs);
	events_free(&msd->events);
	loop_free(&msd->loop);
	free(msd->socket_path);
	free(msd->last_words);
	msd_free_words(msd);
	free(process->lib_dir);
}

void
process_run(struct process *process)
{
	struct msd *msd = &process->msd;

	loop_run(msd->loop);
	while (reexec_is_due(msd->reexec)) {
		reexec_run(msd->reexec);
		loop_run(msd->loop);
	}
	if (msd->last_words)
		log_error("msd ends", "code=%d reason=%s", msd->exit_code,
		    LOGQ(msd->last_words));
	else
		log_info("msd ends", "code=%d", msd->exit_code);
	daemon_say(&process->daemon, msd->last_words);
}
