/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"
#include "workers/bus/consumer.h"

#define ACK_WAIT_MS 1000u

static const struct words all = { NULL, 0 };

static struct mono
at(uint64_t ms)
{
	return (struct mono){ (ms + 1) * 1000000 };
}

static struct consumer *
fresh(void)
{
	struct consumer *c = consumer_new("c", &all, DELIVER_ALL, ACK_WAIT_MS);

	ck_assert_int_eq(consumer_claim(c, "a", at(0), NULL), MS_OK);
	return c;
}

static void
deliver(struct consumer *c, uint64_t first, uint64_t last, uint64_t ms)
{
	for (uint64_t seq = first; seq <= last; seq++)
		consumer_deliver(c, seq, at(ms));
}

/* How many come again at this time; the first one's sequence. */
static size_t
again(const struct consumer *c, uint64_t ms, uint64_t *first_r)
{
	struct flight *f;
	size_t pos = 0, count = 0;

	while ((f = consumer_again(c, &pos, at(ms)))) {
		if (count++ == 0)
			*first_r = f->seq;
	}
	return count;
}

START_TEST(the_floor_follows_the_settled_front)
{
	struct consumer *c = fresh();

	deliver(c, 1, 10, 0);
	ck_assert_uint_eq(c->ack_floor, 0);
	consumer_settle(c, 4, 6, SETTLE_SUCCESS, 0, at(1));
	ck_assert_uint_eq(c->ack_floor, 0);
	consumer_settle(c, 1, 3, SETTLE_SUCCESS, 0, at(1));
	ck_assert_uint_eq(c->ack_floor, 6);
	consumer_settle_upto(c, 10);
	ck_assert_uint_eq(c->ack_floor, 10);
	ck_assert_uint_eq(c->unsettled, 0);
	ck_assert(c->dirty);
	consumer_free(&c);
}
END_TEST

START_TEST(what_does_not_match_is_settled_with_what_does)
{
	struct consumer *c = fresh();

	consumer_deliver(c, 5, at(0));
	consumer_skip(c, 20);
	ck_assert_uint_eq(c->ack_floor, 4);
	consumer_settle_upto(c, 5);
	ck_assert_uint_eq(c->ack_floor, 20);
	consumer_skip(c, 30);
	ck_assert_uint_eq(c->ack_floor, 30);
	consumer_free(&c);
}
END_TEST

START_TEST(unsettled_events_come_again_after_ack_wait)
{
	struct consumer *c = fresh();
	uint64_t first = 0;
	size_t pos = 0;
	struct flight *f;

	deliver(c, 1, 3, 0);
	ck_assert_uint_eq(again(c, ACK_WAIT_MS - 1, &first), 0);
	ck_assert_uint_eq(consumer_due(c).ns, at(ACK_WAIT_MS).ns);
	ck_assert_uint_eq(again(c, ACK_WAIT_MS, &first), 3);
	ck_assert_uint_eq(first, 1);
	f = consumer_again(c, &pos, at(ACK_WAIT_MS));
	consumer_redeliver(c, f, at(ACK_WAIT_MS));
	ck_assert_uint_eq(f->deliveries, 2);
	ck_assert_uint_eq(again(c, ACK_WAIT_MS, &first), 2);
	ck_assert_uint_eq(first, 2);
	consumer_free(&c);
}
END_TEST

START_TEST(in_progress_restarts_ack_wait)
{
	struct consumer *c = fresh();
	uint64_t first = 0;

	deliver(c, 1, 2, 0);
	consumer_settle(c, 1, 2, SETTLE_IN_PROGRESS, 0, at(900));
	ck_assert_uint_eq(again(c, 1500, &first), 0);
	ck_assert_uint_eq(again(c, 1900, &first), 2);
	consumer_free(&c);
}
END_TEST

START_TEST(a_retry_waits_its_delay_and_nothing_passes_it)
{
	struct consumer *c = fresh();
	uint64_t first = 0;

	deliver(c, 1, 4, 0);
	consumer_settle(c, 2, 2, SETTLE_RETRY, 500, at(0));
	ck_assert(consumer_is_blocked(c, at(100)));
	ck_assert_uint_eq(again(c, 499, &first), 0);
	ck_assert_uint_eq(again(c, 500, &first), 1);
	ck_assert_uint_eq(first, 2);
	consumer_settle(c, 3, 4, SETTLE_SUCCESS, 0, at(1));
	consumer_settle(c, 1, 1, SETTLE_SUCCESS, 0, at(1));
	ck_assert_uint_eq(c->ack_floor, 1);
	consumer_free(&c);
}
END_TEST

