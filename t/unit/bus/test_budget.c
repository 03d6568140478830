/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"
#include "workers/bus/budget.h"
#include "workers/bus/dedup.h"

#define MB UINT64_C(1000000)

START_TEST(all_shares_together_are_the_buffer)
{
	uint64_t sum = 0;

	for (int i = 0; i < BUDGET_USES; i++) {
		ck_assert_str_ne(budget_use_name((enum budget_use)i), "");
		sum += budget_share(500 * MB, (enum budget_use)i);
	}
	ck_assert_uint_eq(sum, 500 * MB);
}
END_TEST

START_TEST(the_default_buffer_holds_the_default_window)
{
	ck_assert_uint_ge(dedup_entries_within(
			      budget_share(500 * MB, BUDGET_DEDUP)),
	    4000000);
}
END_TEST

/* The figure per entry is true of a window while it grows and turns over. */
START_TEST(a_full_window_keeps_within_its_share)
{
	uint64_t share = budget_share(20 * MB, BUDGET_DEDUP);
	uint64_t entries = dedup_entries_within(share);
	struct dedup *d = dedup_new(1000000, entries);

	for (uint64_t seq = 1; seq < 4 * entries; seq++) {
		struct id128 id = { { 0 } };
		uint64_t hash = seq * UINT64_C(0x9e3779b97f4a7c15);

		memcpy(id.byte, &hash, sizeof(hash));
		memcpy(id.byte + 8, &seq, sizeof(seq));
		dedup_expire(d, 1);
		dedup_add(d, &id, seq, 1);
		ck_assert_uint_le(dedup_bytes(d), share);
	}
	ck_assert_uint_ge(dedup_count(d), entries / 2);
	dedup_free(&d);
}
END_TEST

UNIT(budget, all_shares_together_are_the_buffer,
    the_default_buffer_holds_the_default_window,
    a_full_window_keeps_within_its_share)
