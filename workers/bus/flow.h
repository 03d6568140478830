/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow validation: does what an event says of its cause hold?  Of the newest
 * events it is remembered which correlation and trace they belong to and how
 * long the chain is that led to them.  Pure: the caller brings the time, wall
 * milliseconds.  It never accuses without proof: what is forgotten is not
 * missed.
 */
#ifndef WORKERS_BUS_FLOW_H
#define WORKERS_BUS_FLOW_H

#include <stdint.h>

#include "common/field.h"

#define FLOW_CHAIN_MAX  64u
#define FLOW_REMEMBERED 65536u /* newest events; of one second at most */

enum flow_fault {
	FLOW_SOUND,
	FLOW_SELF,              /* it names itself as its cause */
	FLOW_UNKNOWN_CAUSE,     /* no such event was ever here */
	FLOW_OTHER_CORRELATION, /* not its cause's */
	FLOW_OTHER_TRACE,       /* not its cause's, or none */
	FLOW_LONG_CHAIN,        /* more than FLOW_CHAIN_MAX causes */
	FLOW_FAULTS
};
/* "unknown_cause", for labels and messages. */
const char *flow_fault_name(enum flow_fault fault);

struct flow_event {
	struct id128 id;
	struct id128 correlation; /* zero: none */
	struct id128 causation;   /* zero: none */
	uint64_t trace;           /* a hash of its trace id, 0: none */
};

struct flow;
/* Nothing of what came before now_ms is known. */
struct flow *flow_new(uint64_t now_ms);
void flow_free(struct flow **flow);
/* flow_event() of it is near: fetches the memory it will look at. */
void flow_expect(const struct flow *flow, const struct id128 *id);
/* It comes after all before it; remembered whatever it is. */
enum flow_fault flow_event(struct flow *flow, const struct flow_event *event,
    uint64_t now_ms);
/* What flow_event() would say of it now, without remembering it. */
enum flow_fault flow_look(const struct flow *flow,
    const struct flow_event *event);

#endif
