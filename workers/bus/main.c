/* SPDX-License-Identifier: Apache-2.0 */
/* ms-bus: the event bus.  Stores events, hands them out, loses none. */
#include "workers/bus/bus.h"
#include "workers/bus/health.h"

static enum ms_err
start(struct worker *w, struct why *why)
{
	return bus_start(worker_self(w), w, why);
}

static void
reload(struct worker *w, const void *conf)
{
	bus_reload(worker_self(w), conf);
}

static void
drain(struct worker *w)
{
	bus_drain(worker_self(w));
}

static void
stop(struct worker *w)
{
	bus_stop(worker_self(w));
}

int
main(int argc, char **argv)
{
	static struct bus bus;

	return worker_main(argc, argv,
	    &(struct worker_desc){ .name = "bus",
		.program = "ms-bus",
		.help = "The event bus: stores events and hands them out.",
		.self = &bus,
		.section = "bus",
		.rows = bus_rows,
		.conf = &bus.conf,
		.conf_bytes = sizeof(bus.conf),
		.routes = bus_routes,
		.publishes = true,
		.start = start,
		.reload = reload,
		.health = bus_health,
		.drain = drain,
		.stop = stop });
}
