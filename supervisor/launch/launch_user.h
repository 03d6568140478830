/* SPDX-License-Identifier: Apache-2.0 */
/* user, group, groups of a worker, looked up before fork. */
#ifndef SUPERVISOR_LAUNCH_LAUNCH_USER_H
#define SUPERVISOR_LAUNCH_LAUNCH_USER_H

#include "common/arena.h"
#include "common/err.h"
#include "supervisor/launch/group.h"
#include "supervisor/launch/spawn.h"
#include "supervisor/launch/spawn_env.h"

/* Fills the plan's ids and sets HOME, USER, LOGNAME, SHELL when a user is
 * given.  Fails closed: a name that is not known is an error. */
enum ms_err launch_user(const struct worker_conf *conf, struct arena *arena,
    struct spawn_plan *plan, struct env_list *env, struct why *why);

#endif
