/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a worker hung?  Its silence is judged by a fixed deadline or by its own
 * rhythm (phi.h); a lease it has declared (EXTEND_TIMEOUT_USEC) is waited
 * for; and who has slept itself (msd was stopped, the machine paused) judges
 * nobody by the time that passed meanwhile.  Pure: the caller brings the time.
 */
#ifndef SUPERVISOR_CHILD_HEARTBEAT_H
#define SUPERVISOR_CHILD_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mono.h"
#include "proto/conf/msd.h"

/* Later than this, the judge's own clock rang late: it was not there. */
#define HEARTBEAT_LATE_MS 250u
/* A machine that is always late must not keep a hung worker alive. */
#define HEARTBEAT_GRACES 3u

struct phi;

struct heartbeat {
	struct mono last;    /* 0: not watched */
	struct mono lease;   /* no suspicion before */
	uint64_t timeout_ms; /* 0: none */
	struct phi *phi;     /* instead of timeout_ms */
	unsigned graces;     /* granted since the last beat */
};

enum heartbeat_verdict {
	HEARTBEAT_WAIT, /* until heartbeat_due() */
	HEARTBEAT_HUNG
};

/* A new process, not watched yet. */
void heartbeat_init(struct heartbeat *h, const struct watchdog_conf *conf);
/* Its silence counts from now on. */
void heartbeat_start(struct heartbeat *h, struct mono now);
/* Not watched any more; frees. */
void heartbeat_stop(struct heartbeat *h);
void heartbeat_beat(struct heartbeat *h, struct mono now);
/* The worker's own wish: a fixed deadline, 0 = none. */
void heartbeat_set(struct heartbeat *h, uint64_t timeout_ms, struct mono now);
void heartbeat_lease(struct heartbeat *h, uint64_t ms, struct mono now);
/* When its silence becomes too long; never (ns = 0) when it is not judged. */
struct mono heartbeat_due(const struct heartbeat *h);
/* A timer set for `due` has fired now, and all it said has been heard. */
enum heartbeat_verdict heartbeat_judge(struct heartbeat *h, struct mono due,
    struct mono now);

#endif
