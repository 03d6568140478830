/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the workers' segments of numbers say about pools and work queues, as
 * JSON and for people.  Pure: the numbers have been read.
 */
#ifndef SUPERVISOR_MSCTL_FIGURES_H
#define SUPERVISOR_MSCTL_FIGURES_H

#include "common/json.h"
#include "common/metrics_set.h"
#include "supervisor/msctl/look.h"

/* [{"worker","pool","acquired","mean_us","p50_us","p95_us","p99_us",...}] */
struct json *pool_figures_json(const struct metrics_set *set);
void pool_figures_render(const struct json *pools, const struct look *look,
    struct buf *out);

/* [{"worker","queue","threads","depth","wait_p99_us",...}] */
struct json *queue_figures_json(const struct metrics_set *set);
void queue_figures_render(const struct json *queues, const struct look *look,
    struct buf *out);

/* Every counter and gauge, and the count and quantiles of every histogram:
 * {"WORKER":{"ms_x{pool=\"main\"}":1,...},...} */
struct json *figures_json(const struct metrics_set *set);

/* "850 us", "1.2 ms", "3.4 s" */
const char *print_us(double us, char out[static LOOK_TEXT_BYTES]);

#endif
