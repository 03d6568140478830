/* SPDX-License-Identifier: Apache-2.0 */
/* What the results of health probes mean, and when the next one comes.
 * Pure. */
#ifndef SUPERVISOR_CHILD_HEALTH_H
#define SUPERVISOR_CHILD_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/* While a worker starts with ready = check, it is asked this often at least,
 * and at first much more often. */
#define HEALTH_EAGER_MAX_MS 200u
#define HEALTH_EAGER_MIN_MS 10u

enum health_stage {
	HEALTH_STARTING, /* not ready: a failure means "not yet" */
	HEALTH_SERVING,
	HEALTH_BUSY /* reloading or ending: a failure means nothing */
};

enum health_verdict {
	HEALTH_GO_ON,
	HEALTH_READY, /* the first success of a worker that starts */
	HEALTH_SICK   /* too many failures in a row */
};

struct health {
	uint32_t in_a_row; /* failures since the last success */
	uint32_t failures; /* ever, while it served */
	uint32_t tries;    /* while it started */
	bool is_new;       /* no probe yet since it is ready */
};

/* Begins to watch: a process that starts, or one that is ready now. */
void health_start(struct health *h);
enum health_verdict health_note(struct health *h, enum health_stage stage,
    bool good, uint32_t limit);
/* From now to the next probe.  dice: uniform in 0..UINT32_MAX. */
uint64_t health_pause_ms(const struct health *h, enum health_stage stage,
    uint64_t interval_ms, uint32_t dice);

#endif
