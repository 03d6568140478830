/* SPDX-License-Identifier: Apache-2.0 */
/* ms-log: reads every child's output, stamps its lines, writes its file. */
#include <signal.h>
#include <stdlib.h>

#include "common/str.h"
#include "proto/conf/workers.h"
#include "proto/contract.h"
#include "workers/log/collector.h"
#include "workers/log/health.h"
#include "workers/worker.h"

struct logd {
	struct log_conf conf;
	struct collector *collector;
	ev_signal usr1;
};

static void
on_msd_gone(void *arg)
{
	worker_exit(arg, MS_EXIT_OK);
}

/* A log rotator may not know msd, only our pid. */
static void
on_usr1(struct ev_loop *ev, ev_signal *signal, int events)
{
	(void)ev;
	(void)events;
	collector_reopen(container_of(signal, struct logd, usr1)->collector);
}

static enum ms_err
start(struct worker *w, struct why *why)
{
	struct logd *d = worker_self(w);
	const char *text = getenv(ENV_LOG_FD);
	uint64_t fd;

	if (text == NULL || !parse_u64(slice_of(text), &fd))
		return why_set(why, MS_EUNSUPPORTED,
		    "ms-log is started by msd, which hands it the pipes (" ENV_LOG_FD
		    " is not set)");
	d->collector = collector_new(worker_loop(w), (int)fd, worker_log_dir(w),
	    d->conf.line_bytes, on_msd_gone, w);
	ev_signal_init(&d->usr1, on_usr1, SIGUSR1);
	ev_signal_start(loop_ev(worker_loop(w)), &d->usr1);
	return MS_OK;
}

static void
reload(struct worker *w, const void *new_conf)
{
	struct logd *d = worker_self(w);

	d->conf = *(const struct log_conf *)new_conf;
	collector_set_line_bytes(d->collector, d->conf.line_bytes);
}

static void
health(struct worker *w)
{
	struct logd *d = worker_self(w);

	collector_health(w, d->collector);
}

static void
stop(struct worker *w)
{
	struct logd *d = worker_self(w);

	if (d->collector)
		ev_signal_stop(loop_ev(worker_loop(w)), &d->usr1);
	collector_free(&d->collector);
}

int
main(int argc, char **argv)
{
	/* it answers for its health, and nothing else */
	static const struct route routes[] = { ROUTE_END };
	struct logd d = { 0 };

	return worker_main(argc, argv,
	    &(struct worker_desc){ .name = "log",
		.program = "ms-log",
		.help = "collects the output of all workers into files",
		.self = &d,
		.section = "log",
		.rows = log_rows,
		.conf = &d.conf,
		.conf_bytes = sizeof d.conf,
		.routes = routes,
		.start = start,
		.reload = reload,
		.health = health,
		.stop = stop });
}
