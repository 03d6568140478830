/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A work-stealing deque of pointers (Chase and Lev): its owner pushes and pops
 * at one end without a lock, thieves take from the other.  Zero-initialised is
 * valid and empty.
 */
#ifndef COMMON_DEQUE_H
#define COMMON_DEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEQUE_ITEMS_MAX 64u /* a power of two */

struct deque {
	_Atomic(int64_t) top; /* thieves take here; only ever grows */
	char apart[56]; /* owner and thieves in cache lines of their own */
	_Atomic(int64_t) bottom;
	_Atomic(void *) item[DEQUE_ITEMS_MAX];
};

/* Owner.  False: DEQUE_ITEMS_MAX are in it. */
bool deque_push(struct deque *deque, void *item);
/* Owner: the newest, NULL when there is none. */
void *deque_pop(struct deque *deque);
/* Any thread: the oldest, NULL when there is none. */
void *deque_steal(struct deque *deque);
/* Any thread; exact for the owner while nobody steals. */
size_t deque_len(struct deque *deque);

#endif
