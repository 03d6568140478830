/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unified hierarchy is used for every worker when we may write there: it
 * knows who belongs together, and cgroup.kill reaches all at once.  Version 1
 * is used only for a limit that the unified one does not offer.
 *
 * A group that hands controllers to groups below must not hold processes
 * itself (the root may): msd, and its guardian, then move to a leaf.
 *
 * Directories stay while their worker restarts.  One that was killed through
 * cgroup.kill does not: some kernels (6.13 on) kill at birth what is born into
 * it afterwards.
 *
 * Nothing here is opened before a worker needs it: a tree without limits on a
 * machine with version 1 only leaves no trace.
 */
#include "supervisor/launch/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/launch/cgroup_dir.h"
#include "supervisor/msd.h"

#define WORKER_PREFIX  "w-"
#define LEAF           "msd"
#define CPU_PERIOD_US  100000u
#define CLEAR_TRIES    200u
#define CLEAR_PAUSE_US 10000u
#define PROC_BYTES_MAX (1u << 20)

/* in child->cgroup_dirs, besides a bit for each kind */
#define WAS_KILLED (1u << CGROUP_KINDS)

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

/* ---- places ------------------------------------------------------------- */

static bool
base_path(const struct cgroups *c, enum cgroup_kind kind,
    char out[static CGROUP_PATH_BYTES])
{
	int n =
	    snprintf(out, CGROUP_PATH_BYTES, "%s/%s", c->own[kind], c->folder);

	return c->own[kind][0] && n > 0 && n < CGROUP_PATH_BYTES;
}

static bool
child_path(const struct child *child, enum cgroup_kind kind,
    char out[static CGROUP_PATH_BYTES])
{
	const struct cgroups *c = child->msd->cgroups;
	int n = snprintf(out, CGROUP_PATH_BYTES, "%s/%s/" WORKER_PREFIX "%s",
	    c->own[kind], c->folder, child->node.name);

	return n > 0 && n < CGROUP_PATH_BYTES;
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

static bool
has_base(struct cgroups *c, enum cgroup_kind kind)
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

static bool
is_offered(const struct cgroups *c, enum cgroup_kind kind)
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

	if (!has_base(c, CGROUP_V2) || !base_path(c, CGROUP_V2, base) ||
	    !is_offered(c, kind))
		return false;
	if (!hand_down(own, "+", kind) &&
	    !(errno == EBUSY && move_to_leaf(c) && hand_down(own, "+", kind)))
		return false;
	return hand_down(base, "+", kind);
}

/* Does the unified hierarchy limit this? */
static bool
is_handed(struct cgroups *c, enum cgroup_kind kind)
{
	if (c->handed[kind] == OFFER_UNKNOWN)
		c->handed[kind] = try_to_hand(c, kind) ? OFFER_YES : OFFER_NO;
	return c->handed[kind] == OFFER_YES;
}

static bool
is_asked(const struct worker_conf *conf, enum cgroup_kind kind)
{
	switch (kind) {
	case CGROUP_MEMORY:
		return conf->memory_max_bytes != 0;
	case CGROUP_PIDS:
		return conf->pids_max != 0;
	case CGROUP_CPU:
		return conf->cpu_max_us != 0;
	default:
		return false;
	}
}

static void
add_lack(char out[static CGROUP_LACKS_BYTES], const char *what)
{
	size_t len = strlen(out);

	snprintf(out + len, CGROUP_LACKS_BYTES - len, "%s%s", len ? " " : "",
	    what);
}

const char *
cgroups_lack(const struct cgroups *c, const struct worker_conf *conf,
    char out[static CGROUP_LACKS_BYTES])
{
	static const char *const keys[CGROUP_KINDS] = {
		[CGROUP_MEMORY] = "memory_max",
		[CGROUP_PIDS] = "pids_max",
		[CGROUP_CPU] = "cpu_max",
	};
	bool v2 = c->own[CGROUP_V2][0] && access(c->own[CGROUP_V2], W_OK) == 0;

	out[0] = '\0';
	for (int k = CGROUP_MEMORY; k < CGROUP_KINDS; k++) {
		enum cgroup_kind kind = (enum cgroup_kind)k;
		bool v1 = c->own[k][0] && access(c->own[k], W_OK) == 0;

		if (is_asked(conf, kind) &&
		    (conf->cgroup == CGROUP_OFF ||
			(!v1 && !(v2 && is_offered(c, kind)))))
			add_lack(out, keys[k]);
	}
	if (conf->cgroup == CGROUP_REQUIRED && !v2 && !out[0])
		add_lack(out, "cgroup");
	return out;
}

