/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parsers of Prometheus (text 0.0.4) and OpenMetrics 1.0 refuse and
 * what `promtool check metrics` complains about, as one check.
 */
#ifndef T_LIB_EXPO_CHECK_H
#define T_LIB_EXPO_CHECK_H

#include "common/buf.h"

struct expo_report {
	struct buf problems; /* "line N: what\n" each */
	size_t count;        /* of problems */
	size_t style;        /* those of them that only promtool minds */
	size_t families, samples;
};

void expo_check(struct slice text, bool openmetrics,
    struct expo_report *report_r);
void expo_report_fini(struct expo_report *report);

#endif
