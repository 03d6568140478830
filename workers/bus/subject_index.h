/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sequence a subject has last in a stream.  Nobody pays for it who does
 * not ask: it is built from the log with the first question, a piece each turn,
 * and kept up to date from then on.
 */
#ifndef WORKERS_BUS_SUBJECT_INDEX_H
#define WORKERS_BUS_SUBJECT_INDEX_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

struct stream;
struct subject_index;

void subject_index_free(struct stream *stream);
/* 0: none is stored.  MS_EBUSY: it is being built, ask again.  MS_ETOOBIG: the
 * stream has more subjects than there is memory for. */
enum ms_err subject_index_find(struct stream *stream, struct slice subject,
    uint64_t *seq_r, struct why *why);
/* A new event was added to the log. */
void subject_index_note(struct subject_index *index, struct slice subject,
    uint64_t seq);

#endif
