/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit ids: UUID version 7 (RFC 9562) and their text. */
#ifndef COMMON_ID_H
#define COMMON_ID_H

#include <stdbool.h>

#include "common/field.h"
#include "common/str.h"

#define ID_TEXT_BYTES 37

/* Time-ordered within a process, even inside one millisecond.  Thread-safe.
 * The first call in a process reads getrandom(2). */
struct id128 id_new(void);
bool id_is_zero(const struct id128 *id);
char *id_print(const struct id128 *id, char out[static ID_TEXT_BYTES]);
/* Canonical 8-4-4-4-12 form only, either case. */
bool id_parse(struct slice text, struct id128 *id_r);

#endif
