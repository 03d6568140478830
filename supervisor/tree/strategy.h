/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a restart takes along, by OTP's strategies.  Pure. */
#ifndef SUPERVISOR_TREE_STRATEGY_H
#define SUPERVISOR_TREE_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/conf/msd.h"

/* A child's own strategy, or its supervisor's when it has none. */
enum strategy strategy_of(int own, int supervisors);
/* Does the failure of child `failed` stop and start child `i`?  Numbers are
 * places in the supervisor's start order. */
bool strategy_covers(enum strategy strategy, size_t failed, size_t i);
/*
 * Is a covered sibling started again?  Temporary children never; children an
 * operator stopped stay stopped, unless the supervisor is otp_strict.
 */
bool strategy_revives(enum restart_type type, bool stopped_by_operator,
    bool otp_strict);

#endif
