/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker says of itself when it is looked at closely. */
#ifndef WORKERS_BUS_HEALTH_H
#define WORKERS_BUS_HEALTH_H

#include "workers/bus/bus.h"

void bus_health(struct worker *w);

#endif
