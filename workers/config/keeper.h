/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the configuration in force: reads the file, takes it over when all of
 * it is valid, and goes on with the last good generation when it is not.
 * No sockets here: main.c asks and announces.
 */
#ifndef WORKERS_CONFIG_KEEPER_H
#define WORKERS_CONFIG_KEEPER_H

#include "workers/config/generation.h"
#include "workers/config/store.h"

#define ANNOUNCED_KEYS_MAX 4096u /* of one change */

struct keeper {
	const char *path; /* borrowed */
	char *dir;
	struct store *store; /* in force */
	struct generation generation;
	int64_t loaded_ns;  /* wall clock */
	uint32_t digest;    /* conf_digest() of what is in force */
	size_t error_count; /* of the last refused file, 0 when none */
	char *first_error;
};

/*
 * Reads the file at path.  When it is invalid, the last good configuration of
 * dir (made when absent) is in force; MS_ECONFIG when there is none.  env: as
 * conf_read().
 */
enum ms_err keeper_open(struct keeper *keeper, const char *path,
    const char *dir, char **env, struct why *why);
void keeper_close(struct keeper *keeper);
/*
 * Reads it again.  MS_OK: it is in force, and when a value has changed,
 * {"generation":N,"changed":[KEY,...]} was appended to announcement (with
 * "more":N behind it when not all keys fit).  MS_ECONFIG: refused, nothing has
 * changed but the errors.
 */
enum ms_err keeper_reload(struct keeper *keeper, char **env,
    struct buf *announcement);
/* Reads it and takes nothing over: errors are added, or the number of keys that
 * would change is told. */
void keeper_check(const struct keeper *keeper, char **env,
    struct conf_errors *errors, uint32_t *changed_r, uint32_t *files_r);
/* Somebody else has refused the file. */
void keeper_refuse(struct keeper *keeper, const struct conf_errors *errors);

#endif
