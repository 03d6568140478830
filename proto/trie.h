/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of many patterns match a subject: a trie of tokens.  A pattern has a
 * value, a small number that means something to whoever adds it; several
 * patterns may have the same.  To take a pattern out, build another trie: they
 * change far less often than they are asked.  Pure.
 */
#ifndef PROTO_TRIE_H
#define PROTO_TRIE_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define TRIE_NONE UINT32_MAX

struct trie;

/* NULL: out of memory. */
struct trie *trie_new(void);
void trie_free(struct trie **trie);
/* The pattern has passed pattern_check(); it is copied.  value is below
 * TRIE_NONE.  MS_EEXISTS: the pattern is there already.  MS_ENOMEM. */
enum ms_err trie_add(struct trie *trie, struct slice pattern, uint32_t value);
/* Of the patterns that match, the value of the one with most literal tokens,
 * of equally literal ones the longer ('>' does not count) and then the one
 * added first; TRIE_NONE: none matches.  The subject has passed
 * subject_check(). */
uint32_t trie_best(const struct trie *trie, struct slice subject);
/* Each pattern that matches, in no order worth knowing. */
typedef void trie_match_fn(void *arg, uint32_t value);
void trie_each(const struct trie *trie, struct slice subject,
    trie_match_fn *match, void *arg);

#endif
