/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the key figures into run_dir/metrics.history (proto/history.h), which
 * msctl top --replay reads. */
#ifndef WORKERS_METRICS_HISTORY_H
#define WORKERS_METRICS_HISTORY_H

#include "workers/metrics/module.h"

extern const struct module history_module;

#endif
