/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unified hierarchy is used for every worker when we may write there: it
 * knows who belongs together, and cgroup.kill reaches all at once.  Version 1
 * is used only for a limit that the unified one does not offer.
 *
 * A group that hands controllers to groups below must not hold processes
 * itself (the root may): msd, and its guardian, then move to a leaf.
 *
 * Nothing here is opened before a worker needs it: a tree without limits on a
 * machine with version 1 only leaves no trace.
 */
#include "supervisor/launch/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "supervisor/launch/cgroup_dir.h"
#include "supervisor/launch/cgroup_impl.h"

#define LEAF           "msd"
#define CLEAR_TRIES    200u
#define CLEAR_PAUSE_US 10000u

/* ---- places ------------------------------------------------------------- */

static bool
base_path(const struct cgroups *c, enum cgroup_kind kind,
    char out[static CGROUP_PATH_BYTES])
{
	int n =
	    snprintf(out, CGROUP_PATH_BYTES, "%s/%s", c->own[kind], c->folder);

	return c->own[kind][0] && n > 0 && n < CGROUP_PATH_BYTES;
}

/* A msd before us may have moved to its leaf and we were born there. */
static bool
leave_leaf(const struct cgroups *c, char *own)
{
	char tail[sizeof(c->folder) + sizeof(LEAF) + 2];
	size_t len = strlen(own), n;

	n = (size_t)snprintf(tail, sizeof(tail), "/%s/" LEAF, c->folder);
	if (len <= n || strcmp(own + len - n, tail) != 0)
		return false;
	own[len - n] = '\0';
	return true;
}

struct cgroups *
cgroups_new(const char *run_dir, pid_t guardian)
{
	struct cgroups *c = xcalloc(1, sizeof(*c));
	struct buf self = { 0 }, mounts = { 0 };

	c->guardian = guardian;
	if (cgroup_folder(run_dir, c->folder) &&
	    file_read("/proc/self/cgroup", PROC_BYTES_MAX, &self, NULL) ==
		MS_OK &&
	    file_read("/proc/self/mountinfo", PROC_BYTES_MAX, &mounts, NULL) ==
		MS_OK)
		for (int k = 0; k < CGROUP_KINDS; k++) {
			if (!cgroup_find(buf_slice(&self), buf_slice(&mounts),
				(enum cgroup_kind)k, c->own[k]))
				c->own[k][0] = '\0';
			c->moved |= leave_leaf(c, c->own[k]);
		}
	buf_fini(&self);
	buf_fini(&mounts);
	return c;
}

/* ---- what can be had ---------------------------------------------------- */

bool
cgroups_make_base(struct cgroups *c, enum cgroup_kind kind)
{
	char path[CGROUP_PATH_BYTES];

	if (c->base[kind] == OFFER_UNKNOWN)
		c->base[kind] = base_path(c, kind, path) &&
			(mkdir(path, 0755) == 0 || errno == EEXIST) &&
			access(path, W_OK) == 0
		    ? OFFER_YES
		    : OFFER_NO;
	return c->base[kind] == OFFER_YES;
}

static bool
move_to(const char *dir, pid_t pid)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return cgroup_dir_write(dir, "cgroup.procs", text);
}

static bool
move_to_leaf(struct cgroups *c)
{
	char path[CGROUP_PATH_BYTES], leaf[CGROUP_PATH_BYTES];
	int n;

	if (c->moved || !base_path(c, CGROUP_V2, path))
		return false;
	n = snprintf(leaf, sizeof(leaf), "%s/" LEAF, path);
	if (n >= (int)sizeof(leaf) ||
	    (mkdir(leaf, 0755) < 0 && errno != EEXIST) ||
	    !move_to(leaf, getpid()))
		return false;
	c->moved = true;
	if (c->guardian && !move_to(leaf, c->guardian))
		log_debug("the guardian stays in its cgroup", "errno=%d",
		    errno);
	return true;
}

/* dir hands the controller to the groups below it. */
static bool
hand_down(const char *dir, const char *sign, enum cgroup_kind kind)
{
	char text[16];

	snprintf(text, sizeof(text), "%s%s", sign, cgroup_kind_name(kind));
	return cgroup_dir_write(dir, "cgroup.subtree_control", text);
}

