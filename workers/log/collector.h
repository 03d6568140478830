/* SPDX-License-Identifier: Apache-2.0 */
/* All sources of ms-log, and the orders of msd that make and end them. */
#ifndef WORKERS_LOG_COLLECTOR_H
#define WORKERS_LOG_COLLECTOR_H

#include "common/err.h"
#include "common/loop.h"

struct collector;

/* orders_fd: the SOCK_SEQPACKET end of proto/logs.h, taken.  log_dir is
 * borrowed.  on_gone(arg) runs when msd has closed its end. */
struct collector *collector_new(struct loop *loop, int orders_fd,
    const char *log_dir, size_t line_bytes, void (*on_gone)(void *), void *arg);
/* Writes everything that waits in the pipes first. */
void collector_free(struct collector **collector);
/* Files may have been moved away: opens their names again. */
void collector_reopen(struct collector *collector);
struct collector_facts {
	unsigned sources;
	unsigned troubled;        /* whose last write failed */
	const char *trouble_path; /* of the first of them; borrowed, "" none */
	int trouble_error;
	uint64_t dropped; /* lines, since the start of this process */
	bool has_dropped;
	uint64_t dropped_ms; /* the last one so long ago */
};
void collector_facts(const struct collector *collector, struct mono now,
    struct collector_facts *facts_r);
void collector_set_line_bytes(struct collector *collector, size_t line_bytes);

#endif
