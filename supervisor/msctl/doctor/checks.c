/* SPDX-License-Identifier: Apache-2.0 */
/* One row a check, in the order of the report. */
#include "supervisor/msctl/doctor/checks.h"

#include <string.h>

/* clang-format off */
const struct check doctor_checks[] = {
	{ "environment.kernel", "the version of the kernel",
	    "apt-get install linux-image-amd64", judge_kernel },
	{ "environment.proc", "whether /proc is mounted",
	    "mount -t proc proc /proc", judge_proc },
	{ "environment.cgroups", "control groups that workers ask for",
	    "msd -t", judge_cgroups },
	{ "environment.run_dir", "whether run_dir is in memory",
	    "", judge_run_dir },

	{ "limits.descriptors", "open files of msd and of each worker",
	    "", judge_files_open },
	{ "limits.tasks", "pid_max, threads-max and limit_nproc",
	    "", judge_tasks },
	{ "limits.memlock", "memory that may be locked",
	    "", judge_memlock },

	{ "permissions.directories", "run_dir, log_dir, state_dir, bus.dir",
	    "", judge_dirs },
	{ "permissions.sockets", "sockets of msd, services and pools",
	    "", judge_sockets },
	{ "permissions.configuration", "who may write the configuration",
	    "", judge_conf_files },
	{ "permissions.users", "users and groups that workers run as",
	    "", judge_users },

	{ "disk.space", "free space of log_dir, state_dir and bus.dir",
	    "", judge_space },
	{ "disk.inodes", "free inodes of log_dir, state_dir and bus.dir",
	    "", judge_inodes },

	{ "clock.synchronised", "whether the clock is kept right (adjtimex)",
	    "apt-get install chrony && chronyc makestep",
	    judge_clock_sync },
	{ "clock.sane", "whether the clock is wrong or was set back",
	    "date -u", judge_clock_sane },

	{ "versions.msd", "msctl beside the msd that runs",
	    "msctl reexec", judge_version_msd },
	{ "versions.workers", "our workers beside msctl",
	    "", judge_version_workers },
	{ "versions.programs", "programs that were replaced while they run",
	    "", judge_programs },
	{ "versions.libraries", "libraries that were replaced while in use",
	    "", judge_libraries },
	{ "versions.nng", "the NNG of the workers and its known traps",
	    "apt-cache policy libnng1", judge_nng },

	{ "ports.tcp", "configured TCP listeners, and who holds them",
	    "", judge_ports },

	{ "configuration.valid", "errors and advice, as `msd -t`",
	    "", judge_conf_good },
	{ "configuration.loaded", "whether the file is what runs",
	    "msctl reload --dry-run && msctl reload", judge_conf_changed },
	{ "configuration.workers", "whether each worker runs with it",
	    "", judge_conf_workers },
	{ "configuration.guardian", "who starts msd again",
	    "", judge_guardian },
	{ "configuration.watchdog", "watchdogs of our own workers",
	    "", judge_watchdog },
	{ "configuration.include", "directories that `include` names",
	    "", judge_include },
	{ "configuration.migrate", "auto_migrate outside of development",
	    "", judge_migrate },
	{ "configuration.secrets", "passwords in files anybody may read",
	    "", judge_secrets },
	{ "configuration.pool_size", "pool sizes beside max_connections",
	    "", judge_pool_size },

	{ "running.msd", "msd, its pid file and its deaths",
	    "service ms start", judge_msd },
	{ "running.workers", "workers that failed or wait for a restart",
	    "", judge_workers },
	{ "running.services", "services of ready workers that are silent",
	    "", judge_services },
	{ "running.restarts", "workers that die again and again",
	    "", judge_storms },
	{ "running.logs", "lines of workers that were lost",
	    "", judge_logs },
	{ "running.bus", "consumers that are stuck, damaged events",
	    "", judge_bus },
	{ "running.pools", "clients that wait for connections",
	    "msctl pool status", judge_pools },
	{ "running.metrics", "segments of numbers below run_dir",
	    "", judge_segments },
	{ .name = NULL }
};
/* clang-format on */

bool
check_is(const struct check *check, const char *name)
{
	size_t n = strlen(name);

	return strncmp(check->name, name, n) == 0 &&
	    (check->name[n] == '\0' || check->name[n] == '.');
}

static bool
is_wanted(const struct check *check, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (check_is(check, names[i]))
			return true;
	return n == 0;
}

void
checks_run(const struct facts *facts, const char *const *names, size_t n,
    struct findings *out)
{
	for (const struct check *c = doctor_checks; c->name; c++) {
		if (!is_wanted(c, names, n))
			continue;
		findings_check(out, c->name, c->remedy);
		c->judge(facts, out);
	}
}
