/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the pool manager's verbs.  Tags are the wire: a number is never
 * given a second meaning, new fields take the next free one.
 */
#include "proto/msg/pool.h"

static const struct field nothing[] = { FIELD_END };

static const struct field status_out[] = {
	{ .name = "pools",
	    .type = FIELD_U32,
	    .tag = 1,
	    .off = offsetof(struct pool_status_out, pools),
	    .help = "pools in the body" },
	FIELD_END,
};

const struct msg_desc msg_pool_status = {
	.verb = "pool.status",
	.in = nothing,
	.out = status_out,
	.out_bytes = sizeof(struct pool_status_out),
	.idempotent = true,
	.priority = PRIORITY_HIGH,
	.help = "every pool with its connections (body: JSON array)",
};
