/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/log/rotation.h"

#include "common/mono.h"

/* How large the file in use may become: under a cap half of it at most, or a
 * rotation would leave nothing to read. */
static uint64_t
room(const struct rotation *r)
{
	uint64_t half = r->total_bytes / 2;

	if (half == 0)
		return r->size_bytes;
	return r->size_bytes > 0 && r->size_bytes < half ? r->size_bytes : half;
}

bool
rotation_is_due(const struct rotation *r, uint64_t bytes, uint64_t age_ms,
    uint64_t more)
{
	uint64_t limit = room(r);

	if (bytes == 0)
		return false;
	if (limit > 0 && (bytes >= limit || more > limit - bytes))
		return true;
	return r->age_ms > 0 && r->age_ms != DURATION_INFINITY &&
	    age_ms >= r->age_ms;
}

size_t
rotation_keeps(const struct rotation *r, const uint64_t *bytes, size_t count)
{
	uint64_t left = r->total_bytes - room(r);
	size_t n = 0;

	while (n < count && n < r->keep) {
		if (r->total_bytes > 0) {
			if (bytes[n] > left)
				break;
			left -= bytes[n];
		}
		n++;
	}
	return n;
}