START_TEST(release_does_not_count_and_retry_does)
{
	struct consumer *c = fresh();
	size_t pos = 0;
	struct flight *f;

	deliver(c, 1, 1, 0);
	consumer_settle(c, 1, 1, SETTLE_RELEASE, 0, at(1));
	f = consumer_again(c, &pos, at(1));
	consumer_redeliver(c, f, at(1));
	ck_assert_uint_eq(f->deliveries, 1);
	consumer_settle(c, 1, 1, SETTLE_RETRY, 0, at(2));
	consumer_redeliver(c, f, at(2));
	ck_assert_uint_eq(f->deliveries, 2);
	consumer_free(&c);
}
END_TEST

START_TEST(settle_upto_does_not_settle_what_was_asked_for_again)
{
	struct consumer *c = fresh();

	deliver(c, 1, 5, 0);
	consumer_settle(c, 3, 3, SETTLE_RETRY, 500, at(0));
	consumer_settle_upto(c, 5);
	ck_assert_uint_eq(c->ack_floor, 2);
	ck_assert_uint_eq(c->unsettled, 1);
	consumer_free(&c);
}
END_TEST

START_TEST(a_new_member_takes_over_and_the_old_one_is_fenced)
{
	struct consumer *c = fresh();
	uint64_t first = 0;

	deliver(c, 1, 3, 0);
	ck_assert_int_eq(consumer_claim(c, "b", at(1), NULL), MS_OK);
	ck_assert_uint_eq(again(c, 1, &first), 3);
	ck_assert_uint_eq(first, 1);
	ck_assert_int_eq(consumer_claim(c, "a", at(2), NULL), MS_ECONFLICT);
	ck_assert_int_eq(consumer_claim(c, "b", at(3), NULL), MS_OK);
	ck_assert_str_eq(c->member, "b");
	consumer_free(&c);
}
END_TEST

START_TEST(the_same_member_does_not_get_its_events_again_at_once)
{
	struct consumer *c = fresh();
	uint64_t first = 0;

	deliver(c, 1, 3, 0);
	ck_assert_int_eq(consumer_claim(c, "a", at(1), NULL), MS_OK);
	ck_assert_uint_eq(again(c, 1, &first), 0);
	consumer_free(&c);
}
END_TEST

START_TEST(events_in_flight_are_bounded)
{
	struct consumer *c = fresh();

	ck_assert_uint_eq(consumer_room(c, 10), 10);
	deliver(c, 1, 10, 0);
	ck_assert_uint_eq(consumer_room(c, 10), 0);
	consumer_settle_upto(c, 4);
	ck_assert_uint_eq(consumer_room(c, 10), 4);
	ck_assert_uint_eq(consumer_room(c, 2), 0);
	consumer_free(&c);
}
END_TEST

START_TEST(after_a_restart_what_was_handed_out_is_marked)
{
	struct consumer *c = fresh();

	consumer_set_cursor(c, 10, 15);
	ck_assert_uint_eq(c->scanned, 10);
	ck_assert_uint_eq(consumer_deliver(c, 11, at(0)), 2);
	ck_assert_uint_eq(consumer_deliver(c, 15, at(0)), 2);
	ck_assert_uint_eq(consumer_deliver(c, 16, at(0)), 1);
	consumer_free(&c);
}
END_TEST

START_TEST(a_settlement_of_an_earlier_life_counts_up_to_what_was_handed_out)
{
	struct consumer *c = fresh();

	consumer_set_cursor(c, 10, 15);
	consumer_settle_upto(c, 16);
	ck_assert_uint_eq(c->ack_floor, 10);
	consumer_settle_upto(c, 14);
	ck_assert_uint_eq(c->ack_floor, 14);
	consumer_free(&c);
}
END_TEST

START_TEST(a_lost_reply_is_handed_out_again_uncounted)
{
	struct consumer *c = fresh();
	uint64_t first = 0;
	size_t pos = 0;
	struct flight *f;

	deliver(c, 1, 3, 0);
	consumer_take_back(c, 2, 3);
	ck_assert_uint_eq(again(c, 1, &first), 2);
	ck_assert_uint_eq(first, 2);
	f = consumer_again(c, &pos, at(1));
	consumer_redeliver(c, f, at(1));
	ck_assert_uint_eq(f->deliveries, 1);
	consumer_free(&c);
}
END_TEST

