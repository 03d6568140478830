/* SPDX-License-Identifier: Apache-2.0 */
/* ms-metrics: exports the numbers of all workers, remembers and watches them.
 */
#include "workers/metrics/metricsd.h"

struct process {
	struct metricsd metricsd;
	struct metrics_conf conf; /* as the skeleton read it at start */
};

static enum ms_err
start(struct worker *w, struct why *why)
{
	struct process *p = worker_self(w);

	p->metricsd.w = w;
	p->metricsd.conf = p->conf;
	return metricsd_start(&p->metricsd, why);
}

static void
reload(struct worker *w, const void *new_conf)
{
	struct process *p = worker_self(w);

	metricsd_reload(&p->metricsd, new_conf);
}

static void
health(struct worker *w)
{
	struct process *p = worker_self(w);

	metricsd_health(w, &p->metricsd);
}

static void
stop(struct worker *w)
{
	struct process *p = worker_self(w);

	metricsd_stop(&p->metricsd);
}

int
main(int argc, char **argv)
{
	/* it answers for its health, and nothing else */
	static const struct route routes[] = { ROUTE_END };
	struct process p = { 0 };

	return worker_main(argc, argv,
	    &(struct worker_desc){ .name = "metrics",
		.program = "ms-metrics",
		.help = "exports, remembers and watches the workers' numbers",
		.self = &p,
		.section = "metrics",
		.rows = metrics_rows,
		.conf = &p.conf,
		.conf_bytes = sizeof(p.conf),
		.metrics = own_rows,
		.metric_count = OWN_METRICS,
		.metric_handles = p.metricsd.own,
		.start = start,
		.routes = routes,
		.reload = reload,
		.health = health,
		.stop = stop });
}
