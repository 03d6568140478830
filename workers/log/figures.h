/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of the collected output (common/metrics.h). */
#ifndef WORKERS_LOG_FIGURES_H
#define WORKERS_LOG_FIGURES_H

#include "common/metrics.h"

struct log_figures { /* of all sources */
	struct metric files, rotations, failures;
};
struct source_figures { /* of one */
	struct metric lines, bytes, dropped;
};

void log_figures_init(struct log_figures *figures);
void source_figures_init(struct source_figures *figures, const char *source);

#endif
