/* SPDX-License-Identifier: Apache-2.0 */
/* A durable consumer in the broker: with its parked fetch and what was
 * answered last.  slots.c keeps them, deliver.c serves them. */
#ifndef WORKERS_BUS_SLOT_H
#define WORKERS_BUS_SLOT_H

#include <uthash.h>

#include "workers/bus/bus.h"

struct slot {
	UT_hash_handle hh;
	struct bus *bus;
	struct stream *stream;
	struct consumer *consumer;
	struct call *parked; /* its fetch, NULL = none */
	struct mono parked_until;
	ev_timer timer;
	struct id128 last_op; /* of the last answered fetch and its events */
	uint64_t last_first, last_last;
	uint64_t floor_written;
	struct consumer_figures figures;
	bool hungry; /* parked, and more of the log is to be looked at */
};

struct slot *slot_find(struct bus *bus, const char *name);
/* Its figures, as they stand now. */
void slot_show(struct slot *slot);
/* The parked fetch may have something to get: an event's time has come, or
 * its own is up. */
void deliver_on_timer(struct ev_loop *ev, ev_timer *timer, int events);

#endif
