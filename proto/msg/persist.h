/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said to the persistence writer (service "persist"). */
#ifndef PROTO_MSG_PERSIST_H
#define PROTO_MSG_PERSIST_H

#include "proto/msg.h"

/* persist.migrate_up: applies what is pending.  persist.migrate_status only
 * looks.  Body of both replies = JSON array of {version,description,state,
 * checksum,applied_at,execution_ms}. */
struct persist_migrate_out {
	uint32_t applied; /* by this call */
	uint32_t pending; /* left */
	char *schema_version;
};
struct persist_stats_out {
	uint64_t events_stored; /* by all lives of the worker */
	uint64_t duplicates;    /* recognised by id, not stored again */
	uint64_t batches;
	uint64_t cursor_seq; /* stored up to here */
	uint64_t database_errors;
	bool database_up;
	uint64_t max_connections; /* of the server; 0 = not known yet */
	char *last_error;
	int breaker; /* enum breaker_state, towards the database */
	uint64_t retry_in_ms;
};
extern const struct msg_desc msg_persist_migrate_up, msg_persist_migrate_status,
    msg_persist_stats;

#endif
