/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything a start needs is made here, before the fork; each thing that
 * cannot be made has its stage, and the start has failed.
 */
#include "supervisor/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/child/child.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/child/hear.h"
#include "supervisor/child/listen.h"
#include "supervisor/child/notify_sock.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/launch/launch_user.h"
#include "supervisor/launch/spawn.h"
#include "supervisor/launch/spawn_env.h"
#include "supervisor/log/logpipe.h"
#include "supervisor/msd.h"

#define PLAN_BYTES_MAX (8u << 20)
#define FDS_SPARE      32u
#define OOM_SCORE_MORE 100
#define DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct launch {
	struct child *child;
	const struct worker_conf *conf;
	const struct words *command;
	bool is_probe; /* of the worker, not the worker itself */
	struct arena arena;
	struct env_list env;
	struct spawn_plan plan;
	struct spawn_fd pass[SPAWN_PASS_MAX];
	int out_fd;       /* where 1 and 2 go */
	bool owns_out_fd; /* close it after the fork */
	int null_fd;
	int orders_fd; /* the log collector's end of its orders */
	struct cgroup_join cgroups;
	int ready_w; /* ready = fd:N */
	enum spawn_stage stage;
	struct why why;
};

/* ---- program ------------------------------------------------------------ */

static const char *
look_up(struct launch *l, const char *dir, size_t dir_len, const char *name)
{
	const char *path =
	    arena_printf(&l->arena, "%.*s/%s", (int)dir_len, dir, name);

	return path && access(path, X_OK) == 0 ? path : NULL;
}

/* A bare name: lib_dir, then PATH of msd. */
static const char *
find_program(struct launch *l)
{
	const char *name = l->command->word[0];
	const char *lib = l->child->msd->lib_dir, *path = getenv("PATH");
	const char *found;

	if (strchr(name, '/'))
		return name;
	found = lib ? look_up(l, lib, strlen(lib), name) : NULL;
	for (path = path ? path : DEFAULT_PATH; !found && *path;) {
		size_t len = strcspn(path, ":");

		if (len)
			found = look_up(l, path, len, name);
		path += len + (path[len] == ':');
	}
	return found;
}

/* The command, and what spawn gave this instance behind it. */
static char **
plan_argv(struct launch *l)
{
	const struct words *command = l->command;
	const struct words *more = &l->child->args;
	char **argv;

	if (more->count == 0 || l->is_probe)
		return command->word;
	argv = arena_alloc(&l->arena,
	    (command->count + more->count + 1) * sizeof(char *));
	for (size_t i = 0; argv && i < command->count; i++)
		argv[i] = command->word[i];
	for (size_t i = 0; argv && i < more->count; i++)
		argv[command->count + i] = more->word[i];
	return argv;
}

static bool
plan_program(struct launch *l)
{
	l->stage = SPAWN_EXEC;
	l->plan.path = find_program(l);
	l->plan.argv = plan_argv(l);
	if (!l->plan.argv) {
		errno = E2BIG;
		return false;
	}
	if (l->plan.path)
		return true;
	errno = ENOENT;
	why_set(&l->why, MS_ENOTFOUND, "'%s' is neither in lib_dir nor in PATH",
	    l->command->word[0]);
	return false;
}

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

static int
passed_end(const struct child *child)
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
	return l->orders_fd < 0 || pass_fd(l, l->orders_fd, passed_end(child));
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

/* ---- environment -------------------------------------------------------- */

static char *
slot_of(char *assignment)
{
	return assignment ? strchr(assignment, '=') + 1 : NULL;
}

static void
set_passed(struct launch *l)
{
	const struct child *child = l->child;
	struct buf names = { 0 };

	if (l->conf->fd_store_max)
		env_setf(&l->env, "FDSTORE=%u", l->conf->fd_store_max);
	if (passed_end(child) == LISTEN_FD_START)
		return;
	buf_add_str(&names, "LISTEN_FDNAMES=");
	listen_names(child, &names);
	for (size_t i = 0; i < fdstore_count(child->store); i++)
		buf_printf(&names, "%s:", fdstore_name(child->store, i));
	names.len--; /* the last ':' */
	buf_add_u8(&names, '\0');
	env_set(&l->env, (const char *)names.ptr);
	buf_fini(&names);
	env_setf(&l->env, "LISTEN_FDS=%d", passed_end(child) - LISTEN_FD_START);
	l->plan.listen_pid =
	    slot_of(env_set(&l->env, "LISTEN_PID=" SPAWN_PID_SLOT));
}

