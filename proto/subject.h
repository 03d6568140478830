/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subjects and patterns.  A subject is 1-16 tokens of [A-Za-z0-9_-] joined by
 * dots, at most 255 bytes; a first token beginning with '$' is reserved for
 * the system.  In a pattern `*` stands for exactly one token and a last `>`
 * for one or more; neither stands for a first token of the system's.  Pure.
 */
#ifndef PROTO_SUBJECT_H
#define PROTO_SUBJECT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/str.h"

#define SUBJECT_BYTES_MAX  255u
#define SUBJECT_TOKENS_MAX 16u

/* MS_ESUBJECT with the offset and what is wrong there. */
enum ms_err subject_check(struct slice subject, struct why *why);
enum ms_err pattern_check(struct slice pattern, struct why *why);
/* Both must have passed their check. */
bool pattern_matches(struct slice pattern, struct slice subject);
/* The first token: the class by which live traffic is split ("agent"). */
struct slice subject_class(struct slice subject);
/* The class all matches share, or empty when the first token is a wildcard. */
struct slice pattern_class(struct slice pattern);

#endif
