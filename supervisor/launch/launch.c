/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything a start needs is made here, before the fork; each thing that
 * cannot be made has its stage, and the start has failed.
 */
#include "supervisor/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/child/hear.h"
#include "supervisor/child/listen.h"
#include "supervisor/child/notify_sock.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/launch/launch_impl.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"

#define FDS_SPARE      32u
#define OOM_SCORE_MORE 100

/* ---- descriptors -------------------------------------------------------- */

static bool
pass_fd(struct launch *l, int from, int to)
{
	if (l->plan.pass_count == ARRAY_LEN(l->pass)) {
		errno = E2BIG;
		return false;
	}
	l->pass[l->plan.pass_count++] = (struct spawn_fd){ from, to };
	return true;
}

static bool
plan_listen(struct launch *l)
{
	struct child *child = l->child;

	l->stage = SPAWN_LISTEN;
	errno = 0;
	if (listen_open(child, &l->why) != MS_OK) {
		if (errno == 0)
			errno = EADDRINUSE;
		return false;
	}
	for (size_t i = 0; i < child->listen_count; i++)
		if (!pass_fd(l, child->listen_fds[i], LISTEN_FD_START + (int)i))
			return false;
	return true;
}

int
launch_passed_end(const struct child *child)
{
	return LISTEN_FD_START + (int)child->listen_count +
	    (int)fdstore_count(child->store);
}

/* What it stored in its last life comes behind the sockets. */
static bool
plan_stored(struct launch *l)
{
	const struct child *child = l->child;
	int to = LISTEN_FD_START + (int)child->listen_count;

	fdstore_trim(child->store, l->conf->fd_store_max);
	for (size_t i = 0; i < fdstore_count(child->store); i++)
		if (!pass_fd(l, fdstore_fd(child->store, i), to + (int)i))
			return false;
	return true;
}

static bool
open_null(struct launch *l)
{
	l->stage = SPAWN_PREPARE;
	l->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	l->plan.null_fd = l->null_fd;
	return l->null_fd >= 0;
}

static bool
plan_output(struct launch *l)
{
	struct child *child = l->child;

	l->stage = SPAWN_LOG;
	l->out_fd =
	    logs_output(child->msd->logs, child, &l->owns_out_fd, &l->why);
	if (l->out_fd < 0)
		return false;
	l->plan.out_fd = l->out_fd;
	if (!child->spec->collects_logs)
		return true;
	l->orders_fd = logs_collector_fd(child->msd->logs, child);
	return l->orders_fd < 0 ||
	    pass_fd(l, l->orders_fd, launch_passed_end(child));
}

static bool
plan_ready_fd(struct launch *l)
{
	int fds[2];

	l->stage = SPAWN_FDS;
	if (l->conf->ready.kind != READY_FD)
		return true;
	for (size_t i = 0; i < l->plan.pass_count; i++) {
		if (l->pass[i].to == l->conf->ready.fd) {
			errno = EBUSY;
			return false;
		}
	}
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	fd_set_nonblock(fds[1], false);
	l->child->ready_fd = fds[0];
	l->ready_w = fds[1];
	return pass_fd(l, l->ready_w, l->conf->ready.fd);
}

/* ---- the plan ----------------------------------------------------------- */

/* The last descriptors are msd's own: clients, /proc, what a start needs for
 * a moment.  A new one gets the lowest free number, so all below are taken. */
static bool
leaves_fds(const struct msd *msd, int fd)
{
	rlim_t max = msd->nofile.rlim_max;
	rlim_t spare = max / 4 < FDS_SPARE ? max / 4 : FDS_SPARE;

	if ((rlim_t)fd < max - spare)
		return true;
	errno = EMFILE;
	return false;
}

static bool
plan_notify(struct launch *l)
{
	l->stage = SPAWN_PREPARE;
	if (notify_sock_open(l->child, l->notify_path, &l->why) == MS_OK)
		return leaves_fds(l->child->msd, l->child->notify_fd);
	errno = errno ? errno : EIO;
	return false;
}

static bool
plan_cgroup(struct launch *l)
{
	l->stage = SPAWN_CGROUP;
	if (cgroup_enter(l->child, &l->cgroups, &l->why) != MS_OK)
		return false;
	l->plan.cgroup_fds = l->cgroups.fds;
	l->plan.cgroup_count = l->cgroups.count;
	l->plan.cgroup_is_v2 = l->cgroups.is_v2;
	return true;
}

