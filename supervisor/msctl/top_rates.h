/* SPDX-License-Identifier: Apache-2.0 */
/* What has happened between two frames, per second.  Pure. */
#ifndef SUPERVISOR_MSCTL_TOP_RATES_H
#define SUPERVISOR_MSCTL_TOP_RATES_H

#include "proto/top_frame.h"

struct worker_rates {
	double cpu_pct;  /* of one processor; < 0: not known */
	double requests; /* < 0: not known */
};
struct bus_rates { /* all < 0 when not known */
	double events, bytes, delivered, live, refused;
};
struct pool_rates {
	double acquired, transactions, errors;
};
struct consumer_rates {
	double delivered, redelivered;
};

struct worker_rates worker_rates(const struct top_frame *now,
    const struct top_frame *before, const struct top_worker *w);
struct bus_rates bus_rates(const struct top_frame *now,
    const struct top_frame *before);
struct pool_rates pool_rates(const struct top_frame *now,
    const struct top_frame *before, const struct top_pool *p);
struct consumer_rates consumer_rates(const struct top_frame *now,
    const struct top_frame *before, const struct top_consumer *c);

#endif
