/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new main process need not be msd's child: then nobody tells msd its
 * status, only a pidfd that it is over.  Should its parent die first, msd
 * adopts and reaps it like any other.
 *
 * What counts as a worker's own process is stricter than in systemd, where
 * root may name any: a number that a worker mistypes must not make msd signal
 * a stranger.
 */
#include "supervisor/child/mainpid.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/launch/orphans.h"
#include "supervisor/launch/proc.h"
#include "supervisor/launch/reap.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"

#define ANCESTORS_MAX 64 /* deeper than any process tree that is not a bomb */

struct moved_main {
	struct child *child;
	int pidfd;
	ev_io over;
};

/* ---- whose -------------------------------------------------------------- */

/* An orphan lost its ancestors; what it was given at birth it still has. */
static bool
is_own_orphan(const struct child *child, pid_t pid)
{
	struct child *owner = NULL;

	return orphans_find_by_environ(child->msd, pid, &owner) &&
	    owner == child;
}

static bool
is_own(const struct child *child, pid_t pid)
{
	const struct tree *tree = &child->msd->tree;
	struct proc_stat st;

	for (int i = 0; i < ANCESTORS_MAX && proc_stat_read(pid, &st); i++) {
		if (st.session == child->group || st.group == child->group ||
		    st.parent == child->pid || st.parent == child->group)
			return true;
		if (tree_find_pid(tree, st.session) ||
		    tree_find_pid(tree, st.parent))
			return false; /* another worker's */
		if (st.parent == child->msd->pid)
			return is_own_orphan(child, pid);
		pid = st.parent;
	}
	return false;
}

static bool
may_be_main(const struct child *child, pid_t pid)
{
	struct proc_stat st;

	return pid > 1 && pid != child->msd->pid &&
	    !tree_find_pid(&child->msd->tree, pid) &&
	    proc_stat_read(pid, &st) && st.state != 'Z' && is_own(child, pid);
}

/* ---- its end ------------------------------------------------------------ */

static void
on_over(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct moved_main *moved = container_of(io, struct moved_main, over);
	struct child *child = moved->child;
	struct msd *msd = child->msd;
	siginfo_t info = { .si_pid = 0 };

	(void)ev;
	if (child->reaped)
		return; /* handled in this turn */
	if (waitid(P_PID, (id_t)child->pid, &info,
		WEXITED | WNOHANG | WNOWAIT) == 0) {
		reap(msd); /* adopted: it has a status */
		return;
	}
	child->wait_code = 0; /* how, only its parent knows */
	kill(-child->group, SIGKILL);
	child_event(child, CHILD_EV_EXIT);
	orphans_sweep(msd);
}

/* ---- moving ------------------------------------------------------------- */

void
mainpid_watch(struct child *child, int pidfd)
{
	struct moved_main *moved = xcalloc(1, sizeof(*moved));

	moved->child = child;
	moved->pidfd = pidfd;
	ev_io_init(&moved->over, on_over, pidfd, EV_READ);
	ev_io_start(loop_ev(child->msd->loop), &moved->over);
	child->moved = moved;
	child->msd->moved_mains++;
}

bool
mainpid_move(struct child *child, pid_t pid)
{
	int pidfd;

	if (child->reaped)
		return false; /* too late */
	if (pid > 0 && pid == child->pid)
		return true;
	/* first hold the process, then look at it: else its number might be
	 * another's by the time it is held */
	pidfd = pid > 1 ? pidfd_open(pid, 0) : -1;
	if (pidfd < 0 || !may_be_main(child, pid)) {
		fd_close(&pidfd);
		return false;
	}
	log_info("main process", "name=%s pid=%d was=%d", child->node.name,
	    (int)pid, (int)child->pid);
	mainpid_end(child);
	tree_set_pid(&child->msd->tree, child, pid);
	mainpid_watch(child, pidfd);
	logs_started(child->msd->logs, child);
	msd_touch(child->msd);
	return true;
}

bool
mainpid_signal(const struct child *child, int signo)
{
	return pidfd_send_signal(child->moved->pidfd, signo, NULL, 0) == 0;
}

void
mainpid_end(struct child *child)
{
	struct moved_main *moved = child->moved;
	struct loop *loop = child->msd->loop;

	if (!moved)
		return;
	child->moved = NULL;
	child->msd->moved_mains--;
	ev_io_stop(loop_ev(loop), &moved->over);
	fd_close(&moved->pidfd);
	loop_later_free(loop, moved); /* this may be its callback */
}

int
mainpid_fd(const struct child *child)
{
	return child->moved ? child->moved->pidfd : -1;
}

pid_t
mainpid_of_fd(int pidfd)
{
	struct buf text = { 0 };
	struct slice rest, line;
	char path[40];
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read(path, 4096, &text, NULL) == MS_OK)
		for (rest = buf_slice(&text); slice_cut(&rest, '\n', &line);)
			if (line.len < 40 && sscanf(line.ptr, "Pid: %d", &pid))
				break;
	buf_fini(&text);
	return pid > 0 ? (pid_t)pid : 0;
}

/* ---- the first process -------------------------------------------------- */

struct child *
mainpid_find_first(const struct msd *msd, pid_t pid)
{
	for (size_t i = 0; msd->moved_mains && i < msd->tree.child_count; i++) {
		struct child *child = msd->tree.children[i];

		if (child->moved && child->group == pid)
			return child;
	}
	return NULL;
}

/*
 * Its number stays taken only as long as somebody lives in its session.  The
 * new main may have one of its own: that is then what all of it is killed by.
 */
void
mainpid_on_reaped(struct msd *msd, pid_t pid)
{
	struct child *child = mainpid_find_first(msd, pid);
	pid_t session = child ? getsid(child->pid) : -1;

	/* it lives still: so the number is its own, and was just now */
	if (session > 0 && mainpid_signal(child, 0))
		child->group = session;
}
