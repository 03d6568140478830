/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a worker: what is asked for, what cannot be had here, and how
 * either version wants it written. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/launch/cgroup_dir.h"
#include "supervisor/launch/cgroup_impl.h"

#define CPU_PERIOD_US 100000u

bool
cgroup_limit_is_asked(const struct worker_conf *conf, enum cgroup_kind kind)
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

void
cgroup_lacks_add(char out[static CGROUP_LACKS_BYTES], const char *what)
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

		if (cgroup_limit_is_asked(conf, kind) &&
		    (conf->cgroup == CGROUP_OFF ||
			(!v1 && !(v2 && cgroups_is_offered(c, kind)))))
			cgroup_lacks_add(out, keys[k]);
	}
	if (conf->cgroup == CGROUP_REQUIRED && !v2 && !out[0])
		cgroup_lacks_add(out, "cgroup");
	return out;
}

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

bool
cgroup_limit_set(const char *dir, bool v2, enum cgroup_kind kind,
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
