/* SPDX-License-Identifier: Apache-2.0 */
/* Names of users and groups of the system; apart, because <grp.h> and the
 * tree both have a struct group. */
#ifndef SUPERVISOR_LAUNCH_GROUP_H
#define SUPERVISOR_LAUNCH_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

bool user_find(const char *name, uid_t *uid_r);
bool group_find(const char *name, gid_t *gid_r);
bool user_is_in_group(uid_t uid, gid_t gid);

#endif
