/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a dying worker said is in its file before its death is told: the
 * `exited` event is held until the log collector has emptied the pipe, or for
 * a moment.  The restart waits for nothing of this.
 */
#ifndef SUPERVISOR_LOG_LAST_WORDS_H
#define SUPERVISOR_LOG_LAST_WORDS_H

#include <stdint.h>

struct last_words;
struct msd;

#define LAST_WORDS_MS 200u

struct last_words *last_words_new(struct msd *msd);
void last_words_free(struct last_words **words);
/* Event `seq` is about the end of this generation. */
void last_words_await(struct last_words *words, const char *name,
    uint64_t generation, uint64_t seq);
/* The collector has written what generations up to this one said. */
void last_words_heard(struct last_words *words, const char *name,
    uint64_t generation);

#endif
