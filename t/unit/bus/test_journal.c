/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/resource.h>

#include "common/crc32c.h"
#include "t/unit/bus/fixture.h"
#include "workers/bus/journal.h"

#define BATCHES 14u

struct seen {
	uint64_t synced;
	unsigned failed;
	uint64_t settled;
};

static struct loop *loop;
static struct journal_recovery recovery;

static struct journal *
open_with(const struct journal_options *options)
{
	struct journal *j = NULL;
	struct why why;

	if (journal_open(loop, options, &j, &recovery, &why))
		ck_abort_msg("%s", why.text);
	return j;
}

static struct journal *
open_at(const struct place *p)
{
	struct journal_options options = options_for(p, false);

	return open_with(&options);
}

/* Every sequence from..upto in order, with its content. */
static void
expect_events(struct journal *j, uint64_t from, uint64_t upto)
{
	struct journal_walk walk = journal_walk_from(j, from);
	struct slice frame;
	uint64_t seq;

	for (uint64_t n = from; n <= upto; n++) {
		ck_assert_int_eq(journal_walk_next(&walk, &frame, &seq, NULL),
		    MS_OK);
		ck_assert_uint_eq(seq, n);
		ck_assert(event_is(frame, n));
	}
	ck_assert_int_eq(journal_walk_next(&walk, &frame, &seq, NULL),
	    MS_ENOTFOUND);
}

START_TEST(what_is_committed_is_read_again_after_reopening)
{
	struct place p = place_new();
	struct journal *j = open_at(&p);

	for (unsigned i = 1; i <= 20; i++)
		append(j, i % 3 + 1);
	ck_assert_uint_eq(journal_last_seq(j), 41);
	expect_events(j, 1, 41);
	journal_close(&j);
	j = open_at(&p);
	ck_assert_uint_eq(recovery.batches, 20);
	ck_assert_uint_eq(recovery.events, 41);
	ck_assert_uint_eq(journal_last_seq(j), 41);
	ck_assert_uint_le(journal_synced_seq(j), 41);
	sync_now(loop, j);
	ck_assert_uint_eq(journal_synced_seq(j), 41);
	for (uint64_t from = 1; from <= 42; from++)
		expect_events(j, from, 41);
	append(j, 2);
	expect_events(j, 1, 43);
	ck_assert_uint_eq(journal_epoch(j), 2);
	journal_close(&j);
	place_free(&p);
}
END_TEST

START_TEST(segments_roll_and_lead_into_each_other)
{
	struct place p = place_new();
	struct journal *j = open_at(&p);

	for (unsigned i = 0; i < 400; i++)
		append(j, 3);
	ck_assert_uint_gt(journal_segments(j), 3);
	expect_events(j, 1, 1200);
	journal_close(&j);
	j = open_at(&p);
	ck_assert_uint_eq(recovery.segments, journal_segments(j));
	ck_assert_uint_eq(recovery.lost_count, 0);
	ck_assert_uint_eq(recovery.cut_bytes, 0);
	for (uint64_t from = 1; from <= 1200; from += 131)
		expect_events(j, from, 1200);
	journal_close(&j);
	place_free(&p);
}
END_TEST

START_TEST(one_commit_may_hold_many_batches)
{
	struct place p = place_new();
	struct journal_options options = options_for(&p, false);
	struct buf frame = { 0 };
	struct journal *j;

	options.limits.segment_bytes = 32u << 20;
	j = open_with(&options);
	for (uint64_t n = 1; n <= 9000; n++) {
		buf_reset(&frame);
		event_encode(n, &frame);
		ck_assert_int_eq(journal_reserve(j, frame.len + 8, 1, NULL),
		    MS_OK);
		ck_assert_uint_eq(journal_add(j, buf_slice(&frame)), n);
	}
	ck_assert_int_eq(journal_commit(j, NULL), MS_OK);
	expect_events(j, 1, 9000);
	journal_close(&j);
	j = open_with(&options);
	ck_assert_uint_gt(recovery.batches, 1);
	ck_assert_uint_lt(recovery.batches, 20);
	expect_events(j, 1, 9000);
	journal_close(&j);
	buf_fini(&frame);
	place_free(&p);
}
END_TEST

