/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [bus] buffer: what the broker may keep in memory.  Every use has a fixed
 * share of it and keeps within by itself, so that the sum cannot pass the
 * bound and no use can starve another.  Pure.
 */
#ifndef WORKERS_BUS_BUDGET_H
#define WORKERS_BUS_BUDGET_H

#include <stdint.h>

/* What happens when it is full is said beside it. */
enum budget_use {
	BUDGET_DEDUP, /* the window of duplicates gets shorter, and says so */
	BUDGET_LIVE,  /* the slowest subscriber's oldest messages go */
	BUDGET_REQUESTS, /* requests wait in their sockets */
	BUDGET_HOT,      /* more is read from the files */
	BUDGET_INDEX,    /* each index has its own answer */
	BUDGET_USES
};

/* In bytes; the shares add up to at most `buffer`. */
uint64_t budget_share(uint64_t buffer, enum budget_use use);
/* "dedup", for labels and messages. */
const char *budget_use_name(enum budget_use use);

#endif
