/* SPDX-License-Identifier: Apache-2.0 */
/* One word of a libpq conninfo ("host=/run/pg port=5432").  Pure. */
#ifndef SUPERVISOR_MSCTL_DOCTOR_CONNINFO_H
#define SUPERVISOR_MSCTL_DOCTOR_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>

/* The value of the key, quotes and backslashes resolved; the last one given
 * counts.  False: it is not there, or too long. */
bool conninfo_get(const char *conninfo, const char *key, char *value_r,
    size_t bytes);

#endif