START_TEST(a_second_broker_is_refused)
{
	struct place p = place_new();
	struct journal *j = open_at(&p), *other = NULL;
	struct journal_options options = options_for(&p, false);

	ck_assert_int_eq(journal_open(loop, &options, &other, &recovery, NULL),
	    MS_ECONFLICT);
	ck_assert_ptr_null(other);
	journal_close(&j);
	place_free(&p);
}
END_TEST

/* ---- cutting and flipping ------------------------------------------------ */

/* A small log as it lies on the disk while its broker lives: synced up to
 * batch 6, MANIFEST from the start. */
struct sample {
	struct buf segment;
	struct buf manifest;
	size_t end[BATCHES + 1];    /* of batch i in bytes */
	uint64_t last[BATCHES + 1]; /* its last sequence */
	uint64_t synced;
};

static void
sample_make(struct sample *s)
{
	struct place p = place_new();
	struct journal *j = open_at(&p);
	char path[PATH_MAX];

	memset(s, 0, sizeof(*s));
	for (unsigned i = 1; i <= BATCHES; i++) {
		append(j, i % 3 + 1);
		s->end[i] = (size_t)journal_bytes(j);
		s->last[i] = journal_last_seq(j);
		if (i == 6)
			sync_now(loop, j);
	}
	s->synced = journal_synced_seq(j);
	file_get(place_segment(&p, 1, path), &s->segment);
	file_get(place_path(&p, "MANIFEST", path), &s->manifest);
	journal_close(&j);
	place_free(&p);
}

static void
sample_free(struct sample *s)
{
	buf_fini(&s->segment);
	buf_fini(&s->manifest);
}

static void
sample_put(const struct sample *s, const struct place *p, size_t bytes)
{
	char path[PATH_MAX];

	empty_dir(p->dir);
	file_put(place_segment(p, 1, path), s->segment.ptr, bytes);
	file_put(place_path(p, "MANIFEST", path), s->manifest.ptr,
	    s->manifest.len);
}

START_TEST(a_log_cut_at_any_byte_is_its_whole_batches)
{
	struct place p = place_new();
	struct sample s;

	sample_make(&s);
	for (size_t cut = 0; cut <= s.end[BATCHES] + 8; cut++) {
		struct journal *j;
		unsigned whole = 0;

		while (whole < BATCHES && s.end[whole + 1] <= cut)
			whole++;
		sample_put(&s, &p, cut);
		j = open_at(&p);
		ck_assert_uint_eq(journal_last_seq(j), s.last[whole]);
		expect_events(j, 1, s.last[whole]);
		ck_assert_int_eq(recovery.cut_bytes > 0,
		    cut != s.end[whole] && whole < BATCHES);
		/* and it goes on from there */
		append(j, 1);
		ck_assert_uint_ge(journal_last_seq(j), s.last[whole] + 1);
		journal_close(&j);
	}
	sample_free(&s);
	place_free(&p);
}
END_TEST

static size_t flipped; /* the byte at which a bit was */

static bool
in_range(uint64_t seq, uint64_t first, uint64_t last)
{
	return first != 0 && seq >= first && seq <= last;
}

static void
expect_reported(const struct journal_recovery *r, uint64_t seq)
{
	bool reported = in_range(seq, r->cut_first, r->cut_last);

	for (size_t i = 0; i < r->lost_count; i++)
		reported = reported ||
		    in_range(seq, r->lost[i].first, r->lost[i].last);
	ck_assert_msg(reported,
	    "byte %zu: %ju is missing; cut %ju..%ju, %zu lost from %ju",
	    flipped, (uintmax_t)seq, (uintmax_t)r->cut_first,
	    (uintmax_t)r->cut_last, r->lost_count, (uintmax_t)r->lost[0].first);
}

/* Every event is there as it was, or its loss was reported. */
static void
expect_or_reported(struct journal *j, const struct journal_recovery *r,
    uint64_t upto)
{
	struct journal_walk walk = journal_walk_from(j, 1);
	struct slice frame;
	uint64_t next = 1, seq = 0;
	struct why why;
	enum ms_err err;

	while ((err = journal_walk_next(&walk, &frame, &seq, &why)) == MS_OK) {
		for (; next < seq; next++)
			expect_reported(r, next);
		ck_assert_uint_eq(seq, next);
		ck_assert(event_is(frame, seq));
		next++;
	}
	if (err != MS_ENOTFOUND)
		ck_abort_msg("%s", why.text);
	for (; next <= upto; next++)
		expect_reported(r, next);
}