/* When memory is out a worker goes first: it comes back. */
static void
plan_oom(struct launch *l)
{
	const struct msd *msd = l->child->msd;
	int score = l->conf->oom_score_adj;

	l->plan.oom_must = score != OOM_SCORE_AUTO;
	if (score == OOM_SCORE_AUTO)
		score = msd->oom_score_adj + OOM_SCORE_MORE;
	l->plan.oom_score_adj = score > 1000 ? 1000 : score;
	l->plan.sets_oom = l->plan.oom_score_adj != msd->oom_score_adj;
}

static void
plan_context(struct launch *l)
{
	struct spawn_plan *plan = &l->plan;

	plan->cwd = l->conf->cwd;
	plan->umask = l->conf->umask;
	plan->limits = l->conf->limit;
	plan->nofile = l->child->msd->nofile;
	plan->nice = (int)l->conf->nice;
	plan_oom(l);
	plan->parent = l->child->msd->pid;
	plan->pass = l->pass;
}

static void
launch_fini(struct launch *l)
{
	int saved = errno;

	if (l->owns_out_fd)
		fd_close(&l->out_fd);
	fd_close(&l->null_fd);
	fd_close(&l->orders_fd);
	fd_close(&l->ready_w);
	cgroup_join_fini(&l->cgroups);
	arena_fini(&l->arena);
	errno = saved;
}

static void
doom_at(struct child *child, int stage, int error)
{
	child->doomed = true;
	child->doom = (struct doom){ .kind = EXIT_KIND_EXEC,
		.stage = spawn_stage_name(stage),
		.error = error };
}

void
child_not_started(struct child *child, const struct spawn_error *failed)
{
	struct why why = { "" };
	int stage = launch_lacks_interpreter(child, failed, &why)
	    ? SPAWN_INTERPRETER
	    : failed->stage;

	doom_at(child, stage, failed->error);
	log_warn("cannot start", "name=%s stage=%s error=%s", child->node.name,
	    spawn_stage_name(stage),
	    LOGQ(*why.text ? why.text : strerror(failed->error)));
}

static bool
run(struct launch *l)
{
	struct child *child = l->child;
	struct spawn_result result;

	plan_context(l);
	if (!open_null(l) || !plan_notify(l) || !launch_program(l) ||
	    !plan_listen(l) || !plan_stored(l) || !plan_output(l) ||
	    !plan_ready_fd(l) || !launch_env(l) || !plan_cgroup(l))
		return false;
	l->stage = SPAWN_FORK;
	if (!spawn(&l->plan, &result))
		return false;
	tree_set_pid(&child->msd->tree, child, result.pid);
	child->group = result.pid;
	child->uid = l->plan.sets_user ? l->plan.uid : geteuid();
	child->error_fd = result.error_fd;
	child->runs = result.error_fd < 0 && result.failed.stage < 0;
	if (result.error_fd < 0 && !child->runs)
		child_not_started(child, &result.failed);
	return true;
}

bool
child_launch(struct child *child)
{
	struct launch l = { .child = child,
		.conf = &child->spec->conf,
		.command = &child->spec->conf.command,
		.out_fd = -1,
		.null_fd = -1,
		.orders_fd = -1,
		.ready_w = -1 };
	bool ok;

	arena_init(&l.arena, PLAN_BYTES_MAX);
	child->generation++;
	child->started = mono_now();
	watchdog_prepare(child);
	child->runs = false;
	errno = 0;
	ok = run(&l);
	launch_fini(&l);
	if (ok) {
		hear_start(child);
		return true;
	}
	doom_at(child, (int)l.stage, errno ? errno : EIO);
	log_warn("cannot start", "name=%s stage=%s error=%s", child->node.name,
	    spawn_stage_name((int)l.stage),
	    LOGQ(*l.why.text ? l.why.text : strerror(child->doom.error)));
	hear_end(child);
	cgroup_leave(child, false);
	return false;
}

void
child_launched(struct child *child)
{
	if (child->runs && child->spec->conf.ready.kind == READY_EXEC)
		child_event(child, CHILD_EV_READY);
}

bool
child_launch_probe(struct child *child, int out_fd,
    struct spawn_result *result_r, struct why *why)
{
	struct launch l = { .child = child,
		.conf = &child->spec->conf,
		.command = &child->spec->conf.check->words,
		.is_probe = true,
		.plan.out_fd = out_fd,
		.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.orders_fd = -1,
		.ready_w = -1 };
	bool ok;

	arena_init(&l.arena, PLAN_BYTES_MAX);
	plan_context(&l);
	l.plan.null_fd = l.null_fd;
	ok = l.null_fd >= 0 && launch_program(&l) && launch_env(&l) &&
	    spawn(&l.plan, result_r);
	*why = l.why;
	launch_fini(&l);
	return ok;
}
