/* SPDX-License-Identifier: Apache-2.0 */
/* The key `subjects` of sections that take some of the bus's subjects. */
#ifndef PROTO_CONF_PATTERNS_H
#define PROTO_CONF_PATTERNS_H

#include "proto/conf/sections.h"

#define SECTION_PATTERNS_MAX 64u

/* One to SECTION_PATTERNS_MAX patterns. */
void patterns_check(const struct conf_section *section,
    const struct words *subjects, struct conf_errors *errors);
/* At most `max` sections of this kind, and no pattern in two of them. */
void patterns_check_apart(const struct conf *conf, const char *kind, size_t max,
    struct conf_errors *errors);

#endif
