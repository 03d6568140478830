/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the control groups: cgroup.c knows the hierarchies and what they
 * offer, cgroup_child.c the directories of one worker, cgroup_limit.c what is
 * written into them.
 */
#ifndef SUPERVISOR_LAUNCH_CGROUP_IMPL_H
#define SUPERVISOR_LAUNCH_CGROUP_IMPL_H

#include "supervisor/launch/cgroup.h"

#define WORKER_PREFIX  "w-"
#define PROC_BYTES_MAX (1u << 20)

enum offer {
	OFFER_UNKNOWN, /* not tried */
	OFFER_YES,
	OFFER_NO
};

struct cgroups {
	char folder[CGROUP_FOLDER_BYTES]; /* "ms:run:ms" */
	pid_t guardian;
	char own[CGROUP_KINDS][CGROUP_PATH_BYTES]; /* "": not mounted */
	enum offer base[CGROUP_KINDS];             /* own/folder can be made */
	enum offer handed[CGROUP_KINDS]; /* the unified one limits this */
	bool moved;                      /* msd lives in the leaf */
};

/* Makes msd's folder in this hierarchy; false: it cannot be had.  Both try
 * once and remember. */
bool cgroups_make_base(struct cgroups *cgroups, enum cgroup_kind kind);
/* Lets the unified hierarchy limit this; false: it cannot. */
bool cgroups_hand(struct cgroups *cgroups, enum cgroup_kind kind);
/* Does the unified hierarchy offer this here?  Changes nothing. */
bool cgroups_is_offered(const struct cgroups *cgroups, enum cgroup_kind kind);

bool cgroup_limit_is_asked(const struct worker_conf *conf,
    enum cgroup_kind kind);
/* Writes the limit, or takes it off when conf has none; false with errno. */
bool cgroup_limit_set(const char *dir, bool v2, enum cgroup_kind kind,
    const struct worker_conf *conf);
/* Adds a word to the list of what cannot be had. */
void cgroup_lacks_add(char out[static CGROUP_LACKS_BYTES], const char *what);

#endif
