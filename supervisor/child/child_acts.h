/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the state table (child.c) and what its cells do (child_acts.c);
 * everybody else calls child_event().
 */
#ifndef SUPERVISOR_CHILD_CHILD_ACTS_H
#define SUPERVISOR_CHILD_CHILD_ACTS_H

#include "supervisor/child/child.h"

/* The only place that moves; starts the deadline of the new state and tells
 * who follows. */
void child_set_state(struct child *child, enum child_state state);
/* Its state lasts `ms` from now; DURATION_INFINITY: as long as it likes. */
void child_set_deadline(struct child *child, uint64_t ms);
/* How long leftovers may take before they are looked at again. */
uint64_t child_cleaning_ms(const struct child *child);

typedef void child_act(struct child *child);
child_act act_nothing, act_start, act_become_ready, act_reloads,
    act_reload_late, act_ends_itself, act_kill_now, act_stop_late,
    act_request_end, act_order_stop, act_prepare, act_prepare_late,
    act_stop_once, act_start_late, act_hung, act_sick, act_due, act_sweep_again,
    act_sweep_hard, act_died, act_gone;

#endif
