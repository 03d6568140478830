/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: kernel, control groups, limits, clock. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/msctl/doctor/checks.h"

/* pidfd_open(2) and close_range(2) came with 5.3 and 5.9. */
#define KERNEL_MAJOR_MIN 5u
#define KERNEL_MINOR_MIN 9u

#define FULL_PCT      80u /* of a limit: time to raise it */
#define EXHAUSTED_PCT 95u
#define MEMLOCK_MIN   (64u << 10)
#define AHEAD_MS_MAX  2000u
#define WALL_NS_MIN   INT64_C(1704067200000000000) /* 2024: older is unset */
#define WALL_NS_MAX   INT64_C(4102444800000000000) /* 2100 */

void
judge_kernel(const struct facts *facts, struct findings *out)
{
	const struct host_facts *h = &facts->host;
	bool is_old = h->kernel_major < KERNEL_MAJOR_MIN ||
	    (h->kernel_major == KERNEL_MAJOR_MIN &&
		h->kernel_minor < KERNEL_MINOR_MIN);

	if (h->release[0] == '\0')
		found(out, FINDING_UNSEEN, "the kernel's version is not known");
	else if (is_old)
		found(out, FINDING_ERROR,
		    "kernel %s is older than %u.%u, which msd needs",
		    h->release, KERNEL_MAJOR_MIN, KERNEL_MINOR_MIN);
	else
		found(out, FINDING_OK, "kernel %s", h->release);
}

void
judge_proc(const struct facts *facts, struct findings *out)
{
	if (facts->host.proc_is_mounted)
		found(out, FINDING_OK, "/proc is mounted");
	else
		found(out, FINDING_ERROR,
		    "/proc is not mounted: msd cannot find orphans, and this "
		    "report sees little");
}

void
judge_cgroups(const struct facts *facts, struct findings *out)
{
	const struct host_facts *h = &facts->host;

	if (!h->cgroup_known) {
		found(out, FINDING_UNSEEN,
		    "control groups can only be judged by root");
	} else if (h->cgroup_wanted && h->cgroup_lack[0]) {
		found(out, FINDING_WARNING,
		    "workers ask for control groups, and the controller %s is "
		    "not to be had here",
		    h->cgroup_lack);
	} else if (!h->cgroup_kill) {
		found(out, h->cgroup_wanted ? FINDING_WARNING : FINDING_OK,
		    "there is no unified control group that can be written; "
		    "process trees are ended by session and parent");
	} else {
		found(out, FINDING_OK, "control groups can be used");
	}
}

void
judge_run_dir(const struct facts *facts, struct findings *out)
{
	for (size_t i = 0; i < facts->dir_count; i++) {
		const struct dir_facts *d = &facts->dirs[i];

		if (strcmp(d->role, "run_dir") != 0)
			continue;
		if (!d->exists || d->error)
			found(out, FINDING_OK, "run_dir %s is not there yet",
			    d->path);
		else if (d->is_tmpfs)
			found(out, FINDING_OK, "run_dir %s is in memory",
			    d->path);
		else /* fine, only slower, and what a crash left stays */
			found(out, FINDING_OK,
			    "run_dir %s is on a disk; sockets of before a "
			    "crash of the machine stay there",
			    d->path);
		return;
	}
	found(out, FINDING_UNSEEN, "run_dir is not known");
}

/* ---- limits ----------------------------------------------------------------- */

static enum severity
fullness(uint64_t used, uint64_t max)
{
	if (max == 0 || max == UINT64_MAX)
		return FINDING_OK;
	if (used >= max / 100 * EXHAUSTED_PCT)
		return FINDING_ERROR;
	return used >= max / 100 * FULL_PCT ? FINDING_WARNING : FINDING_OK;
}

static void
say_descriptors(const struct process_facts *p, enum severity severity,
    struct findings *out)
{
	found(out, severity, "%s uses %" PRIu64 " of %" PRIu64 " descriptors",
	    p->name, p->fds, p->fds_max);
	if (strcmp(p->name, "msd") == 0)
		found_remedy(out,
		    "prlimit --nofile=%" PRIu64 " --pid %ld  # and "
		    "LimitNOFILE= of the unit",
		    p->fds_max * 2, p->pid);
	else
		found_edit(out, "msctl reload",
		    "[worker %s] limit_nofile = %" PRIu64, p->name,
		    p->fds_max * 2);
}

