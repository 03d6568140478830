/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted and measured of storing (common/metrics.h); recorded on the
 * loop thread.  The figures of persist.stats are read from here. */
#ifndef WORKERS_PERSIST_FIGURES_H
#define WORKERS_PERSIST_FIGURES_H

#include "common/err.h"
#include "common/metrics.h"

enum persist_figure {
	PERSIST_COMMIT,
	PERSIST_BATCH_EVENTS,
	PERSIST_EVENTS,
	PERSIST_DUPLICATES,
	PERSIST_RAW,
	PERSIST_BATCHES,
	PERSIST_RETRIES,
	PERSIST_CURSOR,
	PERSIST_LAG,
	PERSIST_DATABASE_UP,
	PERSIST_FIGURES
};

struct persist_figures {
	struct metric of[PERSIST_FIGURES];
	struct metric errors[MS_ERR_COUNT]; /* those that happened */
};

void persist_figures_init(struct persist_figures *figures);
void persist_figures_error(struct persist_figures *figures, enum ms_err err);
uint64_t persist_figures_errors(const struct persist_figures *figures);

#endif
