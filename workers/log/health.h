/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector of logs says when it is looked at closely. */
#ifndef WORKERS_LOG_HEALTH_H
#define WORKERS_LOG_HEALTH_H

#include "workers/log/collector.h"
#include "workers/worker_health.h"

void collector_health(struct worker *w, const struct collector *collector);

#endif