void
judge_files_open(const struct facts *facts, struct findings *out)
{
	size_t seen = 0, bad = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];
		enum severity severity;

		if (!p->fds_known || !p->limits_known)
			continue;
		seen++;
		severity = fullness(p->fds, p->fds_max);
		if (severity == FINDING_OK)
			continue;
		say_descriptors(p, severity, out);
		bad++;
	}
	if (seen < facts->process_count)
		found(out, FINDING_UNSEEN,
		    "descriptors of %zu of %zu processes can only be counted "
		    "by root",
		    facts->process_count - seen, facts->process_count);
	if (bad == 0 && (seen > 0 || facts->process_count == 0))
		found(out, FINDING_OK,
		    "%zu processes are far from their limit of descriptors",
		    seen);
}

static void
judge_machine_tasks(const struct host_facts *h, struct findings *out)
{
	uint64_t max = h->pid_max < h->threads_max || !h->threads_max
	    ? h->pid_max
	    : h->threads_max;
	enum severity severity = fullness(h->threads, max);

	if (!h->threads || !max) {
		found(out, FINDING_UNSEEN,
		    "the number of tasks of this machine is not known");
		return;
	}
	found(out, severity,
	    "%" PRIu64 " tasks run of %" PRIu64 " that the kernel allows",
	    h->threads, max);
	if (severity != FINDING_OK)
		found_remedy(out,
		    "sysctl -w kernel.pid_max=%" PRIu64
		    " kernel.threads-max=%" PRIu64,
		    max * 2, max * 2);
}

void
judge_tasks(const struct facts *facts, struct findings *out)
{
	judge_machine_tasks(&facts->host, out);
	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];
		enum severity severity;

		/* the limit of root's processes is not enforced */
		if (!p->limits_known || p->uid == 0 || !p->user_tasks)
			continue;
		severity = fullness(p->user_tasks, p->nproc_max);
		if (severity == FINDING_OK)
			continue;
		found(out, severity,
		    "the user of %s runs %" PRIu64 " of %" PRIu64
		    " tasks that limit_nproc allows",
		    p->name, p->user_tasks, p->nproc_max);
		found_edit(out, "msctl reload",
		    "[worker %s] limit_nproc = %" PRIu64, p->name,
		    p->nproc_max * 2);
	}
}

void
judge_memlock(const struct facts *facts, struct findings *out)
{
	size_t bad = 0, seen = 0;

	for (size_t i = 0; i < facts->process_count; i++) {
		const struct process_facts *p = &facts->processes[i];

		if (!p->limits_known)
			continue;
		seen++;
		if (p->memlock_max >= MEMLOCK_MIN || p->uid == 0)
			continue;
		found(out, FINDING_WARNING,
		    "%s may lock only %" PRIu64
		    " bytes of memory: keys could be swapped out",
		    p->name, p->memlock_max);
		found_edit(out, "msctl reload",
		    "[worker %s] limit_memlock = %u", p->name, MEMLOCK_MIN);
		bad++;
	}
	if (bad == 0 && seen > 0)
		found(out, FINDING_OK, "memory can be locked");
	else if (bad == 0)
		found(out, UNSEEN_OF(facts),
		    facts->process_count
			? "limits of other users' processes are not shown"
			: "no process of ours runs");
}

/* ---- clock ------------------------------------------------------------------ */

void
judge_clock_sync(const struct facts *facts, struct findings *out)
{
	if (!facts->clock.known)
		found(out, FINDING_UNSEEN,
		    "the kernel does not tell whether its clock is set by "
		    "another");
	else if (!facts->clock.is_synchronised)
		found(out, FINDING_WARNING,
		    "nobody keeps this machine's clock right: times of events "
		    "of several machines cannot be compared");
	else
		found(out, FINDING_OK, "the clock is synchronised");
}

void
judge_clock_sane(const struct facts *facts, struct findings *out)
{
	const struct clock_facts *c = &facts->clock;

	if (c->wall_ns < WALL_NS_MIN || c->wall_ns > WALL_NS_MAX)
		found(out, FINDING_ERROR, "the clock is wrong: it says year %d",
		    (int)(1970 + c->wall_ns / INT64_C(31556952000000000)));
	else if (c->ahead_ms > AHEAD_MS_MAX) {
		found(out, FINDING_WARNING,
		    "%s was written %" PRIu64 " s from now: the clock was set "
		    "back",
		    c->ahead_path, c->ahead_ms / 1000);
		found_remedy(out, "timedatectl status");
	} else
		found(out, FINDING_OK,
		    "the clock has not gone back since our files were written");
}
