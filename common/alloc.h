/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that does not fail: out of memory ends the process with EX_OSERR, and
 * the supervisor repairs.  Not for proto/ and libms: they return MS_ENOMEM.
 */
#ifndef COMMON_ALLOC_H
#define COMMON_ALLOC_H

#include <stddef.h>

#include "common/defs.h"

void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *ptr, size_t bytes);
void *xreallocarray(void *ptr, size_t count, size_t bytes);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
/* After large temporary work: gives what is free back to the system.  A
 * process that sits idle for weeks should not hold it. */
void alloc_trim(void);
char *xasprintf(const char *fmt, ...) MS_PRINTF(1, 2);

#endif
