/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor's table: what is looked at, who judges it, what usually helps.
 * Judges are pure: facts in, findings out.  Each says at least one thing, so
 * that a report shows what was looked at.
 */
#ifndef SUPERVISOR_MSCTL_DOCTOR_CHECKS_H
#define SUPERVISOR_MSCTL_DOCTOR_CHECKS_H

#include "supervisor/msctl/doctor/facts.h"
#include "supervisor/msctl/doctor/finding.h"

struct check {
	const char *name;     /* GROUP.THING */
	const char *looks_at; /* "free space of ..." */
	const char *remedy;   /* a command; "" = each finding has its own */
	void (*judge)(const struct facts *facts, struct findings *out);
};

extern const struct check doctor_checks[]; /* ended by a row without name */
/* The check of this name, or of this group ("disk"). */
bool check_is(const struct check *check, const char *name);
/* All of them; with names only those. */
void checks_run(const struct facts *facts, const char *const *names, size_t n,
    struct findings *out);

#define STORM_MS     (10u * 60 * 1000)
#define STORM_DEATHS 3u

/* judge_host.c: the machine, limits, the clock */
void judge_kernel(const struct facts *facts, struct findings *out);
void judge_proc(const struct facts *facts, struct findings *out);
void judge_cgroups(const struct facts *facts, struct findings *out);
void judge_run_dir(const struct facts *facts, struct findings *out);
void judge_files_open(const struct facts *facts, struct findings *out);
void judge_tasks(const struct facts *facts, struct findings *out);
void judge_memlock(const struct facts *facts, struct findings *out);
void judge_clock_sync(const struct facts *facts, struct findings *out);
void judge_clock_sane(const struct facts *facts, struct findings *out);

/* judge_files.c: permissions and space */
void judge_dirs(const struct facts *facts, struct findings *out);
void judge_sockets(const struct facts *facts, struct findings *out);
void judge_conf_files(const struct facts *facts, struct findings *out);
void judge_users(const struct facts *facts, struct findings *out);
void judge_space(const struct facts *facts, struct findings *out);
void judge_inodes(const struct facts *facts, struct findings *out);

/* judge_versions.c: what runs, and what lies on the disk */
void judge_version_msd(const struct facts *facts, struct findings *out);
void judge_version_workers(const struct facts *facts, struct findings *out);
void judge_programs(const struct facts *facts, struct findings *out);
void judge_libraries(const struct facts *facts, struct findings *out);
void judge_nng(const struct facts *facts, struct findings *out);
void judge_ports(const struct facts *facts, struct findings *out);

/* judge_conf.c: is it meant like that? */
void judge_conf_good(const struct facts *facts, struct findings *out);
void judge_conf_changed(const struct facts *facts, struct findings *out);
void judge_conf_workers(const struct facts *facts, struct findings *out);
void judge_guardian(const struct facts *facts, struct findings *out);
void judge_watchdog(const struct facts *facts, struct findings *out);
void judge_include(const struct facts *facts, struct findings *out);
void judge_migrate(const struct facts *facts, struct findings *out);
void judge_secrets(const struct facts *facts, struct findings *out);
void judge_pool_size(const struct facts *facts, struct findings *out);

/* judge_running.c: how it goes */
void judge_msd(const struct facts *facts, struct findings *out);
void judge_workers(const struct facts *facts, struct findings *out);
void judge_services(const struct facts *facts, struct findings *out);
void judge_storms(const struct facts *facts, struct findings *out);
void judge_logs(const struct facts *facts, struct findings *out);
void judge_bus(const struct facts *facts, struct findings *out);
void judge_pools(const struct facts *facts, struct findings *out);
void judge_segments(const struct facts *facts, struct findings *out);

#endif
