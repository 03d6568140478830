/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: kernel, control groups, numbers of tasks, clock. */
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/fd.h"
#include "common/mono.h"
#include "proto/contract.h"
#include "supervisor/msctl/doctor/sight.h"
#include "supervisor/spec/spec.h"

#define SMALL_FILE_BYTES 65536u
#define NS_PER_MS        1000000

static uint64_t
read_number(const char *path)
{
	struct buf text = { 0 };
	uint64_t n = 0;

	if (file_read(path, SMALL_FILE_BYTES, &text, NULL) == MS_OK)
		parse_u64(slice_trim((struct slice){ (const char *)text.ptr,
			      text.len && text.ptr[text.len - 1] == '\n'
				  ? text.len - 1
				  : text.len }),
		    &n);
	buf_fini(&text);
	return n;
}

/* "0.10 0.20 0.30 2/345 678": 345 of them */
static uint64_t
count_tasks(void)
{
	struct buf text = { 0 };
	unsigned long long n = 0;
	const char *slash = NULL;

	if (file_read("/proc/loadavg", SMALL_FILE_BYTES, &text, NULL) ==
	    MS_OK) {
		buf_add_u8(&text, '\0');
		slash = strchr((const char *)text.ptr, '/');
	}
	if (slash)
		n = strtoull(slash + 1, NULL, 10);
	buf_fini(&text);
	return n;
}

/* ---- control groups ------------------------------------------------------------ */

static bool
wants_cgroup(const struct worker_conf *conf)
{
	return conf->memory_max_bytes || conf->pids_max || conf->cpu_max_us ||
	    conf->cgroup == CGROUP_REQUIRED;
}

/* Where the unified hierarchy is: alone, or beside the old ones. */
static const char *
unified_root(void)
{
	static const char *const places[] = { "/sys/fs/cgroup",
		"/sys/fs/cgroup/unified" };
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (statfs(places[i], &fs) == 0 &&
		    fs.f_type == CGROUP2_SUPER_MAGIC)
			return places[i];
	return NULL;
}

static bool
has_controller(const char *root, const char *name)
{
	char path[96];
	struct buf text = { 0 };
	struct stat st;
	bool has = false;

	/* an old hierarchy of its own will do as well */
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", name);
	if (stat(path, &st) == 0)
		return true;
	snprintf(path, sizeof(path), "%s/cgroup.controllers",
	    root ? root : "/");
	if (root && file_read(path, SMALL_FILE_BYTES, &text, NULL) == MS_OK) {
		buf_add_u8(&text, '\0');
		has = strstr((const char *)text.ptr, name) != NULL;
	}
	buf_fini(&text);
	return has;
}

static void
see_cgroups(struct sight *s)
{
	struct host_facts *h = &s->facts.host;
	const char *root = unified_root();
	const char *lack = NULL;

	h->cgroup_known = s->facts.is_root;
	h->cgroup_kill = root && access(root, W_OK) == 0;
	for (size_t i = 0; s->spec && i < s->spec->worker_count; i++) {
		const struct worker_conf *conf = &s->spec->workers[i].conf;

		h->cgroup_wanted |= wants_cgroup(conf);
		if (conf->memory_max_bytes && !has_controller(root, "memory"))
			lack = "memory";
		else if (conf->pids_max && !has_controller(root, "pids"))
			lack = "pids";
		else if (conf->cpu_max_us && !has_controller(root, "cpu"))
			lack = "cpu";
	}
	FACT_SET(h->cgroup_lack, lack);
}

/* ---- clock --------------------------------------------------------------------- */

static void
see_age(struct clock_facts *c, const char *path)
{
	struct stat st;
	int64_t ahead_ms;

	if (stat(path, &st) < 0)
		return;
	ahead_ms = (st.st_mtim.tv_sec * INT64_C(1000) +
		       st.st_mtim.tv_nsec / NS_PER_MS) -
	    c->wall_ns / NS_PER_MS;
	if (ahead_ms <= 0 || (uint64_t)ahead_ms <= c->ahead_ms)
		return;
	c->ahead_ms = (uint64_t)ahead_ms;
	FACT_SET(c->ahead_path, path);
}

static void
see_clock(struct sight *s)
{
	struct clock_facts *c = &s->facts.clock;
	struct timex timex = { 0 };
	char *pid_file = xasprintf("%s/" PID_FILE, s->run_dir);
	int state = adjtimex(&timex);

	c->known = state >= 0;
	c->is_synchronised =
	    state >= 0 && state != TIME_ERROR && !(timex.status & STA_UNSYNC);
	c->wall_ns = wall_ns();
	see_age(c, pid_file);
	see_age(c, s->run_dir);
	if (s->spec) {
		see_age(c, s->spec->msd.log_dir);
		see_age(c, s->spec->msd.state_dir);
	}
	for (size_t i = 0; s->conf && i < s->conf->file_count; i++)
		see_age(c, s->conf->files[i]);
	free(pid_file);
}

/* ---- all ----------------------------------------------------------------------- */

void
see_host(struct sight *s)
{
	struct host_facts *h = &s->facts.host;
	struct utsname name;
	struct stat st;

	if (uname(&name) == 0) {
		FACT_SET(h->release, name.release);
		if (sscanf(name.release, "%u.%u", &h->kernel_major,
			&h->kernel_minor) != 2)
			h->release[0] = '\0';
	}
	h->proc_is_mounted = stat("/proc/self/stat", &st) == 0;
	h->pid_max = read_number("/proc/sys/kernel/pid_max");
	h->threads_max = read_number("/proc/sys/kernel/threads-max");
	h->threads = count_tasks();
	see_cgroups(s);
	see_clock(s);
}
