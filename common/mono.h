/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed monotonic time.  This and wall_ns() are the only places that read a
 * clock.  Durations are plain integers with their unit in the name.
 */
#ifndef COMMON_MONO_H
#define COMMON_MONO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mono {
	uint64_t ns; /* since an arbitrary start; 0 as a deadline: never */
};

#define DURATION_INFINITY UINT64_MAX /* for every *_ms */

struct mono mono_now(void);
struct mono mono_add_ms(struct mono t, uint64_t ms); /* saturates */
bool mono_reached(struct mono now, struct mono deadline);
/* Milliseconds from a to b, rounded down; 0 when b is before a. */
uint64_t mono_ms_between(struct mono a, struct mono b);
/* Milliseconds left until deadline, rounded up; 0 when reached,
 * DURATION_INFINITY when it is never. */
uint64_t mono_ms_left(struct mono now, struct mono deadline);

/* Wall clock, ns since 1970: data only, never for timers. */
int64_t wall_ns(void);
/* RFC 3339 in UTC with milliseconds ("2026-11-24T20:15:00.123Z"). */
#define RFC3339_BYTES 32
void rfc3339_print(int64_t ns, char out[static RFC3339_BYTES]);
/* Accepts any offset and fraction; false when text is not RFC 3339
 * or lies outside of what *ns_r can hold (1677 to 2262). */
bool rfc3339_parse(const char *text, size_t len, int64_t *ns_r);

#endif
