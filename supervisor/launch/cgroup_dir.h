/* SPDX-License-Identifier: Apache-2.0 */
/* One directory of a control group hierarchy: files of one line, processes,
 * removal. */
#ifndef SUPERVISOR_LAUNCH_CGROUP_DIR_H
#define SUPERVISOR_LAUNCH_CGROUP_DIR_H

#include <stdbool.h>

#include "common/buf.h"

/* Writes text into dir/file; false with errno. */
bool cgroup_dir_write(const char *dir, const char *file, const char *text);
/* Reads dir/file; false when there is none. */
bool cgroup_dir_read(const char *dir, const char *file, struct buf *text);
/* Does any process live in it or below? */
bool cgroup_dir_is_empty(const char *dir);
/* KILL to all in it and below. */
void cgroup_dir_kill(const char *dir);
/* With what is below; false while somebody lives there. */
bool cgroup_dir_remove(const char *dir);

#endif
