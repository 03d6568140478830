/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches what is promised of the core (sla_routing and its kind): at every
 * sample it judges (sla.h), shows the result as gauges and tells the bus when a
 * promise is broken and when it is kept again.
 */
#ifndef WORKERS_METRICS_SLA_WATCH_H
#define WORKERS_METRICS_SLA_WATCH_H

#include "workers/metrics/module.h"

extern const struct module sla_watch_module;

#endif