/* ---- a worker ----------------------------------------------------------- */

/* "max" and "-1" are no limit, in their versions. */
static bool
set_memory(const char *dir, bool v2, uint64_t bytes)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	if (v2)
		return cgroup_dir_write(dir, "memory.max",
		    bytes ? text : "max");
	return cgroup_dir_write(dir, "memory.limit_in_bytes",
	    bytes ? text : "-1");
}

static bool
set_pids(const char *dir, uint32_t pids)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", pids);
	return cgroup_dir_write(dir, "pids.max", pids ? text : "max");
}

static bool
set_cpu(const char *dir, bool v2, uint32_t us)
{
	char quota[16], text[40];

	snprintf(quota, sizeof(quota), "%u", us);
	if (v2) {
		snprintf(text, sizeof(text), "%s %u", us ? quota : "max",
		    CPU_PERIOD_US);
		return cgroup_dir_write(dir, "cpu.max", text);
	}
	snprintf(text, sizeof(text), "%u", CPU_PERIOD_US);
	return cgroup_dir_write(dir, "cpu.cfs_period_us", text) &&
	    cgroup_dir_write(dir, "cpu.cfs_quota_us", us ? quota : "-1");
}

static bool
set_limit(const char *dir, bool v2, enum cgroup_kind kind,
    const struct worker_conf *conf)
{
	switch (kind) {
	case CGROUP_MEMORY:
		return set_memory(dir, v2, conf->memory_max_bytes);
	case CGROUP_PIDS:
		return set_pids(dir, conf->pids_max);
	case CGROUP_CPU:
		return set_cpu(dir, v2, conf->cpu_max_us);
	default:
		return true;
	}
}

static bool
has_dir(const struct child *child, enum cgroup_kind kind)
{
	return child->cgroup_dirs & (1u << kind);
}

/* Makes the child's directory in this hierarchy and opens it for joining. */
static bool
enter(struct child *child, enum cgroup_kind kind, struct cgroup_join *join,
    char dir[static CGROUP_PATH_BYTES])
{
	int fd;

	if (!child_path(child, kind, dir) ||
	    (mkdir(dir, 0755) < 0 && errno != EEXIST))
		return false;
	child->cgroup_dirs |= 1u << kind;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	join->fds[join->count++] = fd;
	join->is_v2 |= kind == CGROUP_V2;
	return true;
}

/* A limit that was taken out of the configuration must be taken off. */
static bool
limit(struct child *child, enum cgroup_kind kind, struct cgroup_join *join)
{
	struct cgroups *c = child->msd->cgroups;
	const struct worker_conf *conf = &child->spec->conf;
	char dir[CGROUP_PATH_BYTES];

	if (!is_asked(conf, kind)) {
		if (c->handed[kind] == OFFER_YES && join->is_v2)
			return child_path(child, CGROUP_V2, dir) &&
			    set_limit(dir, true, kind, conf);
		return true;
	}
	if (join->is_v2 && is_handed(c, kind))
		return child_path(child, CGROUP_V2, dir) &&
		    set_limit(dir, true, kind, conf);
	return has_base(c, kind) && enter(child, kind, join, dir) &&
	    set_limit(dir, false, kind, conf);
}

static uint32_t
count_oom(const struct child *child)
{
	struct buf text = { 0 };
	char dir[CGROUP_PATH_BYTES];
	uint64_t n = 0;

	if (has_dir(child, CGROUP_MEMORY) &&
	    child_path(child, CGROUP_MEMORY, dir) &&
	    cgroup_dir_read(dir, "memory.oom_control", &text))
		n = cgroup_count(buf_slice(&text), "oom_kill");
	else if (has_dir(child, CGROUP_V2) &&
	    child_path(child, CGROUP_V2, dir) &&
	    cgroup_dir_read(dir, "memory.events", &text))
		n = cgroup_count(buf_slice(&text), "oom_kill");
	buf_fini(&text);
	return (uint32_t)n;
}

