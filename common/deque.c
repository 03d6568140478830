/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C11 form of Le, Pop, Cohen and Zappa Nardelli, "Correct and efficient
 * work-stealing for weak memory models" (2013), with two changes.  Their
 * fences are sequentially consistent accesses here: the same instructions on
 * x86, and the thread sanitizer understands them.  The array does not grow:
 * who fills it takes bounded shares.
 *
 * A cell is written again only when `top` has passed it, and then a thief that
 * read it before loses its exchange of `top`.
 */
#include "common/deque.h"

#include "common/defs.h"

_Static_assert((DEQUE_ITEMS_MAX & (DEQUE_ITEMS_MAX - 1)) == 0,
    "indices wrap by a mask");

static _Atomic(void *) *
cell(struct deque *deque, int64_t index)
{
	return &deque->item[(uint64_t)index & (DEQUE_ITEMS_MAX - 1)];
}

bool
deque_push(struct deque *deque, void *item)
{
	int64_t b = atomic_load_explicit(&deque->bottom, memory_order_relaxed);
	int64_t t = atomic_load_explicit(&deque->top, memory_order_acquire);

	if (b - t >= (int64_t)DEQUE_ITEMS_MAX)
		return false;
	atomic_store_explicit(cell(deque, b), item, memory_order_relaxed);
	/* what item points to is published with it */
	atomic_store_explicit(&deque->bottom, b + 1, memory_order_release);
	return true;
}

void *
deque_pop(struct deque *deque)
{
	int64_t b =
	    atomic_load_explicit(&deque->bottom, memory_order_relaxed) - 1;
	int64_t t;
	void *item = NULL;

	/* say first that it is ours, then look whether a thief was earlier */
	atomic_store(&deque->bottom, b);
	t = atomic_load(&deque->top);
	if (t <= b)
		item =
		    atomic_load_explicit(cell(deque, b), memory_order_relaxed);
	if (t < b)
		return item;
	/* the last one: whoever moves top has it */
	if (t == b && !atomic_compare_exchange_strong(&deque->top, &t, t + 1))
		item = NULL;
	atomic_store_explicit(&deque->bottom, b + 1, memory_order_release);
	return item;
}

void *
deque_steal(struct deque *deque)
{
	int64_t t = atomic_load(&deque->top);
	void *item;

	do {
		if (t >= atomic_load(&deque->bottom))
			return NULL;
		item =
		    atomic_load_explicit(cell(deque, t), memory_order_relaxed);
		/* failing reads the new top */
	} while (!atomic_compare_exchange_strong(&deque->top, &t, t + 1));
	return item;
}

size_t
deque_len(struct deque *deque)
{
	int64_t t = atomic_load(&deque->top);
	int64_t b = atomic_load(&deque->bottom);

	return b > t ? (size_t)(b - t) : 0;
}
