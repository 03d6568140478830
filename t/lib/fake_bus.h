/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of libms tell t/probes/fake_bus_worker to do. */
#ifndef T_LIB_FAKE_BUS_H
#define T_LIB_FAKE_BUS_H

#include "proto/msg.h"

enum fake_mode {
	FAKE_ACK,    /* acknowledge at once */
	FAKE_HOLD,   /* never, until the mode changes */
	FAKE_BUSY,   /* refuse as busy, which may be tried again */
	FAKE_REFUSE, /* refuse for good */
	FAKE_SILENT  /* acknowledge, but publish nothing live */
};

struct fake_orders {
	uint32_t mode;
};
static const struct field fake_orders_rows[] = {
	{ .name = "mode",
	    .type = FIELD_U32,
	    .tag = 1,
	    .off = offsetof(struct fake_orders, mode) },
	FIELD_END,
};

struct fake_state {
	uint32_t batches; /* acknowledged */
	uint32_t events;
	uint32_t held; /* publishes that wait */
	uint32_t held_max;
	uint32_t
	    distinct_ops;  /* of acknowledged batches, among the last 1024 */
	uint32_t busy;     /* refused as busy */
	uint32_t disorder; /* events whose payload number fell */
	uint32_t settled_upto;
	uint32_t retries; /* bus.settle with retry */
	uint32_t in_progress;
};
#define FAKE_ROW(field, number)                                   \
	{                                                         \
		.name = #field, .type = FIELD_U32, .tag = number, \
		.off = offsetof(struct fake_state, field)         \
	}
static const struct field fake_state_rows[] = {
	FAKE_ROW(batches, 1),
	FAKE_ROW(events, 2),
	FAKE_ROW(held, 3),
	FAKE_ROW(held_max, 4),
	FAKE_ROW(distinct_ops, 5),
	FAKE_ROW(busy, 6),
	FAKE_ROW(disorder, 7),
	FAKE_ROW(settled_upto, 8),
	FAKE_ROW(retries, 9),
	FAKE_ROW(in_progress, 10),
	FIELD_END,
};

/* Answers with the state after obeying. */
static const struct msg_desc fake_obey = { .verb = "fake.obey",
	.in = fake_orders_rows,
	.in_bytes = sizeof(struct fake_orders),
	.out = fake_state_rows,
	.out_bytes = sizeof(struct fake_state) };

#endif
