/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks msd and every service how well it is, at health_interval, and tells the
 * bus when that has changed: event health.changed with worker, from, to and
 * reasons.  What was found last is here for who asks by HTTP.
 */
#ifndef WORKERS_METRICS_HEALTH_MONITOR_H
#define WORKERS_METRICS_HEALTH_MONITOR_H

#include "proto/health.h"
#include "workers/metrics/module.h"

#define HEALTH_WORKERS_MAX 4096u /* more are not watched */
#define HEALTH_ASKED_MAX   256u  /* services in one round */

struct health_monitor;

extern const struct module health_module;

/* {"ok","verdict","age_ms","workers":[{"name","verdict","reasons"}]}: who is not
 * well, as far as it is believed.  monitor may be NULL.  Returns the level;
 * nothing asked yet, and an msd that does not answer, is HEALTH_DEGRADED at
 * least. */
enum health_level health_monitor_print(const struct health_monitor *monitor,
    struct buf *out);

#endif
