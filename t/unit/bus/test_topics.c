/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "t/lib/unit.h"
#include "workers/bus/topics.h"

static struct topic
find(struct topics *t, const char *subject)
{
	return topics_find(t, slice_of(subject));
}

static struct topics *
example(void)
{
	struct topics *t = topics_new();

	topics_add_stream(t, "metrics.>", 1);
	topics_add_stream(t, "order.>", 2);
	topics_add_policy(t, ">", 1);
	topics_add_policy(t, "metrics.cpu.*", 2);
	return t;
}

START_TEST(stream_and_policy_are_each_the_most_literal)
{
	struct topics *t = example();

	ck_assert_uint_eq(find(t, "agent.made").stream, 0);
	ck_assert_uint_eq(find(t, "agent.made").policy, 1);
	ck_assert_uint_eq(find(t, "metrics.cpu.0").stream, 1);
	ck_assert_uint_eq(find(t, "metrics.cpu.0").policy, 2);
	ck_assert_uint_eq(find(t, "metrics.mem").policy, 1);
	ck_assert_uint_eq(find(t, "order.1.paid").stream, 2);
	topics_free(&t);
}
END_TEST

START_TEST(a_second_look_says_the_same)
{
	struct topics *t = example();
	char subject[128];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 10000; i++) {
			snprintf(subject, sizeof(subject), "%s.cpu.n%d",
			    i % 3 ? "metrics" : "order", i);
			ck_assert_uint_eq(find(t, subject).stream,
			    i % 3 ? 1 : 2);
			ck_assert_uint_eq(find(t, subject).policy,
			    i % 3 ? 2 : 1);
		}
	}
	topics_free(&t);
}
END_TEST

START_TEST(a_long_subject_is_found_too)
{
	struct topics *t = example();
	char subject[201] = "metrics.";

	for (size_t i = 8; i < sizeof(subject) - 1; i++)
		subject[i] = 'x';
	for (int round = 0; round < 2; round++)
		ck_assert_uint_eq(find(t, subject).stream, 1);
	topics_free(&t);
}
END_TEST

START_TEST(after_a_reset_new_patterns_hold)
{
	struct topics *t = example();
	uint8_t class = find(t, "metrics.mem").class;

	topics_reset(t);
	topics_add_stream(t, "metrics.mem", 3);
	ck_assert_uint_eq(find(t, "metrics.mem").stream, 3);
	ck_assert_uint_eq(find(t, "metrics.mem").policy, 0);
	ck_assert_uint_eq(find(t, "order.1.paid").stream, 0);
	ck_assert_uint_eq(find(t, "metrics.mem").class, class);
	topics_free(&t);
}
END_TEST

START_TEST(classes_are_bounded)
{
	struct topics *t = topics_new();
	char subject[32];

	for (unsigned i = 0; i < 1000; i++) {
		uint8_t class;

		snprintf(subject, sizeof(subject), "c%u.x", i);
		class = find(t, subject).class;
		ck_assert_uint_eq(class,
		    i < TOPIC_CLASS_OTHER ? i : TOPIC_CLASS_OTHER);
	}
	ck_assert_str_eq(topics_class(t, 0), "c0");
	ck_assert_str_eq(topics_class(t, TOPIC_CLASS_OTHER), "other");
	topics_free(&t);
}
END_TEST

UNIT(topics, stream_and_policy_are_each_the_most_literal,
    a_second_look_says_the_same, a_long_subject_is_found_too,
    after_a_reset_new_patterns_hold, classes_are_bounded)