bool
cgroups_is_offered(const struct cgroups *c, enum cgroup_kind kind)
{
	struct buf text = { 0 };
	bool yes = c->own[CGROUP_V2][0] &&
	    cgroup_dir_read(c->own[CGROUP_V2], "cgroup.controllers", &text) &&
	    cgroup_lists(slice_trim(buf_slice(&text)), ' ',
		cgroup_kind_name(kind));

	buf_fini(&text);
	return yes;
}

static bool
try_to_hand(struct cgroups *c, enum cgroup_kind kind)
{
	const char *own = c->own[CGROUP_V2];
	char base[CGROUP_PATH_BYTES];

	if (!cgroups_make_base(c, CGROUP_V2) ||
	    !base_path(c, CGROUP_V2, base) || !cgroups_is_offered(c, kind))
		return false;
	if (!hand_down(own, "+", kind) &&
	    !(errno == EBUSY && move_to_leaf(c) && hand_down(own, "+", kind)))
		return false;
	return hand_down(base, "+", kind);
}

/* Does the unified hierarchy limit this? */
bool
cgroups_hand(struct cgroups *c, enum cgroup_kind kind)
{
	if (c->handed[kind] == OFFER_UNKNOWN)
		c->handed[kind] = try_to_hand(c, kind) ? OFFER_YES : OFFER_NO;
	return c->handed[kind] == OFFER_YES;
}

/* ---- beginning and end -------------------------------------------------- */

static bool
is_there(const struct cgroups *c, enum cgroup_kind kind,
    char base[static CGROUP_PATH_BYTES])
{
	return base_path(c, kind, base) && access(base, F_OK) == 0;
}

/* Only below it: the leaf may hold us. */
static bool
clear_workers(const char *base)
{
	struct dirent **names = NULL;
	int n = scandir(base, &names, NULL, NULL);
	char dir[CGROUP_PATH_BYTES];
	bool clear = true;

	for (int i = 0; i < n; i++) {
		if (strncmp(names[i]->d_name, WORKER_PREFIX,
			sizeof(WORKER_PREFIX) - 1) == 0 &&
		    snprintf(dir, sizeof(dir), "%s/%s", base,
			names[i]->d_name) < (int)sizeof(dir)) {
			cgroup_dir_kill(dir);
			clear &= cgroup_dir_remove(dir);
		}
		free(names[i]);
	}
	free(names);
	return clear;
}

void
cgroups_clear(struct cgroups *c)
{
	char base[CGROUP_PATH_BYTES];

	for (int k = 0; k < CGROUP_KINDS; k++) {
		unsigned tries = 0;

		if (!is_there(c, (enum cgroup_kind)k, base))
			continue;
		/* nothing runs yet that this wait could hold up */
		while (!clear_workers(base) && ++tries < CLEAR_TRIES)
			usleep(CLEAR_PAUSE_US);
		if (tries == CLEAR_TRIES)
			log_warn("leftovers of a dead msd do not end",
			    "cgroup=%s", LOGQ(base));
		else
			cgroup_dir_remove(base);
	}
}

static void
move_back(struct cgroups *c, const char *base)
{
	char leaf[CGROUP_PATH_BYTES];

	/* a group that msd did not have to leave is not only ours */
	if (!c->moved)
		return;
	for (int k = CGROUP_MEMORY; k < CGROUP_KINDS; k++) {
		hand_down(base, "-", (enum cgroup_kind)k);
		hand_down(c->own[CGROUP_V2], "-", (enum cgroup_kind)k);
	}
	move_to(c->own[CGROUP_V2], getpid());
	if (c->guardian)
		move_to(c->own[CGROUP_V2], c->guardian);
	if (snprintf(leaf, sizeof(leaf), "%s/" LEAF, base) < (int)sizeof(leaf))
		cgroup_dir_remove(leaf);
}

void
cgroups_free(struct cgroups **cgroups)
{
	struct cgroups *c = *cgroups;
	char base[CGROUP_PATH_BYTES];

	if (!c)
		return;
	*cgroups = NULL;
	for (int k = 0; k < CGROUP_KINDS; k++) {
		if (c->base[k] != OFFER_YES ||
		    !base_path(c, (enum cgroup_kind)k, base))
			continue;
		if (k == CGROUP_V2)
			move_back(c, base);
		/* only what is empty: somebody unkillable may live there */
		cgroup_dir_remove(base);
	}
	free(c);
}
