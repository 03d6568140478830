/* SPDX-License-Identifier: Apache-2.0 */
/* A judge, some facts, and what it found. */
#ifndef T_UNIT_MSCTL_DOCTOR_FIXTURE_H
#define T_UNIT_MSCTL_DOCTOR_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "supervisor/msctl/doctor/checks.h"
#include "t/lib/unit.h"

typedef void judge_fn(const struct facts *facts, struct findings *out);

/* Everything in order: msd runs with one worker of ours. */
static struct process_facts fixture_process;
static struct worker_facts fixture_worker;

static inline struct facts *
facts_new(void)
{
	struct facts *f = calloc(1, sizeof(*f));

	fixture_process = (struct process_facts){ .name = "bus",
		.pid = 7,
		.is_ours = true,
		.exe_known = true,
		.nng = "1.5.2",
		.fds_known = true,
		.fds = 20,
		.fds_max = 1024,
		.nproc_max = UINT64_MAX,
		.memlock_max = 8 << 20,
		.limits_known = true,
		.uid = 100,
		.version = "1.0" };
	fixture_worker = (struct worker_facts){ .name = "bus",
		.state = "ready",
		.is_wanted = true,
		.is_ready = true };
	f->is_root = true;
	f->thresholds = (struct thresholds){ 10, 2.5 };
	f->host = (struct host_facts){ .release = "6.1.0",
		.kernel_major = 6,
		.kernel_minor = 1,
		.proc_is_mounted = true,
		.cgroup_kill = true,
		.cgroup_known = true,
		.pid_max = 32768,
		.threads_max = 60000,
		.threads = 200 };
	f->msd = (struct msd_facts){ .answers = true,
		.version = "1.0",
		.own_version = "1.0",
		.pid = 5,
		.starts = 1 };
	f->conf = (struct conf_facts){ .path = "/etc/ms/ms.conf",
		.exists = true,
		.is_good = true,
		.env_from = "msd",
		.guardian = false,
		.digest_known = true,
		.environment = "production" };
	f->clock = (struct clock_facts){ .known = true,
		.is_synchronised = true,
		.wall_ns = INT64_C(1800000000000000000) };
	f->bus = (struct bus_facts){ .known = true };
	f->processes = &fixture_process;
	f->process_count = 1;
	f->workers = &fixture_worker;
	f->worker_count = 1;
	f->segments_good = 2;
	return f;
}

/* The worst of what a judge says, its text and its remedy. */
static struct finding
worst_of(judge_fn *judge, const struct facts *facts)
{
	struct findings list = { .conf = facts->conf.path };
	struct finding worst = { .severity = FINDING_OK };

	findings_check(&list, "t.t", "");
	judge(facts, &list);
	ck_assert_uint_gt(list.count, 0); /* each says something */
	for (size_t i = 0; i < list.count; i++)
		if (i == 0 || list.list[i].severity > worst.severity)
			worst = list.list[i];
	findings_fini(&list);
	return worst;
}

static inline void
is_fine(judge_fn *judge, const struct facts *facts)
{
	struct finding f = worst_of(judge, facts);

	ck_assert_msg(f.severity == FINDING_OK, "%s: %s",
	    severity_name(f.severity), f.text);
}

static inline void
says(judge_fn *judge, const struct facts *facts, enum severity severity,
    const char *text, const char *remedy)
{
	struct finding f = worst_of(judge, facts);

	ck_assert_msg(f.severity == severity && strstr(f.text, text), "%s: %s",
	    severity_name(f.severity), f.text);
	ck_assert_msg(strstr(f.remedy, remedy) != NULL, "remedy: %s", f.remedy);
}

#endif
