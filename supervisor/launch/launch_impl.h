/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a launch: launch.c puts a plan together from the program
 * (launch_program.c) and the environment (launch_env.c). */
#ifndef SUPERVISOR_LAUNCH_LAUNCH_IMPL_H
#define SUPERVISOR_LAUNCH_LAUNCH_IMPL_H

#include "common/arena.h"
#include "common/err.h"
#include "supervisor/child/child.h"
#include "supervisor/child/notify_sock.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/launch/spawn.h"
#include "supervisor/launch/spawn_env.h"

/* Room for the environment: 4096 variables of 2 KiB. */
#define PLAN_BYTES_MAX (8u << 20)
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
	char notify_path[NOTIFY_PATH_BYTES];
	enum spawn_stage stage;
	struct why why;
};

/* Each part of the plan says in l->stage what it is about; false: errno says
 * what is wrong, l->why too if it is more than that. */
bool launch_program(struct launch *l);
bool launch_env(struct launch *l);

/* The descriptor behind all that is passed by number: sockets, stored ones. */
int launch_passed_end(const struct child *child);
/* exec says ENOENT of a script that is there: the missing one is named in its
 * first line. */
bool launch_lacks_interpreter(struct child *child,
    const struct spawn_error *failed, struct why *why);

#endif