static unsigned damaged_opens, cut_opens;

/* With `stop` damage keeps the broker down; with `isolate` it goes on, and
 * after that `stop` starts as well, as the loss is written off. */
static void
open_flipped(const struct place *p, uint64_t upto)
{
	struct journal_options stop = options_for(p, false);
	struct journal_options isolate = options_for(p, true);
	struct journal_recovery first;
	struct journal *j = NULL;
	enum ms_err err = journal_open(loop, &stop, &j, &first, NULL);

	if (err) {
		ck_assert_int_eq(err, MS_ECORRUPT);
		ck_assert_uint_gt(first.lost_count, 0);
		damaged_opens++;
		j = open_with(&isolate);
		ck_assert_uint_eq(recovery.lost_count, first.lost_count);
		first = recovery;
	}
	cut_opens += first.cut_first != 0;
	expect_or_reported(j, &first, upto);
	append(j, 1);
	ck_assert_uint_gt(journal_last_seq(j), upto);
	journal_close(&j);
	j = open_with(&stop);
	ck_assert_uint_eq(recovery.lost_count, 0);
	expect_or_reported(j, &first, upto);
	journal_close(&j);
}

START_TEST(a_bit_flipped_at_any_byte_is_harmless_or_reported)
{
	struct place p = place_new();
	struct sample s;
	char path[PATH_MAX];

	sample_make(&s);
	damaged_opens = cut_opens = 0;
	for (size_t at = 0; at < s.end[BATCHES] + 64; at++) {
		flipped = at;
		unsigned char bit = (unsigned char)(1u << at % 8);

		sample_put(&s, &p, s.segment.len);
		s.segment.ptr[at] ^= bit;
		file_put(place_segment(&p, 1, path), s.segment.ptr,
		    s.segment.len);
		s.segment.ptr[at] ^= bit;
		open_flipped(&p, s.last[BATCHES]);
	}
	/* what was promised is damage, what was not is a torn tail */
	ck_assert_uint_ge(damaged_opens, s.end[6]);
	ck_assert_uint_gt(cut_opens, 0);
	sample_free(&s);
	place_free(&p);
}
END_TEST

START_TEST(damage_before_the_synced_end_stops_the_start_with_its_range)
{
	struct place p = place_new();
	struct journal_options stop = options_for(&p, false);
	struct journal *j = NULL;
	struct sample s;
	struct stat st;
	struct why why;
	char path[PATH_MAX];

	sample_make(&s);
	s.segment.ptr[s.end[2] + 70] ^= 1; /* batch 3, its first record */
	sample_put(&s, &p, s.segment.len);
	ck_assert_int_eq(journal_open(loop, &stop, &j, &recovery, &why),
	    MS_ECORRUPT);
	ck_assert_uint_eq(recovery.lost_count, 1);
	ck_assert_uint_eq(recovery.lost[0].first, s.last[2] + 1);
	ck_assert_uint_eq(recovery.lost[0].last, s.last[3]);
	ck_assert_ptr_nonnull(strstr(why.text, "on_corruption"));
	ck_assert_int_eq(stat(place_path(&p, "quarantine/REPORT", path), &st),
	    0);
	/* nothing was changed: the same again */
	ck_assert_int_eq(journal_open(loop, &stop, &j, &recovery, &why),
	    MS_ECORRUPT);
	sample_free(&s);
	place_free(&p);
}
END_TEST

