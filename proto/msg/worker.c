/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the verbs every worker answers.  Tags are the wire: a number is never
 * given a second meaning, new fields take the next free one.
 */
#include "proto/msg/worker.h"

static const struct field health_in[] = {
	{ .name = "deep",
	    .type = FIELD_BOOL,
	    .tag = 1,
	    .off = offsetof(struct worker_health_in, deep),
	    .help = "look at everything it needs too" },
	FIELD_END,
};

static const struct field health_out[] = {
	{ .name = "ready",
	    .type = FIELD_BOOL,
	    .tag = 1,
	    .off = offsetof(struct worker_health_out, ready),
	    .help = "it has reported READY and is not stopping" },
	{ .name = "status",
	    .type = FIELD_STR,
	    .tag = 2,
	    .off = offsetof(struct worker_health_out, status),
	    .help = "the last STATUS it reported" },
	{ .name = "uptime_ms",
	    .type = FIELD_U64,
	    .tag = 3,
	    .off = offsetof(struct worker_health_out, uptime_ms),
	    .help = "time since its start" },
	{ .name = "requests",
	    .type = FIELD_U64,
	    .tag = 4,
	    .off = offsetof(struct worker_health_out, requests),
	    .help = "requests answered" },
	{ .name = "requests_failed",
	    .type = FIELD_U64,
	    .tag = 5,
	    .off = offsetof(struct worker_health_out, requests_failed),
	    .help = "of these with an error" },
	{ .name = "version",
	    .type = FIELD_STR,
	    .tag = 6,
	    .off = offsetof(struct worker_health_out, version),
	    .help = "version of the program" },
	{ .name = "health",
	    .type = FIELD_STR,
	    .tag = 7,
	    .off = offsetof(struct worker_health_out, health),
	    .help = "ok, degraded or failed: the worst of its checks" },
	{ .name = "checks",
	    .type = FIELD_U32,
	    .tag = 8,
	    .off = offsetof(struct worker_health_out, checks),
	    .help = "checks in the body" },
	{ .name = "age_ms",
	    .type = FIELD_U64,
	    .tag = 9,
	    .off = offsetof(struct worker_health_out, age_ms),
	    .help = "how long ago they were made" },
	FIELD_END,
};

const struct msg_desc msg_worker_health = {
	.verb = "worker.health",
	.in = health_in,
	.in_bytes = sizeof(struct worker_health_in),
	.out = health_out,
	.out_bytes = sizeof(struct worker_health_out),
	.idempotent = true,
	.priority = PRIORITY_CONTROL,
	.help = "is it ready, since when, how busy; deep: all its checks",
};
