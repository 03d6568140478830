/* SPDX-License-Identifier: Apache-2.0 */
/* So many lines in each period, the rest is too much.  Pure. */
#ifndef WORKERS_LOG_QUOTA_H
#define WORKERS_LOG_QUOTA_H

#include <stdbool.h>

#include "common/field.h"
#include "common/mono.h"

struct quota {
	struct rate rate;  /* count 0: no limit */
	struct mono begun; /* the period that `used` is about */
	uint32_t used;
};

/* One more; false when the period has had its share. */
bool quota_take(struct quota *quota, struct mono now);
/* Would quota_take() say no? */
bool quota_is_spent(const struct quota *quota, struct mono now);

#endif
