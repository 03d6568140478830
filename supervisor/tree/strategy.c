/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `escalate` is one_for_one here: as long as its own budget lasts the worker
 * is restarted alone, and when it is spent the question goes to the parent.
 */
#include "supervisor/tree/strategy.h"

enum strategy
strategy_of(int own, int supervisors)
{
	if (own != STRATEGY_DEFAULT)
		return (enum strategy)own;
	if (supervisors != STRATEGY_DEFAULT)
		return (enum strategy)supervisors;
	return STRATEGY_ONE_FOR_ONE;
}

bool
strategy_covers(enum strategy strategy, size_t failed, size_t i)
{
	switch (strategy) {
	case STRATEGY_ONE_FOR_ALL:
		return true;
	case STRATEGY_REST_FOR_ONE:
		return i >= failed;
	case STRATEGY_DEFAULT:
	case STRATEGY_ONE_FOR_ONE:
	case STRATEGY_ESCALATE:
		break;
	}
	return i == failed;
}

bool
strategy_revives(enum restart_type type, bool stopped_by_operator,
    bool otp_strict)
{
	if (type == RESTART_TEMPORARY)
		return false;
	return !stopped_by_operator || otp_strict;
}
