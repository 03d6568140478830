/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/metrics/steady.h"

static void
believe(struct steady *s, enum health_level level, struct mono now)
{
	s->known = true;
	s->level = level;
	s->since = now;
	s->in_a_row = 0;
}

/* One more look beside what is believed, on this side of it. */
static void
count(struct steady *s, enum health_level seen)
{
	bool worse = seen > s->level;

	if (s->in_a_row == 0 || s->worse != worse) {
		s->in_a_row = 0;
		s->worse = worse;
		s->nearest = seen;
	}
	s->in_a_row++;
	if (worse ? seen < s->nearest : seen > s->nearest)
		s->nearest = seen;
}

bool
steady_note(struct steady *s, enum health_level seen, uint32_t confirm,
    struct mono now, enum health_level *before_r)
{
	*before_r = s->level; /* HEALTH_OK while nothing is known */
	if (seen == s->level) {
		s->in_a_row = 0;
		if (s->known)
			return false;
		believe(s, seen, now);
		return true;
	}
	count(s, seen);
	if (s->in_a_row < confirm)
		return false;
	believe(s, s->nearest, now);
	return true;
}
