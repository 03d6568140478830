/* SPDX-License-Identifier: Apache-2.0 */
/* Directories msd needs: its own, and the one of the workers' programs. */
#ifndef SUPERVISOR_DIRS_H
#define SUPERVISOR_DIRS_H

#include <stdbool.h>

#include "common/err.h"
#include "proto/conf/msd.h"

/* Makes run_dir, log_dir and state_dir and gives them to user and group. */
bool dirs_make(const struct msd_conf *conf, struct why *why);
/* Beside our own binary, unless the file says where.  The caller frees it;
 * NULL: not known. */
char *dirs_lib(const struct msd_conf *conf);
/*
 * Our own program as an absolute path, as it was named at the start: a new
 * version that was put in its place will be found there.  The caller frees
 * it; NULL: not known.
 */
char *dirs_self(const char *argv0, const char *cwd);

#endif
