/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said to t/probes/echo_worker. */
#ifndef T_LIB_ECHO_H
#define T_LIB_ECHO_H

#include "proto/msg.h"

struct echo_fields {
	char *text; /* required */
	uint64_t delay_ms;
	uint32_t number;
};
static const struct field echo_rows[] = {
	{ .name = "text",
	    .type = FIELD_STR,
	    .tag = 1,
	    .flags = FIELD_REQUIRED,
	    .off = offsetof(struct echo_fields, text) },
	{ .name = "delay",
	    .type = FIELD_DURATION,
	    .tag = 2,
	    .off = offsetof(struct echo_fields, delay_ms) },
	{ .name = "number",
	    .type = FIELD_U32,
	    .tag = 3,
	    .off = offsetof(struct echo_fields, number) },
	FIELD_END,
};

struct echo_state {
	uint32_t served;      /* test.echo */
	uint32_t cancelled;   /* parked calls */
	uint32_t last_reason; /* of a cancel */
	uint32_t last_number;
	uint32_t disorder; /* echoes whose number was below the last one's */
	char *greeting;    /* the configuration in force */
	uint32_t checked;  /* runs of its checks */
};
static const struct field echo_state_rows[] = {
	{ .name = "served",
	    .type = FIELD_U32,
	    .tag = 1,
	    .off = offsetof(struct echo_state, served) },
	{ .name = "cancelled",
	    .type = FIELD_U32,
	    .tag = 2,
	    .off = offsetof(struct echo_state, cancelled) },
	{ .name = "last_reason",
	    .type = FIELD_U32,
	    .tag = 3,
	    .off = offsetof(struct echo_state, last_reason) },
	{ .name = "last_number",
	    .type = FIELD_U32,
	    .tag = 4,
	    .off = offsetof(struct echo_state, last_number) },
	{ .name = "disorder",
	    .type = FIELD_U32,
	    .tag = 5,
	    .off = offsetof(struct echo_state, disorder) },
	{ .name = "greeting",
	    .type = FIELD_STR,
	    .tag = 6,
	    .off = offsetof(struct echo_state, greeting) },
	{ .name = "checked",
	    .type = FIELD_U32,
	    .tag = 7,
	    .off = offsetof(struct echo_state, checked) },
	FIELD_END,
};

/* Answers what it is asked, after delay; fields and body. */
static const struct msg_desc test_echo = { .verb = "test.echo",
	.in = echo_rows,
	.in_bytes = sizeof(struct echo_fields),
	.out = echo_rows,
	.out_bytes = sizeof(struct echo_fields) };
/* Refuses `number` times, with `delay` as the time to come again. */
static const struct msg_desc test_busy = { .verb = "test.busy",
	.in = echo_rows,
	.in_bytes = sizeof(struct echo_fields),
	.out = echo_rows,
	.out_bytes = sizeof(struct echo_fields) };
/* Answers (as number) what a call made on its behalf might take. */
static const struct msg_desc test_left = { .verb = "test.left",
	.out = echo_rows,
	.out_bytes = sizeof(struct echo_fields),
	.idempotent = true };
/* Answers (as text) the trace it was asked in. */
static const struct msg_desc test_trace = { .verb = "test.trace",
	.out = echo_rows,
	.out_bytes = sizeof(struct echo_fields),
	.idempotent = true };
/* Keeps the loop from its work for `delay`, then answers. */
static const struct msg_desc test_block = { .verb = "test.block",
	.in = echo_rows,
	.in_bytes = sizeof(struct echo_fields),
	.idempotent = true };
/* Never answers unless it is cancelled. */
static const struct msg_desc test_park = { .verb = "test.park",
	.idempotent = true };
static const struct msg_desc test_state = { .verb = "test.state",
	.out = echo_state_rows,
	.out_bytes = sizeof(struct echo_state),
	.idempotent = true };
/* Sends the body on the PUB socket with topic "test". */
static const struct msg_desc test_publish = { .verb = "test.publish" };

#endif
