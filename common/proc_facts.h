/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says a process uses. */
#ifndef COMMON_PROC_FACTS_H
#define COMMON_PROC_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_facts {
	uint64_t cpu_ns;        /* user and system */
	uint64_t started_ticks; /* after boot: tells pids apart */
	uint64_t started_ns;    /* wall clock */
	uint64_t rss_bytes;
	uint64_t virtual_bytes;
	uint32_t threads;
	int64_t fds;     /* open now; -1: not ours to see */
	int64_t max_fds; /* -1: unknown or unlimited */
};

/* False when there is no such process.  Does not block, allocates nothing. */
bool proc_facts_read(pid_t pid, struct proc_facts *facts_r);

#endif
