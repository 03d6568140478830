/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "common/mono.h"
#include "common/proc_facts.h"
#include "t/lib/unit.h"

START_TEST(a_process_knows_itself)
{
	struct proc_facts facts;

	ck_assert(proc_facts_read(getpid(), &facts));
	ck_assert_uint_ge(facts.rss_bytes, 100000);
	ck_assert_uint_ge(facts.virtual_bytes, facts.rss_bytes);
	ck_assert_uint_eq(facts.threads, 1);
	ck_assert_int_ge(facts.fds, 3);
	ck_assert_uint_gt(facts.started_ticks, 0);
	/* since the machine was started, and not in the future */
	ck_assert_uint_le(facts.started_ns, (uint64_t)wall_ns() + 1000000000);
}
END_TEST

START_TEST(nobody_has_no_facts)
{
	struct proc_facts facts;

	ck_assert(!proc_facts_read(0, &facts));
	ck_assert(!proc_facts_read(-1, &facts));
	ck_assert(!proc_facts_read(0x7fffffff, &facts));
}
END_TEST

UNIT(proc_facts, a_process_knows_itself, nobody_has_no_facts)
