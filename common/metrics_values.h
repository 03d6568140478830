/* SPDX-License-Identifier: Apache-2.0 */
/* Adding up what the shards of a segment hold; for metrics_read.c. */
#ifndef COMMON_METRICS_VALUES_H
#define COMMON_METRICS_VALUES_H

#include "common/metrics_load.h"
#include "common/metrics_read.h"

#define METRICS_NOWHERE UINT32_MAX

/* Of series i of the directory to series[places[i]], which are zeros and have
 * their buckets; not of those with METRICS_NOWHERE. */
enum ms_err metrics_values_read(int fd, const struct metrics_load *load,
    const uint32_t *places, struct metrics_series *series, struct why *why);

#endif
