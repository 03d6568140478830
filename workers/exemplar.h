/* SPDX-License-Identifier: Apache-2.0 */
/* The trace that a measured value belongs to, for rows with METRIC_EXEMPLAR. */
#ifndef WORKERS_EXEMPLAR_H
#define WORKERS_EXEMPLAR_H

#include "common/metrics.h"
#include "proto/traceparent.h"

/* Beside metric_record(), on the loop thread. */
void exemplar_note(struct metric m, uint64_t value,
    const struct traceparent *trace);
/* The same from its text; one that is empty or no traceparent is nothing. */
void exemplar_note_text(struct metric m, uint64_t value, struct slice text);

#endif
