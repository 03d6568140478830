/* SPDX-License-Identifier: Apache-2.0 */
/* Tells a StatsD server, every interval, what has changed. */
#ifndef WORKERS_METRICS_STATSD_H
#define WORKERS_METRICS_STATSD_H

#include "workers/metrics/module.h"

extern const struct module statsd_module;

#endif
