/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a request is served now: bulkheads for all clients together and for
 * each, and shedding by priority when requests have long waited for their
 * turn.  What is refused is told when to come again, so an overload costs a
 * refusal each and not a timeout each.  Pure: `now` is an argument.
 */
#ifndef WORKERS_WORKER_GATE_H
#define WORKERS_WORKER_GATE_H

#include "common/bulkhead.h"
#include "common/shed.h"

/* Of the lanes of worker_service.c; above it PRIORITY_HIGH and more pass, so
 * that a worker that is full can be asked how it is. */
#define GATE_SLOTS 3840u
/* Four links full of calls. */
#define GATE_CLIENT_SLOTS 1024u

struct gate_client { /* one connection */
	struct bulkhead slots;
};

struct gate {
	struct bulkhead slots;
	struct shed shed;
	/* totals */
	uint64_t full;    /* refused: too many are being served */
	uint64_t greedy;  /* refused: of one client */
	uint64_t shedded; /* refused: others come first */
	uint64_t expired; /* not begun: nobody waits for it any more */
};

enum gate_verdict {
	GATE_OPEN, /* in; gate_leave() when it is answered */
	GATE_FULL,
	GATE_GREEDY,
	GATE_SHED
};

struct gate_ask {
	enum priority priority;
	struct mono received;
};

void gate_init(struct gate *gate);
void gate_client_init(struct gate_client *client);
enum gate_verdict gate_ask(struct gate *gate, struct gate_client *client,
    const struct gate_ask *ask, struct mono now, uint64_t *retry_after_ms_r);
void gate_leave(struct gate *gate, struct gate_client *client);

#endif
