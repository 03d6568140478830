/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "proto/history.h"
#include "t/lib/unit.h"

static struct top_worker workers[600];
static char names[600][32];
static struct top_pool pools[] = { { .name = "main",
    .used = 3,
    .idle = 7,
    .waiting = 1,
    .clients = 11,
    .acquired = 1000,
    .acquire_p99_ns = 1200000 } };
static struct top_consumer consumers[] = {
	{ .name = "persist", .lag = 12, .delivered = 99 }
};

static struct top_frame
frame_of(size_t count)
{
	struct top_frame f = { .wall_ns = 1764015790000000000,
		.mono_ns = 77,
		.has_tree = true,
		.workers = workers,
		.worker_count = count,
		.bus = { .is_there = true, .events = 500, .lag = 12 },
		.pools = pools,
		.pool_count = 1,
		.consumers = consumers,
		.consumer_count = 1,
		.promises = { { .name = "persistence",
		    .p99_ns = 20,
		    .threshold_ns = 5,
		    .breached = true } },
		.promise_count = 1 };

	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "agent@%zu", i);
		workers[i] = (struct top_worker){ .name = names[i],
			.state = "ready",
			.wanted = true,
			.ready = true,
			.has_proc = true,
			.pid = (uint32_t)(100 + i),
			.cpu_ns = 1000 * i,
			.rss_bytes = 4096 * i,
			.restarts = i % 3,
			.uptime_ms = 10,
			.requests = 5,
			.request_p99_ns = 42 };
	}
	return f;
}

static struct buf
printed(const struct top_frame *f, uint64_t seq)
{
	struct buf out = { 0 };

	ck_assert_int_eq(history_frame_print(f, seq, &out), MS_OK);
	ck_assert_uint_le(out.len, HISTORY_FRAME_BYTES);
	return out;
}

START_TEST(a_frame_comes_back_as_it_was)
{
	struct top_frame f = frame_of(3), g;
	struct buf out = printed(&f, 1234);
	uint64_t seq = 0;

	ck_assert(history_frame_check(buf_slice(&out), &seq));
	ck_assert_uint_eq(seq, 1234);
	ck_assert_int_eq(history_frame_parse(buf_slice(&out), &g), MS_OK);
	ck_assert_int_eq(g.wall_ns, f.wall_ns);
	ck_assert_uint_eq(g.worker_count, 3);
	ck_assert_str_eq(g.workers[2].name, "agent@2");
	ck_assert_str_eq(g.workers[2].state, "ready");
	ck_assert_uint_eq(g.workers[2].pid, 102);
	ck_assert_uint_eq(g.workers[2].cpu_ns, 2000);
	ck_assert_uint_eq(g.workers[2].request_p99_ns, 42);
	ck_assert(g.workers[2].ready && g.workers[2].has_proc);
	ck_assert(g.bus.is_there);
	ck_assert_uint_eq(g.bus.events, 500);
	ck_assert_str_eq(g.pools[0].name, "main");
	ck_assert_uint_eq(g.pools[0].acquire_p99_ns, 1200000);
	ck_assert_str_eq(g.consumers[0].name, "persist");
	ck_assert(g.promises[0].breached);
	ck_assert_uint_eq(g.left_out, 0);
	top_frame_fini(&g);
	buf_fini(&out);
}
END_TEST

START_TEST(with_very_many_workers_those_in_trouble_are_kept)
{
	struct top_frame f = frame_of(600), g;
	struct buf out;

	workers[1].ready = false;
	out = printed(&f, 1);
	ck_assert_int_eq(history_frame_parse(buf_slice(&out), &g), MS_OK);
	ck_assert_uint_gt(g.worker_count, 100);
	ck_assert_uint_eq(g.worker_count + g.left_out, 600);
	ck_assert_ptr_nonnull(top_frame_worker(&g, "agent@1"));
	ck_assert_ptr_nonnull(top_frame_worker(&g, "agent@599"));
	ck_assert_ptr_null(top_frame_worker(&g, "agent@2"));
	ck_assert_str_eq(g.workers[0].name, "agent@1");
	top_frame_fini(&g);
	buf_fini(&out);
}
END_TEST

START_TEST(a_torn_frame_is_recognised_wherever_it_is_torn)
{
	struct top_frame f = frame_of(4), g;
	struct buf out = printed(&f, 9);
	uint64_t seq;

	for (size_t i = 0; i < out.len; i++) {
		struct slice part = { (const char *)out.ptr, i };

		ck_assert(!history_frame_check(part, &seq));
		out.ptr[i] ^= 0x5a;
		ck_assert_int_eq(history_frame_parse(buf_slice(&out), &g),
		    MS_ECORRUPT);
		top_frame_fini(&g);
		out.ptr[i] ^= 0x5a;
	}
	ck_assert(history_frame_check(buf_slice(&out), &seq));
	buf_fini(&out);
}
END_TEST

START_TEST(a_new_frame_over_the_half_of_an_old_one_is_not_mixed)
{
	struct top_frame f = frame_of(40), h = frame_of(20);
	struct buf old = printed(&f, 5), new;
	uint64_t seq = 0;

	workers[19].restarts = 77; /* in its second half */
	new = printed(&h, 5 + HISTORY_FRAMES);
	ck_assert_uint_eq(history_frame_at(5), history_frame_at(365));
	memcpy(old.ptr, new.ptr, new.len / 2);
	ck_assert(!history_frame_check(buf_slice(&old), &seq));
	memcpy(old.ptr, new.ptr, new.len);
	ck_assert(history_frame_check(buf_slice(&old), &seq));
	ck_assert_uint_eq(seq, 365);
	buf_fini(&old);
	buf_fini(&new);
}
END_TEST

START_TEST(what_was_never_written_is_no_frame)
{
	static const char zeros[HISTORY_FRAME_BYTES];
	uint64_t seq;

	ck_assert(
	    !history_frame_check((struct slice){ zeros, sizeof(zeros) }, &seq));
}
END_TEST

START_TEST(a_file_that_is_not_ours_is_told_from_one_that_is)
{
	struct buf head = { 0 };
	struct why why = { "" };
	uint64_t period = 0;

	ck_assert_int_eq(history_head_parse((struct slice){ "", 0 }, &period,
			     &why),
	    MS_ECORRUPT);
	ck_assert_str_eq(why.text, "it is empty");
	why.text[0] = '\0';
	ck_assert_int_eq(
	    history_head_parse(slice_of("#!/bin/sh\necho this is another "
					"thing, and a long one too\n"),
		&period, &why),
	    MS_ECORRUPT);
	ck_assert_str_eq(why.text, "it is no history of ours");
	history_head_print(10000, &head);
	ck_assert_int_eq(history_head_parse(buf_slice(&head), &period, &why),
	    MS_OK);
	ck_assert_uint_eq(period, 10000);
	for (size_t i = 0; i < head.len; i++) {
		head.ptr[i] ^= 1;
		ck_assert_int_eq(history_head_parse(buf_slice(&head), &period,
				     NULL),
		    MS_ECORRUPT);
		head.ptr[i] ^= 1;
	}
	buf_fini(&head);
}
END_TEST

UNIT(history, a_frame_comes_back_as_it_was,
    with_very_many_workers_those_in_trouble_are_kept,
    a_torn_frame_is_recognised_wherever_it_is_torn,
    a_new_frame_over_the_half_of_an_old_one_is_not_mixed,
    what_was_never_written_is_no_frame,
    a_file_that_is_not_ours_is_told_from_one_that_is)
