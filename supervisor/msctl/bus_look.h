/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bus tells of itself, for people.  Pure: stats is the answer of
 * bus.stats as JSON, consumers that of bus.consumers; members that are absent
 * are left out.
 */
#ifndef SUPERVISOR_MSCTL_BUS_LOOK_H
#define SUPERVISOR_MSCTL_BUS_LOOK_H

#include "common/json.h"
#include "supervisor/msctl/look.h"

/* How full each channel is: log, window of duplicates, queues, consumers. */
void bus_stats_render(const struct json *stats, const struct json *consumers,
    const struct look *look, struct buf *out);
void bus_consumers_render(const struct json *consumers, const struct look *look,
    struct buf *out);
void bus_streams_render(const struct json *streams, const struct look *look,
    struct buf *out);
/* A cell of patterns; `none` when there are none. */
struct table;
void bus_add_patterns(struct table *table, const struct json *patterns,
    const char *none);
/* What could not be delivered or stored. */
void bus_dlq_render(const struct json *dlq, const struct look *look,
    struct buf *out);

/* An event handed out that often in vain is told as stuck. */
#define BUS_STUCK_DELIVERIES 5u
/* {"stuck":[],"refused":N,"quarantined":N,"dir":""} of both answers. */
struct json *bus_dlq_json(const struct json *stats,
    const struct json *consumers);

#endif
