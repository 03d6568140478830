/* SPDX-License-Identifier: Apache-2.0 */
/* What the pools say of themselves when they are looked at closely. */
#ifndef WORKERS_POOL_HEALTH_H
#define WORKERS_POOL_HEALTH_H

#include "workers/pool/poold.h"

void pools_health(struct worker *w);

#endif