START_TEST(a_torn_tail_is_kept_in_quarantine_and_its_sequences_not_reused)
{
	struct place p = place_new();
	struct sample s;
	struct journal *j;
	char path[PATH_MAX], name[PATH_MAX];
	struct stat st;

	sample_make(&s);
	/* batch 8 never reached the disk, later ones did: power loss */
	memset(s.segment.ptr + s.end[7], 0, s.end[8] - s.end[7]);
	sample_put(&s, &p, s.segment.len);
	j = open_at(&p);
	ck_assert_uint_eq(recovery.cut_first, s.last[7] + 1);
	ck_assert_uint_eq(recovery.cut_last, s.last[BATCHES]);
	ck_assert_uint_eq(journal_last_seq(j), s.last[7]);
	ck_assert_uint_eq(journal_given_seq(j), s.last[BATCHES]);
	snprintf(name, sizeof(name), "quarantine/%020u.log.%zu.1.torn", 1,
	    s.end[7]);
	ck_assert_int_eq(stat(place_path(&p, name, path), &st), 0);
	journal_close(&j);
	sample_free(&s);
	place_free(&p);
}
END_TEST

START_TEST(a_missing_segment_is_damage)
{
	struct place p = place_new();
	struct journal_options stop = options_for(&p, false);
	struct journal *j = open_at(&p);
	struct journal_batch batch;
	uint64_t first = 0;
	char path[PATH_MAX];
	struct stat st;

	for (unsigned i = 0; i < 400; i++)
		append(j, 3);
	journal_close(&j);
	for (first = 2; first < 1200; first++) {
		if (stat(place_segment(&p, first, path), &st) == 0)
			break;
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(journal_open(loop, &stop, &j, &recovery, NULL),
	    MS_ECORRUPT);
	ck_assert_uint_eq(recovery.lost_count, 1);
	ck_assert_uint_eq(recovery.lost[0].first, first);
	stop.isolate = true;
	j = open_with(&stop);
	ck_assert_int_eq(journal_read(j, first, &batch, NULL), MS_OK);
	ck_assert_uint_eq(batch.head.base_seq, recovery.lost[0].last + 1);
	journal_close(&j);
	place_free(&p);
}
END_TEST

START_TEST(damage_in_a_verified_segment_is_found_when_it_is_read)
{
	struct place p = place_new();
	struct journal *j = open_at(&p);
	struct journal_options stop = options_for(&p, false);
	struct journal_batch batch;
	struct buf bytes = { 0 };
	char path[PATH_MAX];

	for (unsigned i = 0; i < 400; i++)
		append(j, 3);
	journal_close(&j);
	file_get(place_segment(&p, 1, path), &bytes);
	bytes.ptr[200] ^= 4;
	file_put(path, bytes.ptr, bytes.len);
	j = open_at(&p);
	ck_assert_int_eq(journal_read(j, 1, &batch, NULL), MS_ECORRUPT);
	journal_distrust(j);
	journal_abandon(j, &(struct why){ "damage" });
	journal_close(&j);
	ck_assert_int_eq(journal_open(loop, &stop, &j, &recovery, NULL),
	    MS_ECORRUPT);
	ck_assert_uint_eq(recovery.lost[0].first, 1);
	buf_fini(&bytes);
	place_free(&p);
}
END_TEST

START_TEST(a_damaged_manifest_costs_nothing)
{
	struct place p = place_new();
	struct journal *j = open_at(&p);
	char path[PATH_MAX];

	for (unsigned i = 0; i < 100; i++)
		append(j, 3);
	journal_close(&j);
	file_put(place_path(&p, "MANIFEST", path), "nonsense", 8);
	j = open_at(&p);
	ck_assert(recovery.manifest_bad);
	ck_assert_uint_eq(journal_epoch(j), 2);
	expect_events(j, 1, 300);
	journal_close(&j);
	place_free(&p);
}
END_TEST

START_TEST(sequences_go_on_above_what_a_cursor_knows)
{
	struct place p = place_new();
	struct journal *j = open_at(&p);
	struct journal_walk walk;
	struct slice frame;
	uint64_t seq;

	append(j, 3);
	journal_raise(j, 100);
	append(j, 2);
	ck_assert_uint_eq(journal_last_seq(j), 102);
	journal_close(&j);
	j = open_at(&p);
	ck_assert_uint_eq(recovery.lost_count, 0);
	ck_assert_uint_eq(journal_last_seq(j), 102);
	walk = journal_walk_from(j, 4);
	ck_assert_int_eq(journal_walk_next(&walk, &frame, &seq, NULL), MS_OK);
	ck_assert_uint_eq(seq, 101);
	journal_close(&j);
	place_free(&p);
}
END_TEST

/* ---- failing ------------------------------------------------------------- */

static void
on_failed(void *arg, const struct why *why)
{
	struct seen *seen = arg;

	ck_assert_uint_gt(strlen(why->text), 0);
	seen->failed++;
}

static void
on_synced(void *arg, uint64_t seq)
{
	struct seen *seen = arg;

	seen->synced = seq;
}

static uint64_t
on_settled(void *arg)
{
	struct seen *seen = arg;

	return seen->settled;
}

START_TEST(a_failed_write_ends_the_journal_and_is_not_tried_again)
{
	struct place p = place_new();
	struct journal_options options = options_for(&p, false);
	struct rlimit limit = { 1024, RLIM_INFINITY };
	struct seen seen = { 0 };
	struct journal *j;
	struct why why;

	options.failed = on_failed;
	options.arg = &seen;
	j = open_with(&options);
	append(j, 2);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(try_append(j, 9, &why), MS_ESTORAGE);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_uint_eq(seen.failed, 1);
	ck_assert_uint_eq(journal_last_seq(j), 2);
	ck_assert_int_eq(try_append(j, 1, &why), MS_ESTORAGE);
	ck_assert_uint_eq(seen.failed, 1);
	journal_close(&j);
	/* the half batch is a torn tail */
	j = open_with(&options);
	ck_assert_uint_eq(journal_last_seq(j), 2);
	ck_assert_uint_gt(recovery.cut_bytes, 0);
	journal_close(&j);
	place_free(&p);
}
END_TEST

static int
bad_sync(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static int (*sync_now_fn)(int fd) = no_sync;

static int
switched_sync(int fd)
{
	return sync_now_fn(fd);
}

START_TEST(a_failed_sync_ends_the_journal_and_acknowledges_nothing)
{
	struct place p = place_new();
	struct journal_options options = options_for(&p, false);
	struct seen seen = { 0 };
	struct journal *j;

	options.sync = switched_sync;
	options.failed = on_failed;
	options.synced = on_synced;
	options.arg = &seen;
	sync_now_fn = no_sync;
	j = open_with(&options);
	append(j, 1);
	sync_now_fn = bad_sync;
	journal_sync_soon(j);
	while (seen.failed == 0)
		loop_turn(loop, true);
	ck_assert_uint_eq(seen.synced, 0);
	ck_assert_uint_eq(journal_synced_seq(j), 0);
	ck_assert_int_eq(try_append(j, 1, NULL), MS_ESTORAGE);
	journal_close(&j);
	ck_assert_uint_eq(seen.failed, 1);
	place_free(&p);
}
END_TEST

START_TEST(a_full_disk_refuses_and_goes_on_when_there_is_room)
{
	struct place p = place_new();
	struct journal_options options = options_for(&p, false);
	struct rlimit limit = { 60u << 10, RLIM_INFINITY };
	struct seen seen = { 0 };
	struct journal *j;
	struct why why;
	unsigned refused = 0;

	options.failed = on_failed;
	options.arg = &seen;
	j = open_with(&options);
	append(j, 3);
	signal(SIGXFSZ, SIG_IGN);
	/* no new segment can be allocated; the open one has its room */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	while (journal_segments(j) == 1 && refused < 3) {
		if (journal_bytes(j) < (60u << 10) - 4096)
			append(j, 3);
		else
			refused +=
			    journal_reserve(j, 8192, 3, &why) == MS_ESTORAGE;
	}
	ck_assert_uint_eq(refused, 3);
	ck_assert_uint_eq(seen.failed, 0);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_events(j, 1, journal_last_seq(j));
	journal_close(&j);
	j = open_with(&options);
	append(j, 1);
	journal_close(&j);
	place_free(&p);
}
END_TEST

START_TEST(many_writes_share_one_sync)
{
	struct place p = place_new();
	struct journal_options options = options_for(&p, false);
	struct seen seen = { 0 };
	struct journal *j;

	options.synced = on_synced;
	options.arg = &seen;
	j = open_with(&options);
	for (unsigned i = 0; i < 50; i++) {
		append(j, 1);
		journal_sync_soon(j);
	}
	while (seen.synced < 50)
		loop_turn(loop, true);
	ck_assert_uint_eq(journal_synced_seq(j), 50);
	journal_close(&j);
	place_free(&p);
}
END_TEST

/* ---- retention ----------------------------------------------------------- */

START_TEST(retention_removes_whole_segments_and_keeps_the_unsettled)
{
	struct place p = place_new();
	struct journal_options options = options_for(&p, false);
	struct seen seen = { .settled = 0 };
	struct journal *j;

	options.settled = on_settled;
	options.arg = &seen;
	options.limits.retention_bytes = 128u << 10;
	j = open_with(&options);
	for (unsigned i = 0; i < 600; i++)
		append(j, 3);
	ck_assert_uint_eq(journal_first_seq(j), 1);
	seen.settled = 500;
	journal_retain(j, 0);
	ck_assert_uint_gt(journal_first_seq(j), 1);
	ck_assert_uint_le(journal_first_seq(j), 501);
	seen.settled = UINT64_MAX;
	journal_retain(j, 0);
	ck_assert_uint_le(journal_bytes(j), 128u << 10);
	expect_events(j, journal_first_seq(j), 1800);
	journal_close(&j);
	j = open_with(&options);
	ck_assert_uint_eq(recovery.lost_count, 0);
	expect_events(j, journal_first_seq(j), 1800);
	journal_close(&j);
	place_free(&p);
}
END_TEST

START_TEST(retention_by_age_keeps_the_young)
{
	struct place p = place_new();
	struct journal_options options = options_for(&p, false);
	struct journal *j;

	options.limits.retention_age_ms = 3600000;
	j = open_with(&options);
	for (unsigned i = 0; i < 300; i++)
		append(j, 3);
	journal_retain(j, wall_ns());
	ck_assert_uint_eq(journal_first_seq(j), 1);
	journal_retain(j, wall_ns() + INT64_C(3700) * 1000000000);
	ck_assert_uint_eq(journal_segments(j), 1);
	journal_close(&j);
	place_free(&p);
}
END_TEST

static void
setup(void)
{
	struct workq_limits limits[WORKQ_KINDS];

	loop = loop_new();
	workq_limits_here(NULL, limits);
	journal_workq = workq_new(loop, limits);
}

START_TEST(the_newest_batches_by_time_are_found)
{
	struct place p = place_new();
	struct journal *j = open_at(&p);
	int64_t middle;

	for (unsigned i = 0; i < 200; i++)
		append(j, 3);
	middle = wall_ns() + 1;
	append(j, 1);
	ck_assert_uint_eq(journal_seq_since(j, 0), 1);
	ck_assert_uint_eq(journal_seq_since(j, middle), 601);
	ck_assert_uint_eq(journal_seq_since(j, INT64_MAX), 602);
	journal_close(&j);
	place_free(&p);
}
END_TEST

static int
run(void)
{
	const TTest *const tests[] = {
		what_is_committed_is_read_again_after_reopening,
		segments_roll_and_lead_into_each_other,
		one_commit_may_hold_many_batches,
		a_second_broker_is_refused,
		a_log_cut_at_any_byte_is_its_whole_batches,
		a_bit_flipped_at_any_byte_is_harmless_or_reported,
		damage_before_the_synced_end_stops_the_start_with_its_range,
		a_torn_tail_is_kept_in_quarantine_and_its_sequences_not_reused,
		a_missing_segment_is_damage,
		damage_in_a_verified_segment_is_found_when_it_is_read,
		a_damaged_manifest_costs_nothing,
		sequences_go_on_above_what_a_cursor_knows,
		a_failed_write_ends_the_journal_and_is_not_tried_again,
		a_failed_sync_ends_the_journal_and_acknowledges_nothing,
		a_full_disk_refuses_and_goes_on_when_there_is_room,
		many_writes_share_one_sync,
		retention_removes_whole_segments_and_keeps_the_unsettled,
		retention_by_age_keeps_the_young,
		the_newest_batches_by_time_are_found,
	};

	return unit_main("journal", tests, sizeof(tests) / sizeof(*tests));
}

int
main(void)
{
	setup();
	return run();
}
