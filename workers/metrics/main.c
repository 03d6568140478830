/* SPDX-License-Identifier: Apache-2.0 */
/* ms-metrics: exports the numbers of all workers, remembers and watches them.
 */
#include <signal.h>

#include "workers/metrics/metricsd.h"

struct process {
	struct metricsd metricsd;
	struct metrics_conf conf; /* as the skeleton read it at start */
	ev_signal usr1;
};

/* A log rotator may not know msd, only our pid. */
static void
on_usr1(struct ev_loop *ev, ev_signal *signal, int events)
{
	(void)ev;
	(void)events;
	metricsd_reopen(&container_of(signal, struct process, usr1)->metricsd);
}

static enum ms_err
start(struct worker *w, struct why *why)
{
	struct process *p = worker_self(w);

	p->metricsd.w = w;
	p->metricsd.conf = p->conf;
	ev_signal_init(&p->usr1, on_usr1, SIGUSR1);
	ev_signal_start(loop_ev(worker_loop(w)), &p->usr1);
	return metricsd_start(&p->metricsd, why);
}

static void
reload(struct worker *w, const void *new_conf)
{
	struct process *p = worker_self(w);

	metricsd_reload(&p->metricsd, new_conf);
}

static void
stop(struct worker *w)
{
	struct process *p = worker_self(w);

	if (!p->metricsd.w)
		return;
	metricsd_stop(&p->metricsd);
	ev_signal_stop(loop_ev(worker_loop(w)), &p->usr1);
}

int
main(int argc, char **argv)
{
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
		.start = start,
		.reload = reload,
		.stop = stop });
}
