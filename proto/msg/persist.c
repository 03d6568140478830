/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the persistence writer's verbs.  Tags are the wire: a number is never
 * given a second meaning, new fields take the next free one.
 */
#include "proto/msg/persist.h"

#include "common/breaker.h"

static const struct field_name breaker_names[] = {
	{ "closed", BREAKER_CLOSED },
	{ "open", BREAKER_OPEN },
	{ "half_open", BREAKER_HALF_OPEN },
	{ NULL, 0 },
};

static const struct field nothing[] = { FIELD_END };

static const struct field migrate_out[] = {
	{ .name = "applied",
	    .type = FIELD_U32,
	    .tag = 1,
	    .off = offsetof(struct persist_migrate_out, applied),
	    .help = "migrations applied by this call" },
	{ .name = "pending",
	    .type = FIELD_U32,
	    .tag = 2,
	    .off = offsetof(struct persist_migrate_out, pending),
	    .help = "migrations still to be applied" },
	{ .name = "schema_version",
	    .type = FIELD_STR,
	    .tag = 3,
	    .off = offsetof(struct persist_migrate_out, schema_version),
	    .help = "newest applied migration" },
	FIELD_END,
};

static const struct field stats_out[] = {
	{ .name = "events_stored",
	    .type = FIELD_U64,
	    .tag = 1,
	    .off = offsetof(struct persist_stats_out, events_stored),
	    .help = "events stored, by all lives of the worker" },
	{ .name = "duplicates",
	    .type = FIELD_U64,
	    .tag = 2,
	    .off = offsetof(struct persist_stats_out, duplicates),
	    .help = "events recognised by id and not stored again" },
	{ .name = "batches",
	    .type = FIELD_U64,
	    .tag = 3,
	    .off = offsetof(struct persist_stats_out, batches),
	    .help = "transactions with events" },
	{ .name = "cursor_seq",
	    .type = FIELD_U64,
	    .tag = 4,
	    .off = offsetof(struct persist_stats_out, cursor_seq),
	    .help = "everything up to here is stored" },
	{ .name = "database_errors",
	    .type = FIELD_U64,
	    .tag = 5,
	    .off = offsetof(struct persist_stats_out, database_errors),
	    .help = "errors of the database" },
	{ .name = "database_up",
	    .type = FIELD_BOOL,
	    .tag = 6,
	    .off = offsetof(struct persist_stats_out, database_up),
	    .help = "the database answers" },
	{ .name = "last_error",
	    .type = FIELD_STR,
	    .tag = 7,
	    .off = offsetof(struct persist_stats_out, last_error),
	    .help = "the last error of the database" },
	{ .name = "max_connections",
	    .type = FIELD_U64,
	    .tag = 8,
	    .off = offsetof(struct persist_stats_out, max_connections),
	    .help = "connections the server takes, 0 = not known yet" },
	{ .name = "breaker",
	    .type = FIELD_ENUM,
	    .tag = 9,
	    .off = offsetof(struct persist_stats_out, breaker),
	    .names = breaker_names,
	    .help = "whether work for the database is begun: closed (yes), "
		    "open (no), half_open (to see whether it is back)" },
	{ .name = "retry_in",
	    .type = FIELD_DURATION,
	    .tag = 10,
	    .off = offsetof(struct persist_stats_out, retry_in_ms),
	    .help = "when it is tried again" },
	FIELD_END,
};

const struct msg_desc msg_persist_migrate_up = {
	.verb = "persist.migrate_up",
	.in = nothing,
	.out = migrate_out,
	.out_bytes = sizeof(struct persist_migrate_out),
	.priority = PRIORITY_HIGH,
	.help = "applies pending migrations (body: JSON array)",
};
const struct msg_desc msg_persist_migrate_status = {
	.verb = "persist.migrate_status",
	.in = nothing,
	.out = migrate_out,
	.out_bytes = sizeof(struct persist_migrate_out),
	.idempotent = true,
	.priority = PRIORITY_HIGH,
	.help = "applied and pending migrations (body: JSON array)",
};
const struct msg_desc msg_persist_stats = {
	.verb = "persist.stats",
	.in = nothing,
	.out = stats_out,
	.out_bytes = sizeof(struct persist_stats_out),
	.idempotent = true,
	.priority = PRIORITY_HIGH,
	.help = "what was stored, and how the database is",
};
