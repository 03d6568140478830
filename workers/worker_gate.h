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
#include "common/metrics.h"
#include "common/shed.h"

/* Of the lanes of worker_service.c; above it PRIORITY_HIGH and more pass, so
 * that a worker that is full can be asked how it is. */
#define GATE_SLOTS 3840u
/* Four links full of calls. */
#define GATE_CLIENT_SLOTS 1024u

struct gate_client { /* one connection */
	struct bulkhead slots;
};

enum gate_verdict {
	GATE_OPEN,    /* in; gate_leave() when it is answered */
	GATE_FULL,    /* too many are being served */
	GATE_GREEDY,  /* of this client */
	GATE_SHED,    /* others come first */
	GATE_EXPIRED, /* nobody waits for it any more */
	GATE_VERDICTS
};

struct gate {
	struct bulkhead slots;
	struct shed shed;
	struct metric refused[GATE_VERDICTS];
	struct metric level;
};

struct gate_ask {
	enum priority priority;
	struct mono received;
	struct mono deadline; /* .ns 0: none */
};

void gate_init(struct gate *gate);
/* After metrics_attach(). */
void gate_declare(struct gate *gate);
void gate_client_init(struct gate_client *client);
enum gate_verdict gate_ask(struct gate *gate, struct gate_client *client,
    const struct gate_ask *ask, struct mono now, uint64_t *retry_after_ms_r);
void gate_leave(struct gate *gate, struct gate_client *client);

#endif
