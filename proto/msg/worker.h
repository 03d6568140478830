/* SPDX-License-Identifier: Apache-2.0 */
/* What every worker with a service answers (by the skeleton). */
#ifndef PROTO_MSG_WORKER_H
#define PROTO_MSG_WORKER_H

#include "proto/msg.h"

/* deep: body of the reply = JSON array of checks, see proto/health.h */
struct worker_health_in {
	bool deep;
};
struct worker_health_out {
	bool ready;
	char *status; /* last STATUS= */
	uint64_t uptime_ms;
	uint64_t requests;
	uint64_t requests_failed;
	char *version;
	char *health;    /* ok, degraded, failed: of the checks; without them
	                    ok when it is ready */
	uint32_t checks; /* in the body */
	uint64_t age_ms; /* of the checks */
	uint32_t conf_digest; /* conf_digest() of what it runs with */
	uint32_t conf_errors; /* of the file it refused last, 0 = none */
};
extern const struct msg_desc msg_worker_health;

#endif
