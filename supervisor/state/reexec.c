/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the last look at signals and the first of the next image they are
 * blocked: none is lost, and none meets its default action.  Descriptors lose
 * their close-on-exec flag in the last moment, so a worker that is started
 * meanwhile never inherits one.
 */
#include "supervisor/state/reexec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loop.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/msd.h"
#include "supervisor/state/reexec_check.h"
#include "supervisor/state/state.h"

#define CHECK_MAX_MS 10000u
#define SETTLE_TURNS 64

struct reexec {
	struct reexec_desc desc;
	struct reexec_check check;
	ev_timer patience;
	bool due;
};

static void
fail(struct reexec *r, const char *text)
{
	log_error("no re-exec, going on as before", "reason=%s", LOGQ(text));
	ctl_on_reexec(r->desc.msd->ctl, text);
}

static void
on_patience(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct reexec *r = container_of(timer, struct reexec, patience);

	(void)ev;
	reexec_check_kill(&r->check);
}

struct reexec *
reexec_new(const struct reexec_desc *desc)
{
	struct reexec *r = xcalloc(1, sizeof(*r));

	r->desc = *desc;
	reexec_check_init(&r->check);
	ev_timer_init(&r->patience, on_patience, 0., 0.);
	return r;
}

void
reexec_free(struct reexec **reexec_ptr)
{
	struct reexec *r = *reexec_ptr;

	if (!r)
		return;
	*reexec_ptr = NULL;
	loop_timer_stop(r->desc.msd->loop, &r->patience);
	reexec_check_kill(&r->check);
	reexec_check_fini(&r->check);
	free(r);
}

/* ---- the state ----------------------------------------------------------- */

/* A file in memory with the state in it; -1 with why. */
static int
write_state(struct reexec *r, struct state_out *out, struct why *why)
{
	int fd;

	state_out_init(out);
	r->desc.save(r->desc.msd, out);
	if (out->text.failed) {
		why_set(why, MS_ENOMEM, "the state does not fit into memory");
		return -1;
	}
	fd = memfd_create("msd-state", MFD_CLOEXEC);
	if (fd < 0) {
		why_set(why, MS_EIO, "no memory file: %s", strerror(errno));
		return -1;
	}
	if (fd_write_all(fd, out->text.ptr, out->text.len, why) != MS_OK)
		fd_close(&fd);
	else
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* ---- the check ----------------------------------------------------------- */

enum ms_err
reexec_begin(struct reexec *r, struct why *why)
{
	struct state_out out;
	bool started;
	int fd;

	if (r->check.pid || r->due)
		return why_set(why, MS_EBUSY, "a re-exec is under way");
	fd = write_state(r, &out, why);
	state_out_fini(&out);
	started =
	    fd >= 0 && reexec_check_start(&r->check, r->desc.path, fd, why);
	fd_close(&fd);
	if (!started)
		return MS_EIO;
	loop_timer_start(r->desc.msd->loop, &r->patience, CHECK_MAX_MS);
	return MS_OK;
}

bool
reexec_owns(const struct reexec *r, pid_t pid)
{
	return r && r->check.pid == pid;
}

bool
reexec_note_end(struct reexec *r, const siginfo_t *info)
{
	struct why why = { "" };

	if (!r || r->check.pid == 0 || r->check.pid != info->si_pid)
		return false;
	loop_timer_stop(r->desc.msd->loop, &r->patience);
	if (reexec_check_end(&r->check, info, &why)) {
		r->due = true;
		loop_stop(r->desc.msd->loop);
	} else {
		fail(r, why.text);
	}
	return true;
}

bool
reexec_is_due(const struct reexec *r)
{
	return r->due;
}

/* ---- the exec ------------------------------------------------------------ */

static void
set_cloexec(const struct state_out *out, bool on)
{
	for (size_t i = 0; i < out->fd_count; i++)
		fd_set_cloexec(out->fds[i], on);
}

static void
exec_with(struct reexec *r, const struct state_out *out, int fd,
    struct why *why)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	setenv(ENV_RESUME, text, 1);
	set_cloexec(out, false);
	fd_set_cloexec(fd, false);
	execv(r->desc.path, r->desc.argv);
	why_set(why, MS_EIO, "cannot execute %s: %s", r->desc.path,
	    strerror(errno));
	set_cloexec(out, true);
	unsetenv(ENV_RESUME);
}

/* What has already begun is brought to its end: the dead that were reaped,
 * signals that the loop has taken, tasks of the end of a turn. */
static void
settle(struct msd *msd)
{
	for (int i = 0; i < SETTLE_TURNS; i++) {
		loop_turn(msd->loop, false);
		if (!msd->advance.queued && !msd->reap_task.queued)
			return;
	}
}

void
reexec_run(struct reexec *r)
{
	struct state_out out;
	struct why why = { "" };
	sigset_t all, before;
	int fd;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	settle(r->desc.msd);
	r->due = false;
	fd = write_state(r, &out, &why);
	if (fd >= 0)
		exec_with(r, &out, fd, &why);
	fd_close(&fd);
	state_out_fini(&out);
	sigprocmask(SIG_SETMASK, &before, NULL);
	fail(r, why.text);
}
