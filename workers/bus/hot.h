/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest batches of the log in memory, so that consumers at its head read
 * no file.  A ring of bytes with one note per batch; the oldest make room.
 * Its memory is touched as it fills.
 */
#ifndef WORKERS_BUS_HOT_H
#define WORKERS_BUS_HOT_H

#include <stdint.h>

#include "common/str.h"

struct hot;

struct hot *hot_new(size_t bytes);
void hot_free(struct hot **hot);
/* One whole batch with sequences first..last, higher than all before; one that
 * is larger than the ring empties it. */
void hot_add(struct hot *hot, struct slice batch, uint64_t first,
    uint64_t last);
/* The batch that holds seq; false when it is not here.  Borrowed until the
 * next hot_add(). */
bool hot_find(const struct hot *hot, uint64_t seq, struct slice *batch_r);
/* Gives the memory back. */
void hot_clear(struct hot *hot);

#endif