START_TEST(many_flights_come_and_go_in_order)
{
	struct consumer *c = fresh();
	uint64_t next = 1;

	for (int round = 0; round < 1000; round++) {
		deliver(c, next, next + 99, 0);
		next += 100;
		if (round > 2)
			consumer_settle_upto(c, next - 301);
		ck_assert_uint_le(c->unsettled, 400);
	}
	ck_assert_uint_eq(c->ack_floor, next - 301);
	ck_assert_uint_le(c->flight_cap, 2048);
	consumer_free(&c);
}
END_TEST

START_TEST(names_and_filters_have_rules)
{
	char good[] = "agent.*", bad[] = "agent..x";
	struct words filter = { (char *[]){ good, NULL }, 1 };
	struct words broken = { (char *[]){ bad, NULL }, 1 };

	ck_assert_int_eq(consumer_check("persist", &filter, NULL), MS_OK);
	ck_assert_int_eq(consumer_check("", &filter, NULL), MS_EINVAL);
	ck_assert_int_eq(consumer_check(NULL, &filter, NULL), MS_EINVAL);
	ck_assert_int_eq(consumer_check("a.b", &filter, NULL), MS_EINVAL);
	ck_assert_int_eq(consumer_check("a/b", &filter, NULL), MS_EINVAL);
	ck_assert_int_eq(consumer_check("a", &broken, NULL), MS_ESUBJECT);
}
END_TEST

START_TEST(filters_choose_by_subject)
{
	char one[] = "agent.*.started", two[] = "audit.>";
	struct words filter = { (char *[]){ one, two, NULL }, 2 };
	struct consumer *c = consumer_new("c", &filter, DELIVER_ALL, 0);

	ck_assert(consumer_matches(c, SLICE_LIT("agent.7.started")));
	ck_assert(consumer_matches(c, SLICE_LIT("audit.head")));
	ck_assert(!consumer_matches(c, SLICE_LIT("agent.7.stopped")));
	ck_assert(consumer_is_same(c, &filter, DELIVER_ALL, 0));
	ck_assert(!consumer_is_same(c, &all, DELIVER_ALL, 0));
	ck_assert(!consumer_is_same(c, &filter, DELIVER_NEW, 0));
	consumer_free(&c);
}
END_TEST

START_TEST(the_worst_is_the_one_handed_out_most_often)
{
	struct consumer *c = fresh();
	struct flight *f;
	size_t pos = 0;

	ck_assert_ptr_null(consumer_worst(c));
	deliver(c, 1, 3, 0);
	ck_assert_uint_eq(consumer_worst(c)->seq, 1);
	consumer_settle(c, 2, 2, SETTLE_RETRY, 0, at(1));
	f = consumer_again(c, &pos, at(2));
	ck_assert_ptr_nonnull(f);
	consumer_redeliver(c, f, at(2));
	ck_assert_uint_eq(consumer_worst(c)->seq, 2);
	ck_assert_uint_eq(consumer_worst(c)->deliveries, 2);
	consumer_settle_upto(c, 3);
	ck_assert_ptr_null(consumer_worst(c));
	consumer_free(&c);
}
END_TEST

UNIT(consumer, the_floor_follows_the_settled_front,
    what_does_not_match_is_settled_with_what_does,
    unsettled_events_come_again_after_ack_wait, in_progress_restarts_ack_wait,
    a_retry_waits_its_delay_and_nothing_passes_it,
    release_does_not_count_and_retry_does,
    settle_upto_does_not_settle_what_was_asked_for_again,
    a_new_member_takes_over_and_the_old_one_is_fenced,
    the_same_member_does_not_get_its_events_again_at_once,
    events_in_flight_are_bounded, after_a_restart_what_was_handed_out_is_marked,
    a_settlement_of_an_earlier_life_counts_up_to_what_was_handed_out,
    a_lost_reply_is_handed_out_again_uncounted,
    many_flights_come_and_go_in_order, names_and_filters_have_rules,
    filters_choose_by_subject, the_worst_is_the_one_handed_out_most_often)
