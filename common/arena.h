/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many allocations, one free.  One arena per message, request or loaded
 * configuration.  Capped: a hostile input cannot make it grow without end.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stddef.h>

#include "common/defs.h"
#include "common/str.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used_bytes;
	size_t limit_bytes; /* 0 = none */
};

void arena_init(struct arena *arena, size_t limit_bytes);
void arena_fini(struct arena *arena);  /* frees all; reusable afterwards */
void arena_reset(struct arena *arena); /* empties, keeps one block */

/* Zeroed, aligned to 16.  NULL when the limit or memory is exhausted. */
void *arena_alloc(struct arena *arena, size_t bytes);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *fmt, ...) MS_PRINTF(2, 3);
struct slice arena_slice(struct arena *arena, struct slice bytes);

#endif
