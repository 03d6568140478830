/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one answer to "no memory": say so and leave.  A half-working process is
 * worse than a restarted one, and nobody has to write an error path for it.
 */
#include "common/alloc.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"

static void *
checked(void *ptr, size_t bytes)
{
	if (!ptr)
		log_fatal(EX_OSERR, "out of memory", "bytes=%zu", bytes);
	return ptr;
}

/* malloc(0) may answer NULL, which is not what "does not fail" promises. */
static size_t
at_least_one(size_t bytes)
{
	return bytes ? bytes : 1;
}

void *
xmalloc(size_t bytes)
{
	return checked(malloc(at_least_one(bytes)), bytes);
}

void *
xcalloc(size_t count, size_t bytes)
{
	if (count == 0 || bytes == 0)
		return checked(calloc(1, 1), 1);
	return checked(calloc(count, bytes), bytes);
}

void *
xrealloc(void *ptr, size_t bytes)
{
	return checked(realloc(ptr, at_least_one(bytes)), bytes);
}

void *
xreallocarray(void *ptr, size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total))
		return checked(NULL, SIZE_MAX);
	return xrealloc(ptr, total);
}

char *
xstrdup(const char *text)
{
	return checked(strdup(text), strlen(text) + 1);
}

char *
xstrndup(const char *text, size_t len)
{
	size_t n = strnlen(text, len);
	char *copy = xmalloc(n + 1);

	memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list args;
	char *text = NULL;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	return checked(n < 0 ? NULL : text, 0);
}

void
alloc_trim(void)
{
	malloc_trim(0);
}
