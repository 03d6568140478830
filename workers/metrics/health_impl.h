/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the health monitor: health_monitor.c asks and judges,
 * health_report.c tells what was found. */
#ifndef WORKERS_METRICS_HEALTH_IMPL_H
#define WORKERS_METRICS_HEALTH_IMPL_H

#include <uthash.h>

#include "common/json.h"
#include "proto/client/call.h"
#include "workers/metrics/health_monitor.h"
#include "workers/metrics/msd_client.h"
#include "workers/metrics/steady.h"

struct watched {
	char *name;
	struct health_monitor *m;
	struct steady steady;
	struct metric gauge;
	bool seen;              /* in this round */
	enum health_level told; /* by msd, in the last round */
	enum health_level level;
	struct json *reasons; /* of this round; an array */
	struct link *link;    /* NULL: it has no service */
	UT_hash_handle hh;
};

struct health_monitor {
	struct metricsd *d;
	struct loop *loop;
	struct msd_client msd;
	struct link_hub *hub; /* NULL: nothing was asked yet */
	ev_io hub_io;
	ev_timer tick;
	bool busy; /* a round is going on */
	unsigned open;
	struct watched *workers;
	bool told;                 /* that msd does not answer */
	enum health_level verdict; /* of the tree, as msd has it */
	struct mono finished;      /* the last round; .ns 0: none */
	struct metric rounds, changes;
};

#endif
