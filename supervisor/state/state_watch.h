/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a worker's rhythm, within a saved state. */
#ifndef SUPERVISOR_STATE_STATE_WATCH_H
#define SUPERVISOR_STATE_STATE_WATCH_H

#include "supervisor/child/heartbeat.h"
#include "supervisor/state/state.h"

void watch_save(const struct heartbeat *heartbeat, struct state_out *out);
void watch_load(struct heartbeat *heartbeat, const struct watchdog_conf *conf,
    struct state_in *in, const struct json *record);

#endif
