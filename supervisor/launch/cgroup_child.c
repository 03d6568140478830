/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories of one worker.  They stay while it restarts.  One that was
 * killed through cgroup.kill does not: some kernels (6.13 on) kill at birth
 * what is born into it afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/launch/cgroup_dir.h"
#include "supervisor/launch/cgroup_impl.h"
#include "supervisor/msd.h"

/* in child->cgroup_dirs, besides a bit for each kind */
#define WAS_KILLED (1u << CGROUP_KINDS)

static bool
child_path(const struct child *child, enum cgroup_kind kind,
    char out[static CGROUP_PATH_BYTES])
{
	const struct cgroups *c = child->msd->cgroups;
	int n = snprintf(out, CGROUP_PATH_BYTES, "%s/%s/" WORKER_PREFIX "%s",
	    c->own[kind], c->folder, child->node.name);

	return n > 0 && n < CGROUP_PATH_BYTES;
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

	if (!cgroup_limit_is_asked(conf, kind)) {
		if (c->handed[kind] == OFFER_YES && join->is_v2)
			return child_path(child, CGROUP_V2, dir) &&
			    cgroup_limit_set(dir, true, kind, conf);
		return true;
	}
	if (join->is_v2 && cgroups_hand(c, kind))
		return child_path(child, CGROUP_V2, dir) &&
		    cgroup_limit_set(dir, true, kind, conf);
	return cgroups_make_base(c, kind) && enter(child, kind, join, dir) &&
	    cgroup_limit_set(dir, false, kind, conf);
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
	if (cgroups_make_base(c, CGROUP_V2) &&
	    !enter(child, CGROUP_V2, join, dir))
		cgroup_lacks_add(lacks, "cgroup");
	for (int k = CGROUP_MEMORY; k < CGROUP_KINDS; k++)
		if (!limit(child, (enum cgroup_kind)k, join))
			cgroup_lacks_add(lacks,
			    cgroup_kind_name((enum cgroup_kind)k));
	if (conf->cgroup == CGROUP_REQUIRED && join->count == 0)
		cgroup_lacks_add(lacks, "it");
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
