/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load shedding: under lasting overload what matters least is refused first,
 * so what matters most is still served in time.  The load is how long requests
 * wait before they are served, or how many wait; while it stays at `high` or
 * above, the level rises by one each step_ms, while it stays below `low` it
 * falls; between the two nothing changes.  Requests of a priority below the
 * level are refused.  Priority 7 never is.  Pure: `now` is an argument.
 */
#ifndef COMMON_SHED_H
#define COMMON_SHED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mono.h"

/* How much it matters that a request is served, 0..7. */
enum priority {
	PRIORITY_UNSAID = 0,     /* a request that leaves it to its verb */
	PRIORITY_BACKGROUND = 1, /* nobody waits for it */
	PRIORITY_LOW = 2,
	PRIORITY_NORMAL = 4,
	PRIORITY_HIGH = 6,    /* an operator waits, health */
	PRIORITY_CONTROL = 7, /* what ends an overload */
	PRIORITY_MAX = 7
};

struct shed_load {
	uint64_t delay_us; /* of the request at hand, before it is served */
	uint32_t depth;    /* how many wait */
};

struct shed_conf {
	struct shed_load high, low; /* a zero of high is not looked at */
	uint32_t step_ms;
};

struct shed {
	uint32_t level;    /* 0 = all are served */
	int trend;         /* +1 high, -1 low, 0 between */
	struct mono since; /* of the trend, or the last step by it */
	struct mono last;  /* look */
};

/* One look at the load; the first finds a zeroed struct. */
void shed_look(struct shed *shed, const struct shed_conf *conf,
    struct shed_load load, struct mono now);
bool shed_refuses(const struct shed *shed, uint32_t priority);
/* What a refusal says: the load may be gone so much later. */
uint32_t shed_retry_after_ms(const struct shed *shed,
    const struct shed_conf *conf, uint32_t priority);

#endif
