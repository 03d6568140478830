/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a worker alive, and does it do what it is for?  And what that comes to for
 * the supervisors above it.  From facts that cost nothing: its state, whether
 * a signal has stopped it, and the word it leaves in its metrics file (whether
 * its loop sleeps, or since when it is busy).  An idle worker is alive.  Pure.
 */
#ifndef SUPERVISOR_CHILD_WELLNESS_H
#define SUPERVISOR_CHILD_WELLNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/health.h"
#include "supervisor/child/child.h"

/* One turn of a loop that takes so long is not alive. */
#define WELLNESS_BUSY_LIMIT_MS 3000u

struct wellness_facts {
	enum child_face face;
	bool wanted; /* somebody expects it to be up */
	bool has_process;
	bool stopped;            /* by a signal */
	bool has_life;           /* of this very process: */
	bool busy;               /* in a turn of its loop ... */
	uint64_t busy_ms;        /* ... for so long */
	const char *waits_for;   /* a worker that is not up; NULL: none */
	uint32_t check_failures; /* of its health check, in a row */
};

struct wellness {
	enum health_level level;
	bool alive;
	bool counts; /* for those above: it is expected to be up */
	char reason[HEALTH_TEXT_BYTES]; /* "": all is well */
};

void wellness_judge(const struct wellness_facts *facts, uint64_t busy_limit_ms,
    struct wellness *wellness_r);

/*
 * A supervisor is as well as what is below it: degraded as soon as something
 * is; failed when one has failed that the others cannot do without, when
 * nothing of it works, or when a supervisor below it has failed.
 */
struct rollup {
	uint32_t ok, degraded, failed; /* workers that count */
	bool lost;                     /* an essential one has failed */
	enum health_level below;       /* the worst of the supervisors */
};
void rollup_add_worker(struct rollup *rollup, const struct wellness *wellness,
    bool essential);
void rollup_add_supervisor(struct rollup *rollup, enum health_level level);
enum health_level rollup_level(const struct rollup *rollup);

#endif
