/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of words: what words_split() (common/field.h) made of a text. */
#ifndef COMMON_WORDS_H
#define COMMON_WORDS_H

#include "common/field.h"

/* Quoted so that words_split() gives the same words again. */
void words_print(const struct words *words, struct buf *out);
bool words_same(const struct words *a, const struct words *b);
/* The list is new, the texts of both are shared. */
enum ms_err words_append(struct words *words, const struct words *more,
    struct arena *arena, struct why *why);

#endif
