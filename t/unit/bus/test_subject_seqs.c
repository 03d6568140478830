/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "t/lib/unit.h"
#include "workers/bus/subject_seqs.h"

static struct slice
subject(unsigned n)
{
	static char text[32];

	snprintf(text, sizeof(text), "order.%u.paid", n);
	return slice_of(text);
}

START_TEST(the_highest_sequence_of_each_subject_is_known)
{
	struct subject_seqs *s = subject_seqs_new(100000);

	for (unsigned i = 1; i <= 60000; i++)
		subject_seqs_note(s, subject(i % 20000), i);
	subject_seqs_note(s, subject(5), 1); /* read late */
	for (unsigned i = 0; i < 20000; i++)
		ck_assert_uint_eq(subject_seqs_find(s, subject(i)),
		    i == 0 ? 60000 : 40000 + i);
	ck_assert_uint_eq(subject_seqs_find(s, subject(20000)), 0);
	ck_assert_uint_eq(subject_seqs_count(s), 20000);
	subject_seqs_free(&s);
}
END_TEST

START_TEST(a_full_one_says_so_and_knows_nothing)
{
	struct subject_seqs *s = subject_seqs_new(100);

	for (unsigned i = 1; i <= 100; i++)
		subject_seqs_note(s, subject(i), i);
	ck_assert(!subject_seqs_is_full(s));
	subject_seqs_note(s, subject(100), 200);
	ck_assert_uint_eq(subject_seqs_find(s, subject(100)), 200);
	subject_seqs_note(s, subject(101), 201);
	ck_assert(subject_seqs_is_full(s));
	ck_assert_uint_eq(subject_seqs_find(s, subject(100)), 0);
	subject_seqs_note(s, subject(1), 202);
	subject_seqs_free(&s);
}
END_TEST

UNIT(subject_seqs, the_highest_sequence_of_each_subject_is_known,
    a_full_one_says_so_and_knows_nothing)
