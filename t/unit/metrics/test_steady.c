/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"
#include "workers/metrics/steady.h"

#define CONFIRM 2

/* Looks: o, d, f.  What is told: one upper-case letter behind each look that
 * changes something, '.' behind the others. */
static const char *
told(struct steady *s, const char *looks)
{
	static const char words[] = "ODF";
	static char out[64];
	size_t n = 0;

	for (uint64_t at = 1; *looks; looks++, at++) {
		enum health_level before,
		    seen = *looks == 'f' ? HEALTH_FAILED
		    : *looks == 'd'      ? HEALTH_DEGRADED
					 : HEALTH_OK;
		bool changed =
		    steady_note(s, seen, CONFIRM, (struct mono){ at }, &before);

		out[n++] = changed ? words[s->level] : '.';
	}
	out[n] = '\0';
	return out;
}

static const char *
fresh(const char *looks)
{
	struct steady s = { 0 };

	return told(&s, looks);
}

START_TEST(good_is_believed_at_the_first_look)
{
	ck_assert_str_eq(fresh("oooo"), "O...");
}
END_TEST

START_TEST(a_change_needs_looks_in_a_row)
{
	ck_assert_str_eq(fresh("offoo"), "O.F.O");
	ck_assert_str_eq(fresh("ff"), ".F");
}
END_TEST

START_TEST(what_flaps_is_not_told)
{
	ck_assert_str_eq(fresh("ofofofof"), "O.......");
	ck_assert_str_eq(fresh("offofof"), "O.F....");
}
END_TEST

START_TEST(no_further_than_the_nearest_of_the_looks)
{
	/* degraded is certain after two, failed only after two more */
	ck_assert_str_eq(fresh("odfff"), "O.D.F");
	ck_assert_str_eq(fresh("ofdff"), "O.D.F");
	/* and on the way back */
	ck_assert_str_eq(fresh("offodoo"), "O.F.D.O");
}
END_TEST

START_TEST(the_other_side_begins_anew)
{
	struct steady s = { 0 };

	ck_assert_str_eq(told(&s, "odd"), "O.D");
	ck_assert_str_eq(told(&s, "fofo"), "....");
	ck_assert_str_eq(told(&s, "o"), "O");
}
END_TEST

START_TEST(it_is_known_since_when)
{
	struct steady s = { 0 };

	told(&s, "off");
	ck_assert_uint_eq(s.since.ns, 3);
}
END_TEST

UNIT(steady, good_is_believed_at_the_first_look, a_change_needs_looks_in_a_row,
    what_flaps_is_not_told, no_further_than_the_nearest_of_the_looks,
    the_other_side_begins_anew, it_is_known_since_when)
