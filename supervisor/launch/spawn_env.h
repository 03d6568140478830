/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a worker, put together before fork. */
#ifndef SUPERVISOR_LAUNCH_SPAWN_ENV_H
#define SUPERVISOR_LAUNCH_SPAWN_ENV_H

#include "common/arena.h"
#include "common/err.h"

#define ENV_VARS_MAX 4096u

struct env_list {
	struct arena *arena;
	char **var; /* NULL-terminated, names unique */
	size_t count;
	bool failed; /* too many, or no memory; check once at the end */
};

void env_init(struct env_list *env, struct arena *arena);
/* Sets NAME=VALUE, replacing NAME; returns the text, NULL when failed. */
char *env_set(struct env_list *env, const char *assignment);
char *env_setf(struct env_list *env, const char *fmt, ...) MS_PRINTF(2, 3);
/*
 * Takes over what a worker inherits: not what speaks of msd's own manager
 * (NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*, FDSTORE) nor our own contract
 * (MS_NAME, ...).  Other MS_ variables stay: the worker reads the same file
 * as msd and must see the same ${MS_...} and MS__SECTION__KEY.
 */
void env_inherit(struct env_list *env, char **from);
/* Lines NAME=VALUE; blank ones and those with # are passed over. */
enum ms_err env_read_file(struct env_list *env, const char *path,
    struct why *why);

#endif
