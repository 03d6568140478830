/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every tree of leftovers has a root that is msd's child, so killing those
 * and looking again after each reaping finds all, however they daemonised.
 *
 * Whose it is: by session or group, which are the number of the main process
 * or of a health probe; by its control group; by MS_NAME and MS_GENERATION in
 * its environment; else (a process that wiped both, as PostgreSQL's do) it is
 * taken for a leftover of a worker that just died: its parent was alive until
 * then, or it would be known.
 */
#include "supervisor/launch/orphans.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/child/child.h"
#include "supervisor/child/mainpid.h"
#include "supervisor/child/probe.h"
#include "supervisor/launch/cgroup.h"
#include "supervisor/launch/proc.h"
#include "supervisor/msd.h"
#include "supervisor/state/reexec.h"

#define ENVIRON_BYTES_MAX (256u << 10)

/* ---- listing ------------------------------------------------------------ */

struct pids {
	pid_t *pid;
	size_t count;
	size_t cap;
};

static void
add_pid(pid_t pid, void *arg)
{
	struct pids *pids = arg;

	if (pids->count == pids->cap) {
		pids->cap = pids->cap ? pids->cap * 2 : 64;
		pids->pid =
		    xreallocarray(pids->pid, pids->cap, sizeof(*pids->pid));
	}
	pids->pid[pids->count++] = pid;
}

/* ---- whose -------------------------------------------------------------- */

/* The value of NAME in a block of NUL-terminated assignments. */
static const char *
block_get(const struct buf *block, const char *name)
{
	const char *at = (const char *)block->ptr;
	const char *end = at + block->len;
	size_t len = strlen(name);

	while (at < end) {
		const char *next = memchr(at, '\0', (size_t)(end - at));

		if (!next)
			return NULL;
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
		at = next + 1;
	}
	return NULL;
}

bool
orphans_find_by_environ(struct msd *msd, pid_t pid, struct child **child_r)
{
	struct buf block = { 0 };
	const char *name, *generation;
	char path[40];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	if (file_read(path, ENVIRON_BYTES_MAX, &block, NULL) == MS_OK) {
		name = block_get(&block, ENV_NAME);
		generation = block_get(&block, ENV_GENERATION);
		found = name && generation;
		*child_r = found ? tree_find_child(&msd->tree, name) : NULL;
		if (*child_r && child_has_process(*child_r) &&
		    (*child_r)->generation != strtoull(generation, NULL, 10))
			*child_r = NULL; /* of an older generation */
	}
	buf_fini(&block);
	return found;
}

struct sweep {
	struct msd *msd;
	struct child **cleaning;
	bool *has_leftovers;
	uint32_t *living;
	size_t count;
};

static size_t
cleaning_index(const struct sweep *s, const struct child *child)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->cleaning[i] == child)
			return i;
	return SIZE_MAX;
}

static struct child *
find_by_group(const struct sweep *s, const struct proc_stat *st)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->cleaning[i]->group == st->session ||
		    s->cleaning[i]->group == st->group)
			return s->cleaning[i];
	if (tree_find_pid(&s->msd->tree, st->session))
		return tree_find_pid(&s->msd->tree, st->session);
	if (tree_find_pid(&s->msd->tree, st->group))
		return tree_find_pid(&s->msd->tree, st->group);
	if (probes_owner(s->msd, st->session))
		return probes_owner(s->msd, st->session);
	return mainpid_find_first(s->msd, st->session);
}

/* A process on its way out has lost its environment already, but not yet its
 * files and locks: whosever it is, nobody starts before it is gone. */
static struct child *
wait_all(struct sweep *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->has_leftovers[i] = true;
	return s->cleaning[0];
}

static void
judge(struct sweep *s, pid_t pid)
{
	struct child *owner;
	char name[CGROUP_NAME_BYTES];
	struct proc_stat st;
	size_t i;

	if (tree_find_pid(&s->msd->tree, pid) ||
	    reexec_owns(s->msd->reexec, pid))
		return;
	errno = 0;
	if (!proc_stat_read(pid, &st)) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			wait_all(s); /* it lives, whosever it is */
		return;
	}
	owner = probes_owner(s->msd, pid); /* it may not have setsid() yet */
	if (!owner)
		owner = find_by_group(s, &st);
	if (!owner && cgroup_find_worker(s->msd->cgroups, pid, name))
		owner = tree_find_child(&s->msd->tree, name);
	if (!owner && st.state != 'Z')
		orphans_find_by_environ(s->msd, pid, &owner);
	if (!owner)
		owner = wait_all(s);
	i = cleaning_index(s, owner);
	if (i == SIZE_MAX)
		return; /* a daemon of a worker that lives */
	s->has_leftovers[i] = true;
	if (st.state == 'Z')
		return; /* reaped soon; until then its children may be hidden */
	if (child_group_stops(owner))
		return;
	s->living[i]++;
	kill(pid, SIGKILL);
	log_debug("leftover killed", "name=%s pid=%d", owner->node.name,
	    (int)pid);
}

/* Its cgroup also knows those whose parents still live. */
static void
judge_group(struct sweep *s, size_t i)
{
	if (cgroup_is_empty(s->cleaning[i]))
		return;
	s->has_leftovers[i] = true;
	if (!child_group_stops(s->cleaning[i]))
		cgroup_kill(s->cleaning[i]);
}

/* The same ones may be seen again before KILL has reached them. */
static void
note_left(struct child *child, uint32_t n)
{
	struct exit_reason *last;

	if (child->exit_count == 0)
		return;
	last = &child->exits[(child->exit_count - 1) % CHILD_EXITS_KEPT];
	if (n > last->left_behind)
		last->left_behind = n;
}

void
orphans_sweep(struct msd *msd)
{
	struct sweep s = { .msd = msd };
	struct pids pids = { 0 };

	s.cleaning = xcalloc(msd->tree.child_count + 1, sizeof(struct child *));
	for (size_t i = 0; i < msd->tree.child_count; i++)
		if (msd->tree.children[i]->state == CHILD_CLEANING)
			s.cleaning[s.count++] = msd->tree.children[i];
	if (s.count > 0) {
		s.has_leftovers = xcalloc(s.count, sizeof(bool));
		s.living = xcalloc(s.count, sizeof(*s.living));
		if (!proc_children(add_pid, &pids)) {
			log_warn("cannot look for leftovers", "errno=%d",
			    errno);
			wait_all(&s);
		}
		for (size_t i = 0; i < pids.count; i++)
			judge(&s, pids.pid[i]);
		for (size_t i = 0; i < s.count; i++)
			judge_group(&s, i);
		for (size_t i = 0; i < s.count; i++)
			note_left(s.cleaning[i], s.living[i]);
		for (size_t i = 0; i < s.count; i++)
			if (!s.has_leftovers[i])
				child_event(s.cleaning[i], CHILD_EV_GONE);
	}
	free(pids.pid);
	free(s.has_leftovers);
	free(s.living);
	free(s.cleaning);
}