/* Who it is and where everything lies. */
static void
set_place(struct launch *l)
{
	const struct child *child = l->child;
	const struct msd *msd = child->msd;
	const struct msd_conf *dirs = &msd->spec->msd;
	struct env_list *env = &l->env;

	env_setf(env, ENV_NAME "=%s", child->node.name);
	env_setf(env, ENV_GENERATION "=%llu",
	    (unsigned long long)child->generation);
	env_setf(env, ENV_CONFIG "=%s", msd->spec->path);
	env_setf(env, ENV_RUN_DIR "=%s", dirs->run_dir);
	env_setf(env, ENV_STATE_DIR "=%s", dirs->state_dir);
	env_setf(env, ENV_LOG_DIR "=%s", dirs->log_dir);
	env_setf(env, ENV_SOCKET "=%s", msd->socket_path);
}

/* How it talks with msd. */
static void
set_channels(struct launch *l)
{
	const struct child *child = l->child;
	struct env_list *env = &l->env;

	env_setf(env, "NOTIFY_SOCKET=%s", child->notify_path);
	if (l->orders_fd >= 0)
		env_setf(env, ENV_LOG_FD "=%d", passed_end(child));
	if (watchdog_told_ms(child)) {
		env_setf(env, "WATCHDOG_USEC=%llu",
		    (unsigned long long)watchdog_told_ms(child) * 1000);
		l->plan.watchdog_pid =
		    slot_of(env_set(env, "WATCHDOG_PID=" SPAWN_PID_SLOT));
	}
	set_passed(l);
}

static bool
plan_env(struct launch *l)
{
	const struct worker_conf *conf = l->conf;

	l->stage = SPAWN_USER;
	env_init(&l->env, &l->arena);
	if (conf->clear_env)
		env_set(&l->env, "PATH=" DEFAULT_PATH);
	else
		env_inherit(&l->env, l->child->msd->env);
	errno = EINVAL;
	if (launch_user(conf, &l->arena, &l->plan, &l->env, &l->why) != MS_OK)
		return false;
	l->stage = SPAWN_ENV;
	errno = 0;
	if (conf->env_file &&
	    env_read_file(&l->env, conf->env_file, &l->why) != MS_OK) {
		if (errno == 0)
			errno = EINVAL;
		return false;
	}
	for (size_t i = 0; i < conf->env.count; i++)
		env_set(&l->env, conf->env.word[i]);
	set_place(l);
	if (l->is_probe)
		env_setf(&l->env, "MAINPID=%d", (int)l->child->pid);
	else
		set_channels(l);
	if (l->env.failed) {
		errno = E2BIG;
		return false;
	}
	l->plan.envp = l->env.var;
	return true;
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
	if (notify_sock_open(l->child, &l->why) == MS_OK)
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
	child->doom = (struct exit_reason){ .kind = EXIT_KIND_EXEC,
		.stage = spawn_stage_name(stage),
		.error = error };
}

/* exec says ENOENT of a script that is there: the missing one is named in its
 * first line. */
static bool
lacks_interpreter(const struct child *child, const struct spawn_error *failed,
    struct why *why)
{
	struct launch l = { .child = (struct child *)child,
		.conf = &child->spec->conf,
		.command = &child->spec->conf.command };
	const char *path;
	bool lacks;

	if (failed->stage != SPAWN_EXEC || failed->error != ENOENT)
		return false;
	arena_init(&l.arena, PLAN_BYTES_MAX);
	path = find_program(&l);
	lacks = path && access(path, F_OK) == 0;
	if (lacks)
		why_set(why, MS_ENOTFOUND, "the interpreter of %s is missing",
		    path);
	arena_fini(&l.arena);
	return lacks;
}

void
child_not_started(struct child *child, const struct spawn_error *failed)
{
	struct why why = { "" };
	int stage = lacks_interpreter(child, failed, &why) ? SPAWN_INTERPRETER
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
	if (!open_null(l) || !plan_notify(l) || !plan_program(l) ||
	    !plan_listen(l) || !plan_stored(l) || !plan_output(l) ||
	    !plan_ready_fd(l) || !plan_env(l) || !plan_cgroup(l))
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
		.command = &child->spec->conf.check.words,
		.is_probe = true,
		.plan.out_fd = out_fd,
		.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.orders_fd = -1,
		.ready_w = -1 };
	bool ok;

	arena_init(&l.arena, PLAN_BYTES_MAX);
	plan_context(&l);
	l.plan.null_fd = l.null_fd;
	ok = l.null_fd >= 0 && plan_program(&l) && plan_env(&l) &&
	    spawn(&l.plan, result_r);
	*why = l.why;
	launch_fini(&l);
	return ok;
}
