/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted and measured of the configuration (common/metrics.h). */
#ifndef WORKERS_CONFIG_FIGURES_H
#define WORKERS_CONFIG_FIGURES_H

#include "common/metrics.h"

enum reload_result {
	RELOAD_CHANGED,
	RELOAD_UNCHANGED,
	RELOAD_REFUSED,
	RELOAD_RESULTS
};

struct config_figures {
	struct metric generation, keys, errors, reload_seconds;
	struct metric reloads[RELOAD_RESULTS];
};

void config_figures_init(struct config_figures *figures);

#endif
