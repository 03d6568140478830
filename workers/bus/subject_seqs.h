/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last sequence of each subject.  Bounded: when it is full it says so and
 * knows nothing any more, because half an answer would be a wrong one.  Pure.
 */
#ifndef WORKERS_BUS_SUBJECT_SEQS_H
#define WORKERS_BUS_SUBJECT_SEQS_H

#include <stdint.h>

#include "common/str.h"

#define SUBJECT_SEQS_ENTRY_BYTES 48u /* at the worst moment of growing */

struct subject_seqs;
struct subject_seqs *subject_seqs_new(size_t entries_max);
void subject_seqs_free(struct subject_seqs **seqs);
/* The highest one counts. */
void subject_seqs_note(struct subject_seqs *seqs, struct slice subject,
    uint64_t seq);
bool subject_seqs_is_full(const struct subject_seqs *seqs);
/* 0: there is none. */
uint64_t subject_seqs_find(const struct subject_seqs *seqs,
    struct slice subject);
size_t subject_seqs_count(const struct subject_seqs *seqs);

#endif
