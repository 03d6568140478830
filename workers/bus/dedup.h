/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deduplication window: which events were stored lately.  Identity (128
 * bits over source and id) to sequence, bounded by time and by entries.  Pure:
 * the caller brings the time, in milliseconds on any rising scale.
 */
#ifndef WORKERS_BUS_DEDUP_H
#define WORKERS_BUS_DEDUP_H

#include <stdint.h>

#include "common/field.h"

struct dedup;

struct dedup *dedup_new(uint64_t window_ms, uint64_t entries_max);
void dedup_free(struct dedup **dedup);
/* Take effect with the next dedup_expire(). */
void dedup_set_limits(struct dedup *dedup, uint64_t window_ms,
    uint64_t entries_max);

/* Sequence of the event stored with this identity; 0 when not in the window. */
uint64_t dedup_find(const struct dedup *dedup, const struct id128 *id);
/* dedup_find() of this id is near: fetches the memory it will look at. */
void dedup_expect(const struct dedup *dedup, const struct id128 *id);
/* id is not in the window; seq and now_ms never go back. */
void dedup_add(struct dedup *dedup, const struct id128 *id, uint64_t seq,
    int64_t now_ms);
/* Forgets what is older than the window.  Cost does not grow with entries. */
void dedup_expire(struct dedup *dedup, int64_t now_ms);

uint64_t dedup_count(const struct dedup *dedup);
uint64_t dedup_bytes(const struct dedup *dedup);
/* How many entries never need more memory than this, at their worst. */
uint64_t dedup_entries_within(uint64_t bytes);
/* What the window is in effect: shorter than asked for when the bound on
 * entries has cut it. */
uint64_t dedup_window_ms(const struct dedup *dedup, int64_t now_ms);

#endif
