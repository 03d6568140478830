/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads beside the loop, by [workq] of the configuration the process was
 * started with.  Whoever needs none has none: not even their memory.
 */
#include "common/log.h"
#include "common/workq.h"
#include "proto/conf/workq.h"
#include "workers/worker_impl.h"

/* What still runs when everything else has stopped gets so long. */
#define PATIENCE_MS 500

static void
read_wishes(const struct conf *conf, struct workq_wish wishes[WORKQ_KINDS])
{
	struct workq_conf values;
	struct conf_errors errors;
	struct arena arena;

	conf_errors_init(&errors);
	arena_init(&arena, 0);
	conf_apply(conf_find(conf, "workq", ""), workq_rows, &values,
	    sizeof(values), &arena, &errors);
	if (errors.count > 0) { /* msd would have refused them */
		log_warn("wrong [workq], taking the defaults", "error=%s",
		    LOGQ(errors.text[0]));
		conf_apply(NULL, workq_rows, &values, sizeof(values), &arena,
		    &errors);
	}
	wishes[WORKQ_COMPUTE] =
	    (struct workq_wish){ values.compute_threads, values.compute_queue };
	wishes[WORKQ_IO] =
	    (struct workq_wish){ values.io_threads, values.io_queue };
	wishes[WORKQ_BLOCKING] = (struct workq_wish){ values.blocking_threads,
		values.blocking_queue };
	arena_fini(&arena);
	conf_errors_fini(&errors);
}

struct workq *
worker_workq(struct worker *w)
{
	struct workq_wish wishes[WORKQ_KINDS];
	struct workq_limits limits[WORKQ_KINDS];

	if (w->workq)
		return w->workq;
	read_wishes(w->settings.conf, wishes);
	workq_limits_here(wishes, limits);
	w->workq = workq_new(w->loop, limits);
	return w->workq;
}

void
worker_workq_end(struct worker *w)
{
	workq_free(&w->workq, PATIENCE_MS);
}
