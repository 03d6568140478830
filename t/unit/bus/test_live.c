/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/batch.h"
#include "proto/msg/bus.h"
#include "t/unit/bus/fixture.h"
#include "workers/bus/live.h"

#define SENT_MAX 64

struct sent {
	char class[32];
	uint64_t prev, last;
	uint32_t count;
	uint64_t seqs[8];
};

struct sink {
	struct sent sent[SENT_MAX];
	size_t count;
};

static struct loop *loop;
static uint64_t next_seq = 1;

static void
on_send(void *arg, struct slice topic, struct slice head, struct slice body)
{
	struct sink *sink = arg;
	struct sent *s = &sink->sent[sink->count++];
	struct batch_head batch;
	struct batch_reader reader;
	struct slice frame;
	size_t total;
	bool end = false;

	ck_assert_uint_le(sink->count, SENT_MAX);
	ck_assert_uint_eq(head.len, PUB_HEAD_BYTES);
	ck_assert_str_eq(head.ptr + PUB_STREAM_OFF, "facts");
	ck_assert_int_eq(batch_check(body, &batch, &total, NULL), MS_OK);
	*s = (struct sent){ .prev = get_u64(head.ptr),
		.last = get_u64(head.ptr + 8),
		.count = batch.count };
	memcpy(s->class, topic.ptr, topic.len);
	reader = batch_read((struct slice){ body.ptr + BATCH_HEADER_BYTES,
				batch.body_bytes },
	    batch.count);
	for (size_t i = 0; i < 8; i++) {
		ck_assert_int_eq(batch_next(&reader, &frame, &end), MS_OK);
		if (end)
			break;
		s->seqs[i] = frame_seq(frame.ptr);
	}
}

/* Commits one batch of these subjects. */
static void
commit(struct live *l, const char *const *subjects)
{
	struct buf bytes = { 0 };
	struct batch_writer writer;
	struct batch_head head = { .base_seq = next_seq };

	batch_begin(&writer, &bytes);
	for (; *subjects; subjects++) {
		size_t at;

		live_event(l, slice_of(*subjects));
		batch_open_record(&writer);
		at = bytes.len;
		ck_assert_int_eq(
		    envelope_encode(&(struct envelope){ .type = SLICE_LIT("t"),
					.source = SLICE_LIT("/s"),
					.id_text = SLICE_LIT("i"),
					.subject = slice_of(*subjects) },
			&envelope_limits_default, &bytes, NULL),
		    MS_OK);
		frame_stamp(bytes.ptr + at, next_seq++, 1, 1, 0);
		batch_close_record(&writer);
	}
	batch_end(&writer, &head);
	live_batch(l, buf_slice(&bytes));
	buf_fini(&bytes);
}

static struct live *
begin(struct sink *sink, uint64_t start_seq)
{
	memset(sink, 0, sizeof(*sink));
	loop = loop ? loop : loop_new();
	next_seq = start_seq + 1;
	return live_new(loop, "facts", 20, start_seq, on_send, sink);
}

START_TEST(a_batch_of_one_class_goes_out_as_one_message)
{
	struct sink sink;
	struct live *l = begin(&sink, 0);

	commit(l, (const char *[]){ "agent.1.a", "agent.2.b", NULL });
	commit(l, (const char *[]){ "agent.1.c", NULL });
	ck_assert_uint_eq(sink.count, 2);
	ck_assert_str_eq(sink.sent[0].class, "agent");
	ck_assert_uint_eq(sink.sent[0].count, 2);
	ck_assert_uint_eq(sink.sent[0].prev, 0);
	ck_assert_uint_eq(sink.sent[0].last, 2);
	ck_assert_uint_eq(sink.sent[1].prev, 2);
	ck_assert_uint_eq(sink.sent[1].last, 3);
	live_free(&l);
}
END_TEST

START_TEST(a_mixed_batch_is_dealt_into_its_classes)
{
	struct sink sink;
	struct live *l = begin(&sink, 0);

	commit(l,
	    (const char *[]){ "agent.1", "audit.1", "agent.2", "pool.1",
		NULL });
	commit(l, (const char *[]){ "audit.2", "agent.3", NULL });
	ck_assert_uint_eq(sink.count, 5);
	ck_assert_str_eq(sink.sent[0].class, "agent");
	ck_assert_uint_eq(sink.sent[0].count, 2);
	ck_assert_uint_eq(sink.sent[0].seqs[0], 1);
	ck_assert_uint_eq(sink.sent[0].seqs[1], 3);
	ck_assert_uint_eq(sink.sent[0].last, 3);
	ck_assert_str_eq(sink.sent[1].class, "audit");
	ck_assert_uint_eq(sink.sent[1].seqs[0], 2);
	ck_assert_str_eq(sink.sent[3].class, "audit");
	ck_assert_uint_eq(sink.sent[3].prev, 2);
	ck_assert_uint_eq(sink.sent[3].last, 5);
	ck_assert_uint_eq(sink.sent[4].prev, 3);
	live_free(&l);
}
END_TEST

START_TEST(after_a_restart_a_class_begins_with_the_end_of_the_log)
{
	struct sink sink;
	struct live *l = begin(&sink, 100);

	commit(l, (const char *[]){ "agent.1", NULL });
	ck_assert_uint_eq(sink.sent[0].prev, 100);
	ck_assert_uint_eq(sink.sent[0].last, 101);
	live_free(&l);
}
END_TEST

START_TEST(a_heartbeat_follows_the_last_events_and_then_silence)
{
	struct sink sink;
	struct live *l = begin(&sink, 0);

	commit(l, (const char *[]){ "agent.1", "audit.1", NULL });
	while (sink.count < 4)
		loop_turn(loop, true);
	ck_assert_uint_eq(sink.sent[2].count, 0);
	ck_assert_uint_eq(sink.sent[2].prev, 1);
	ck_assert_uint_eq(sink.sent[2].last, 1);
	ck_assert_uint_eq(sink.sent[3].last, 2);
	/* nothing is left that could wake the loop */
	ck_assert_int_eq(ev_pending_count(loop_ev(loop)), 0);
	loop_turn(loop, false);
	ck_assert_uint_eq(sink.count, 4);
	live_free(&l);
}
END_TEST

START_TEST(forgotten_classes_show_a_gap_and_never_hide_one)
{
	struct sink sink;
	struct live *l = begin(&sink, 0);
	char subject[32];

	for (unsigned i = 0; i <= LIVE_CLASSES_MAX; i++) {
		snprintf(subject, sizeof(subject), "class%u.x", i);
		sink.count = 0;
		commit(l, (const char *[]){ subject, NULL });
	}
	commit(l, (const char *[]){ "class0.x", NULL });
	ck_assert_str_eq(sink.sent[1].class, "class0");
	ck_assert_uint_ge(sink.sent[1].prev, 1);
	ck_assert_uint_lt(sink.sent[1].prev, sink.sent[1].last);
	live_free(&l);
}
END_TEST

UNIT(live, a_batch_of_one_class_goes_out_as_one_message,
    a_mixed_batch_is_dealt_into_its_classes,
    after_a_restart_a_class_begins_with_the_end_of_the_log,
    a_heartbeat_follows_the_last_events_and_then_silence,
    forgotten_classes_show_a_gap_and_never_hide_one)
