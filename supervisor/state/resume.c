/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rehearsal builds everything from the state as the real image does, with
 * other descriptors in place of the real ones, and neither reaps nor signals
 * nor runs the loop: what it accepts will be taken over.
 */
#include "supervisor/state/resume.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/events.h"
#include "supervisor/log/logs.h"
#include "supervisor/process.h"
#include "supervisor/state/reexec.h"
#include "supervisor/state/state_tree.h"
#include "supervisor/upstream.h"

#define ROW(type, member) STATE_ROW(STATE_##type, struct process, member)

static const struct state_row process_rows[] = {
	ROW(FD, lock_fd),
	ROW(TEXT, pid_path),
	ROW(FD, daemon.report_fd),
	ROW(FD, daemon.log_fd),
	ROW(TEXT, daemon.log_path),
	ROW(INT, msd.guard.pid),
	ROW(FD, msd.guard.lock_fd),
	ROW(FD, msd.guard.word_fd),
	ROW(U32, msd.guard.starts),
	ROW(INT, msd.pid),
	ROW(U64, msd.dice),
	ROW(U64, msd.nofile.rlim_cur),
	ROW(U64, msd.nofile.rlim_max),
	ROW(MONO, msd.started),
	ROW(BOOL, msd.booted),
	ROW(BOOL, msd.stopping),
	ROW(BOOL, msd.killing),
	ROW(INT, msd.exit_code),
	ROW(TEXT, msd.last_words),
	ROW(U64, msd.strangers),
	STATE_END,
};

/* ---- saving -------------------------------------------------------------- */

static void
save_events(struct events *events, struct state_out *out)
{
	uint64_t next = events_next(events);

	state_begin(out, "events");
	state_put_text(out, "life", events_life(events));
	state_end(out);
	for (uint64_t seq = events_first(events); seq < next; seq++) {
		state_begin(out, "event");
		state_put_u64(out, "seq", seq);
		state_put_text(out, "line", events_get(events, seq));
		state_end(out);
	}
}

static void
save_process(const struct process *process, struct state_out *out)
{
	const struct msd *msd = &process->msd;

	state_begin(out, "process");
	state_put(out, process_rows, process);
	state_put_text(out, "guard.how", msd->guard.how);
	if (ev_is_active(&msd->shutdown_timer))
		state_put_u64(out, "shutdown_left_ms",
		    1 +
			(uint64_t)(ev_timer_remaining(loop_ev(msd->loop),
				       (ev_timer *)&msd->shutdown_timer) *
			    1000));
	state_end(out);
}

void
resume_save(struct msd *msd, struct state_out *out)
{
	/* what is held back would not be shown by the next image */
	events_show_all(msd->events);
	buf_printf(&out->text,
	    "{\"what\":\"state\",\"schema\":%u,\"version\":\"" MS_VERSION
	    "\"}\n",
	    STATE_SCHEMA);
	save_process(container_of(msd, struct process, msd), out);
	save_events(msd->events, out);
	logs_save(msd->logs, out);
	upstream_save(msd->upstream, out);
	tree_save(msd, out);
	ctl_save(msd->ctl, out);
}

/* ---- loading ------------------------------------------------------------- */

static void
load_process(struct process *process, struct state_in *in)
{
	struct msd *msd = &process->msd;
	size_t off = 0;
	struct json *record = state_next(in, "process", &off);
	const char *how;

	if (!record) {
		state_fail(in, "there is no process in it");
		return;
	}
	state_get(in, record, process_rows, process);
	how = state_get_text(in, record, "guard.how");
	snprintf(msd->guard.how, sizeof(msd->guard.how), "%s", how ? how : "");
	if (!in->rehearsal && msd->pid != getpid())
		state_fail(in, "it is the state of process %d", (int)msd->pid);
	if (process->daemon.log_fd >= 0 && !in->rehearsal)
		log_to_fd(process->daemon.log_fd);
	json_free(&record);
}

static void
load_shutdown(struct msd *msd, struct state_in *in)
{
	size_t off = 0;
	struct json *record = state_next(in, "process", &off);
	uint64_t ms =
	    record ? state_get_u64(in, record, "shutdown_left_ms") : 0;

	if (ms)
		loop_timer_start(msd->loop, &msd->shutdown_timer, ms - 1);
	json_free(&record);
}

static void
load_events(struct events *events, struct state_in *in)
{
	size_t off = 0;
	struct json *record = state_next(in, "events", &off);
	const char *life = record ? state_get_text(in, record, "life") : NULL;

	if (life)
		events_set_life(events, life);
	json_free(&record);
	for (off = 0; (record = state_next(in, "event", &off));
	     json_free(&record)) {
		uint64_t seq = state_get_u64(in, record, "seq");
		const char *line = state_get_text(in, record, "line");

		if (seq && line)
			events_put(events, seq, line);
		else
			state_fail(in, "an event without number or text");
	}
}

static bool
load(struct process *process, struct state_in *in, int fd)
{
	struct msd *msd = &process->msd;

	if (!state_in_read(in, fd))
		return false;
	load_process(process, in);
	if (in->failed)
		return false;
	process_open(process);
	load_events(msd->events, in);
	logs_load(msd->logs, in);
	upstream_load(msd->upstream, in);
	tree_load(msd, in);
	if (in->failed)
		return false;
	process_settle(process);
	msd->ctl = ctl_load(msd, in);
	load_shutdown(msd, in);
	return !in->failed;
}

int
resume_take_fd(void)
{
	const char *text = getenv(ENV_RESUME);
	int fd = text ? atoi(text) : -1;

	unsetenv(ENV_RESUME);
	if (fd >= 0 && !fd_set_cloexec(fd, true))
		fd = -1;
	return fd;
}

static void
take_over(struct msd *msd, struct mono began)
{
	sigset_t none;

	tree_resume(msd);
	events_add(msd->events, "restarted", "root",
	    "\"how\":\"reexec\",\"version\":\"" MS_VERSION "\"");
	log_info("took over", "version=" MS_VERSION " workers=%zu ms=%llu",
	    msd->tree.child_count,
	    (unsigned long long)mono_ms_between(began, mono_now()));
	ctl_on_reexec(msd->ctl, NULL);
	/* who died meanwhile, and what was to be done next */
	if (!msd->reap_task.queued)
		loop_later(msd->loop, &msd->reap_task);
	msd_touch(msd);
	if (!guard_tie(&msd->guard))
		msd_shutdown(msd, MSD_EXIT_OK, "the guardian is gone");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
resume_load(struct process *process, int fd)
{
	struct state_in in = { .rehearsal = false };
	struct mono began = mono_now();

	if (!load(process, &in, fd))
		log_fatal(MS_EXIT_SOFTWARE, "cannot take over", "reason=%s",
		    LOGQ(in.why.text));
	state_in_fini(&in);
	fd_close(&fd);
	take_over(&process->msd, began);
}

int
resume_check(struct process *process, int fd)
{
	struct state_in in = { .rehearsal = true };

	if (!load(process, &in, fd)) {
		fprintf(stderr, "%s\n", in.why.text);
		return MSD_EXIT_FAILURE;
	}
	printf(REEXEC_ACCEPTED "%u, version " MS_VERSION "\n", STATE_SCHEMA);
	fflush(stdout);
	/* nothing of it is real: there is nothing to bring to an end */
	_exit(MSD_EXIT_OK);
}
