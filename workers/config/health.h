/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper of the configuration says when it is looked at closely. */
#ifndef WORKERS_CONFIG_HEALTH_H
#define WORKERS_CONFIG_HEALTH_H

#include "workers/config/keeper.h"
#include "workers/worker_health.h"

void keeper_health(struct worker *w, const struct keeper *keeper);

#endif
