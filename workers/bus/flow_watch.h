/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow validation at work: every new event is judged, violations are counted
 * and told as the event flow.violation, at most one a second.  Refusing is up to
 * who asks before.
 */
#ifndef WORKERS_BUS_FLOW_WATCH_H
#define WORKERS_BUS_FLOW_WATCH_H

#include <stdint.h>

#include "common/field.h"
#include "common/str.h"
#include "workers/bus/flow.h"

struct bus;
struct flow_watch;

struct flow_watch *flow_watch_new(struct bus *bus);
void flow_watch_free(struct flow_watch **watch);
/* flow_watch_event() of a frame with this id is near. */
void flow_watch_expect(const struct flow_watch *watch, const struct id128 *id);
/* A new event; subject and traceparent lie in its frame.  Others may name it
 * as their cause, so it is remembered even when nobody minds its faults. */
void flow_watch_event(struct flow_watch *watch, struct slice frame,
    struct slice subject, struct slice traceparent, uint64_t wall_ms,
    bool minded);
/* Would it be a violation?  Nothing is remembered, counted or told. */
enum flow_fault flow_watch_look(const struct flow_watch *watch,
    struct slice frame, struct slice traceparent);

#endif