static enum ms_err
refuse_or_go_on(struct child *child, const char *lacks, struct why *why)
{
	if (child->spec->conf.cgroup == CGROUP_REQUIRED) {
		errno = errno ? errno : ENOTSUP;
		return why_set(why, MS_EUNSUPPORTED, "no usable cgroup for %s",
		    lacks);
	}
	if (!child->cgroup_told)
		log_warn("runs without limits: no usable cgroup",
		    "name=%s limits=%s", child->node.name, LOGQ(lacks));
	child->cgroup_told = true;
	return MS_OK;
}

enum ms_err
cgroup_enter(struct child *child, struct cgroup_join *join, struct why *why)
{
	struct cgroups *c = child->msd->cgroups;
	const struct worker_conf *conf = &child->spec->conf;
	char dir[CGROUP_PATH_BYTES], lacks[CGROUP_LACKS_BYTES] = "";

	*join = (struct cgroup_join){ .count = 0 };
	errno = 0;
	if (conf->cgroup == CGROUP_OFF || !c)
		return MS_OK;
	if (has_base(c, CGROUP_V2) && !enter(child, CGROUP_V2, join, dir))
		add_lack(lacks, "cgroup");
	for (int k = CGROUP_MEMORY; k < CGROUP_KINDS; k++)
		if (!limit(child, (enum cgroup_kind)k, join))
			add_lack(lacks, cgroup_kind_name((enum cgroup_kind)k));
	if (conf->cgroup == CGROUP_REQUIRED && join->count == 0)
		add_lack(lacks, "it");
	child->oom_kills = count_oom(child);
	return lacks[0] ? refuse_or_go_on(child, lacks, why) : MS_OK;
}

void
cgroup_join_fini(struct cgroup_join *join)
{
	for (size_t i = 0; i < join->count; i++)
		fd_close(&join->fds[i]);
	join->count = 0;
}

void
cgroup_kill(struct child *child)
{
	char dir[CGROUP_PATH_BYTES];

	child->cgroup_dirs |= WAS_KILLED;

	for (int k = 0; k < CGROUP_KINDS; k++)
		if (has_dir(child, (enum cgroup_kind)k) &&
		    child_path(child, (enum cgroup_kind)k, dir))
			cgroup_dir_kill(dir);
}

bool
cgroup_is_empty(const struct child *child)
{
	char dir[CGROUP_PATH_BYTES];

	for (int k = 0; k < CGROUP_KINDS; k++)
		if (has_dir(child, (enum cgroup_kind)k) &&
		    child_path(child, (enum cgroup_kind)k, dir) &&
		    !cgroup_dir_is_empty(dir))
			return false;
	return true;
}

bool
cgroup_had_oom(const struct child *child)
{
	return count_oom(child) > child->oom_kills;
}

void
cgroup_leave(struct child *child, bool again)
{
	char dir[CGROUP_PATH_BYTES];

	if (again && !(child->cgroup_dirs & WAS_KILLED))
		return;

	for (int k = 0; k < CGROUP_KINDS; k++) {
		if (!has_dir(child, (enum cgroup_kind)k) ||
		    !child_path(child, (enum cgroup_kind)k, dir))
			continue;
		/* after a re-exec we learn here that the folder is ours */
		child->msd->cgroups->base[k] = OFFER_YES;
		if (cgroup_dir_remove(dir)) /* else tried again at the end */
			child->cgroup_dirs &= ~(1u << k);
	}
	if (child->cgroup_dirs == WAS_KILLED)
		child->cgroup_dirs = 0;
}

bool
cgroup_find_worker(const struct cgroups *c, pid_t pid,
    char name[static CGROUP_NAME_BYTES])
{
	char path[40], mark[sizeof(c->folder) + sizeof(WORKER_PREFIX) + 2];
	struct buf text = { 0 };
	const char *at = NULL;
	size_t n;

	if (!c || !c->own[CGROUP_V2][0])
		return false;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	snprintf(mark, sizeof(mark), "/%s/" WORKER_PREFIX, c->folder);
	if (file_read(path, PROC_BYTES_MAX, &text, NULL) == MS_OK) {
		struct slice own = cgroup_of(buf_slice(&text), CGROUP_V2);

		at = memmem(own.ptr, own.len, mark, strlen(mark));
		if (at) {
			at += strlen(mark);
			n = (size_t)(own.ptr + own.len - at);
			snprintf(name, CGROUP_NAME_BYTES, "%.*s", (int)n, at);
			name[strcspn(name, "/")] = '\0';
		}
	}
	buf_fini(&text);
	return at;
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
