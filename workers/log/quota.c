/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/log/quota.h"

static bool
is_over(const struct quota *quota, struct mono now)
{
	return quota->begun.ns == 0 ||
	    mono_ms_between(quota->begun, now) >= quota->rate.period_ms;
}

bool
quota_is_spent(const struct quota *quota, struct mono now)
{
	return quota->rate.count > 0 && !is_over(quota, now) &&
	    quota->used >= quota->rate.count;
}

bool
quota_take(struct quota *quota, struct mono now)
{
	if (quota->rate.count == 0)
		return true;
	if (is_over(quota, now)) {
		quota->begun = now;
		quota->used = 0;
	}
	if (quota->used >= quota->rate.count)
		return false;
	quota->used++;
	return true;
}
