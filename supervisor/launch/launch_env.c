/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a worker: what msd has, what the file says, then what
 * only msd can know; the last word counts. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/contract.h"
#include "supervisor/child/fdstore.h"
#include "supervisor/child/listen.h"
#include "supervisor/child/watchdog.h"
#include "supervisor/launch/launch_impl.h"
#include "supervisor/launch/launch_user.h"
#include "supervisor/msd.h"

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
	if (launch_passed_end(child) == LISTEN_FD_START)
		return;
	buf_add_str(&names, "LISTEN_FDNAMES=");
	listen_names(child, &names);
	for (size_t i = 0; i < fdstore_count(child->store); i++)
		buf_printf(&names, "%s:", fdstore_name(child->store, i));
	names.len--; /* the last ':' */
	buf_add_u8(&names, '\0');
	env_set(&l->env, (const char *)names.ptr);
	buf_fini(&names);
	env_setf(&l->env, "LISTEN_FDS=%d",
	    launch_passed_end(child) - LISTEN_FD_START);
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

/* Where it counts; nobody is kept from living because he cannot. */
static void
set_metrics(struct launch *l)
{
	const struct child *child = l->child;
	struct segments *segments = &child->msd->segments;
	uid_t uid = l->plan.sets_user ? l->plan.uid : geteuid();
	gid_t gid = l->plan.sets_group ? l->plan.gid : getegid();

	if (l->conf->metrics &&
	    segments_make(segments, child->node.name, uid, gid))
		env_setf(&l->env, ENV_METRICS "=%s/%s", segments->dir,
		    child->node.name);
}

/* How it talks with msd. */
static void
set_channels(struct launch *l)
{
	const struct child *child = l->child;
	struct env_list *env = &l->env;

	env_setf(env, "NOTIFY_SOCKET=%s", l->notify_path);
	if (l->orders_fd >= 0)
		env_setf(env, ENV_LOG_FD "=%d", launch_passed_end(child));
	if (watchdog_told_ms(child)) {
		env_setf(env, "WATCHDOG_USEC=%llu",
		    (unsigned long long)watchdog_told_ms(child) * 1000);
		l->plan.watchdog_pid =
		    slot_of(env_set(env, "WATCHDOG_PID=" SPAWN_PID_SLOT));
	}
	set_metrics(l);
	set_passed(l);
}

bool
launch_env(struct launch *l)
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
