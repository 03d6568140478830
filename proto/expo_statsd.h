/* SPDX-License-Identifier: Apache-2.0 */
/*
 * StatsD: what has changed since the last time.  Counters and histograms are
 * said as differences, so two views are needed; gauges as they are.
 *
 *   ms_bus_events_total:17|c|#worker:bus        or  ms_bus_events_total.bus:17|c
 *   ms_bus_route_seconds:0.12|ms|@0.5|#worker:bus   two values of 0.12 ms
 *
 * A gauge below zero is set to zero first, in the same packet: alone, its sign
 * would mean "less by".
 */
#ifndef PROTO_EXPO_STATSD_H
#define PROTO_EXPO_STATSD_H

#include "proto/expo.h"

#define STATSD_PACKET_BYTES 1432u /* what passes every network whole */
#define STATSD_TIMERS_MAX   64u   /* lines of one histogram */

struct statsd_cursor { /* zeroed: at the beginning */
	size_t family, point;
	struct expo_cursor old;
};

/* The lines of up to max series more; false when that was all.  before NULL: a
 * beginning, of which only the gauges are known.  A counter that is lower than
 * before has begun anew. */
bool expo_statsd_print(const struct expo_view *view,
    const struct expo_view *before, bool tags, size_t max,
    struct statsd_cursor *at, struct buf *out);

/* Cuts the next packet off the lines; false when there is none.  A line that
 * fits into no packet is left out. */
bool expo_statsd_packet(struct slice *lines, struct slice *packet_r);

#endif
