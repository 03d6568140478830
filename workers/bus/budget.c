/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/bus/budget.h"

static const struct {
	const char *name;
	unsigned percent;
} shares[BUDGET_USES] = {
	[BUDGET_DEDUP] = { "dedup", 42 },
	[BUDGET_LIVE] = { "live", 26 },
	[BUDGET_REQUESTS] = { "requests", 22 },
	[BUDGET_HOT] = { "hot", 4 },
	[BUDGET_INDEX] = { "index", 6 },
};

uint64_t
budget_share(uint64_t buffer, enum budget_use use)
{
	return buffer / 100 * shares[use].percent;
}

const char *
budget_use_name(enum budget_use use)
{
	return shares[use].name;
}
