/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start order: as written in the file, except that everybody comes after
 * what he depends on.  Pure.
 */
#ifndef SUPERVISOR_SPEC_ORDER_H
#define SUPERVISOR_SPEC_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct order_edge {
	size_t later;   /* comes after ... */
	size_t earlier; /* ... this one */
};

/*
 * Fills order_r[count] with the numbers 0..count-1, and returns count.  On a
 * cycle order_r holds the numbers of one, each after the one it waits for,
 * and the result is its length (*cycle_r = true).  Equal candidates keep
 * their numerical order.
 */
size_t order_sort(size_t count, const struct order_edge *edges,
    size_t edge_count, size_t *order_r, bool *cycle_r);

#endif
