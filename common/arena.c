/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks in a list, the head is being filled.  A large piece gets a block of
 * its own behind the head, so the room left in the head is not lost.
 */
#include "common/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN           ((size_t)16)
#define BLOCK_MIN_BYTES ((size_t)1008) /* with its header 1 KiB */
#define BLOCK_MAX_BYTES ((size_t)65520)

struct arena_block {
	struct arena_block *next;
	uint32_t used_bytes;
	uint32_t room_bytes; /* 0: one large piece, never filled further */
	_Alignas(16) unsigned char bytes[];
};

void
arena_init(struct arena *arena, size_t limit_bytes)
{
	*arena = (struct arena){ .limit_bytes = limit_bytes };
}

static void
free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void
arena_fini(struct arena *arena)
{
	free_blocks(arena->head);
	arena->head = NULL;
	arena->used_bytes = 0;
}

void
arena_reset(struct arena *arena)
{
	struct arena_block *keep = arena->head;

	if (keep && keep->room_bytes == 0) {
		arena_fini(arena);
		return;
	}
	arena->used_bytes = 0;
	if (!keep)
		return;
	free_blocks(keep->next);
	keep->next = NULL;
	keep->used_bytes = 0;
}

static struct arena_block *
block_new(size_t bytes)
{
	struct arena_block *block = malloc(sizeof(*block) + bytes);

	if (block)
		*block = (struct arena_block){ 0 };
	return block;
}

static void *
alloc_large(struct arena *arena, size_t bytes)
{
	struct arena_block *block = block_new(bytes);
	struct arena_block **at = &arena->head;

	if (!block)
		return NULL;
	if (arena->head)
		at = &arena->head->next;
	block->next = *at;
	*at = block;
	return block->bytes;
}

/* Each block is twice the one before, so many small pieces cost few mallocs. */
static void *
alloc_in_new_block(struct arena *arena, size_t bytes)
{
	size_t room = BLOCK_MIN_BYTES;
	struct arena_block *block;

	if (arena->head)
		room = (size_t)arena->head->room_bytes * 2 + ALIGN;
	if (room < BLOCK_MIN_BYTES)
		room = BLOCK_MIN_BYTES;
	if (room > BLOCK_MAX_BYTES)
		room = BLOCK_MAX_BYTES;
	if (bytes > room / 4)
		return alloc_large(arena, bytes);
	block = block_new(room);
	if (!block)
		return NULL;
	block->room_bytes = (uint32_t)room;
	block->used_bytes = (uint32_t)bytes;
	block->next = arena->head;
	arena->head = block;
	return block->bytes;
}

static void *
alloc_in_head(struct arena *arena, size_t bytes)
{
	struct arena_block *head = arena->head;
	void *ptr;

	if (!head || bytes > (size_t)head->room_bytes - head->used_bytes)
		return NULL;
	ptr = head->bytes + head->used_bytes;
	head->used_bytes += (uint32_t)bytes;
	return ptr;
}

/* Checks the limit; the memory is not zeroed. */
static void *
take(struct arena *arena, size_t bytes)
{
	size_t rounded;
	void *ptr;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	rounded = bytes ? (bytes + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
	if (arena->limit_bytes &&
	    (arena->used_bytes > arena->limit_bytes ||
		rounded > arena->limit_bytes - arena->used_bytes))
		return NULL;
	ptr = alloc_in_head(arena, rounded);
	if (!ptr)
		ptr = alloc_in_new_block(arena, rounded);
	if (ptr)
		arena->used_bytes += rounded;
	return ptr;
}

void *
arena_alloc(struct arena *arena, size_t bytes)
{
	void *ptr = take(arena, bytes);

	return ptr ? memset(ptr, 0, bytes) : NULL;
}

static char *
copy(struct arena *arena, const char *bytes, size_t n)
{
	char *to = n < SIZE_MAX ? take(arena, n + 1) : NULL;

	if (!to)
		return NULL;
	if (n)
		memcpy(to, bytes, n);
	to[n] = '\0';
	return to;
}

char *
arena_strndup(struct arena *arena, const char *text, size_t len)
{
	return copy(arena, text, text ? strnlen(text, len) : 0);
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return copy(arena, text, strlen(text));
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;
	char *text = NULL;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	if (n >= 0)
		text = take(arena, (size_t)n + 1);
	if (text)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}

struct slice
arena_slice(struct arena *arena, struct slice bytes)
{
	char *ptr = copy(arena, bytes.ptr, bytes.len);

	return (struct slice){ ptr, ptr ? bytes.len : 0 };
}
