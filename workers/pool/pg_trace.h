/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpq 15 keeps two things of a log-in to itself that its PQtrace text shows:
 * the secret that cancels, and the SQLSTATE of a refusal.  Pure.
 */
#ifndef WORKERS_POOL_PG_TRACE_H
#define WORKERS_POOL_PG_TRACE_H

#include "workers/pool/pg_proto.h"

struct pg_refusal {
	char sqlstate[6]; /* "" = there was none */
	char message[1024];
};

bool pg_trace_key(const char *trace, struct pg_key *key_r);
bool pg_trace_refusal(const char *trace, struct pg_refusal *refusal_r);

#endif
