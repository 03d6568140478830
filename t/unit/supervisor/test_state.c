/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fd.h"
#include "supervisor/state/state.h"
#include "supervisor/state/state_child.h"
#include "supervisor/state/state_watch.h"
#include "supervisor/tree/intensity.h"
#include "t/lib/unit.h"

#define HEAD "{\"what\":\"state\",\"schema\":1}\n"

struct thing {
	bool yes;
	int number;
	uint32_t u32;
	uint64_t u64;
	int64_t i64;
	struct mono mono;
	char *text;
	int fd, no_fd;
};
static const struct state_row rows[] = {
	STATE_ROW(STATE_BOOL, struct thing, yes),
	STATE_ROW(STATE_INT, struct thing, number),
	STATE_ROW(STATE_U32, struct thing, u32),
	STATE_ROW(STATE_U64, struct thing, u64),
	STATE_ROW(STATE_I64, struct thing, i64),
	STATE_ROW(STATE_MONO, struct thing, mono),
	STATE_ROW(STATE_TEXT, struct thing, text),
	STATE_ROW(STATE_FD, struct thing, fd),
	STATE_ROW(STATE_FD, struct thing, no_fd),
	STATE_END,
};

static bool
read_text(struct state_in *in, struct slice text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	bool ok;

	ck_assert_int_eq(fd_write_all(fd, text.ptr, text.len, NULL), MS_OK);
	ok = state_in_read(in, fd);
	fd_close(&fd);
	return ok;
}

static void
round_trip(const struct thing *from, struct thing *to, bool rehearsal)
{
	struct state_in in = { .rehearsal = rehearsal };
	struct state_out out;
	struct json *record;
	size_t off = 0;

	state_out_init(&out);
	buf_add_str(&out.text, HEAD);
	state_begin(&out, "thing");
	state_put(&out, rows, from);
	state_end(&out);
	ck_assert(read_text(&in, buf_slice(&out.text)));
	record = state_next(&in, "thing", &off);
	ck_assert_ptr_nonnull(record);
	state_get(&in, record, rows, to);
	ck_assert_msg(!in.failed, "%s", in.why.text);
	json_free(&record);
	ck_assert_ptr_null(state_next(&in, "thing", &off));
	state_in_fini(&in);
	state_out_fini(&out);
}

START_TEST(every_type_comes_back_exactly)
{
	struct thing from = { .yes = true,
		.number = INT32_MIN,
		.u32 = UINT32_MAX,
		.u64 = UINT64_MAX,
		.i64 = INT64_MIN,
		.mono = { (1ull << 62) + 1 },
		.text = "a \"b\"\n\t\\ c",
		.fd = dup(0),
		.no_fd = -1 };
	struct thing to = { .text = strdup("old") };

	round_trip(&from, &to, false);
	ck_assert(to.yes);
	ck_assert_int_eq(to.number, INT32_MIN);
	ck_assert_uint_eq(to.u32, UINT32_MAX);
	ck_assert_uint_eq(to.u64, UINT64_MAX);
	ck_assert_int_eq(to.i64, INT64_MIN);
	ck_assert_uint_eq(to.mono.ns, from.mono.ns);
	ck_assert_str_eq(to.text, from.text);
	ck_assert_int_eq(to.fd, from.fd);
	ck_assert_int_eq(to.no_fd, -1);
	free(to.text);
}
END_TEST

START_TEST(zeros_come_back_as_zeros)
{
	struct thing from = { .fd = -1, .no_fd = -1 };
	struct thing to = { .yes = true, .number = 3, .u64 = 9, .fd = 8 };

	round_trip(&from, &to, false);
	ck_assert(!to.yes);
	ck_assert_int_eq(to.number, 0);
	ck_assert_uint_eq(to.u64, 0);
	ck_assert_ptr_null(to.text);
	ck_assert_int_eq(to.fd, -1);
}
END_TEST

START_TEST(a_rehearsal_gets_other_descriptors)
{
	struct thing from = { .fd = 7654, .no_fd = -1 }, to = { 0 };

	round_trip(&from, &to, true);
	ck_assert_int_ge(to.fd, 0);
	ck_assert_int_ne(to.fd, 7654);
	ck_assert_int_eq(to.no_fd, -1);
	fd_close(&to.fd);
}
END_TEST

static void
refused(const char *text, const char *why)
{
	struct state_in in = { .rehearsal = false };
	struct thing to = { 0 };
	struct json *record;
	size_t off = 0;

	if (read_text(&in, slice_of(text)) &&
	    (record = state_next(&in, "thing", &off))) {
		state_get(&in, record, rows, &to);
		json_free(&record);
	}
	ck_assert_msg(in.failed, "accepted: %s", text);
	ck_assert_msg(strstr(in.why.text, why), "%s: %s", text, in.why.text);
	free(to.text);
	state_in_fini(&in);
}

START_TEST(what_is_no_state_is_refused)
{
	refused("", "not the state");
	refused("{}\n", "not the state");
	refused("nonsense\n", "no record");
	refused("[1]\n", "no record");
	refused(HEAD "{\"what\":\"thi", "cut off");
	refused(HEAD "{\"what\":\"thing\",\"yes\":1}\n", "yes");
	refused(HEAD "{\"what\":\"thing\",\"number\":\"1\"}\n", "number");
	refused(HEAD "{\"what\":\"thing\",\"number\":1e12}\n", "out of range");
	refused(HEAD "{\"what\":\"thing\",\"u64\":1}\n", "u64");
	refused(HEAD "{\"what\":\"thing\",\"u64\":\"-1\"}\n", "no number");
	refused(HEAD "{\"what\":\"thing\",\"i64\":\"x\"}\n", "no number");
	refused(HEAD "{\"what\":\"thing\",\"text\":3}\n", "text");
	refused(HEAD "{\"what\":\"thing\",\"fd\":7654}\n", "not there");
}
END_TEST

START_TEST(a_schema_of_the_future_is_refused)
{
	refused("{\"what\":\"state\",\"schema\":99}\n", "schema 99 is newer");
}
END_TEST

START_TEST(a_state_that_is_too_long_has_failed)
{
	struct state_out out;

	state_out_init(&out);
	out.text.limit_bytes = 10;
	state_begin(&out, "thing");
	state_end(&out);
	ck_assert(out.text.failed);
	state_out_fini(&out);
}
END_TEST

START_TEST(descriptors_are_noted)
{
	struct thing from = { .fd = 5, .no_fd = -1 };
	struct state_out out;

	state_out_init(&out);
	state_begin(&out, "thing");
	state_put(&out, rows, &from);
	state_end(&out);
	ck_assert_uint_eq(out.fd_count, 1);
	ck_assert_int_eq(out.fds[0], 5);
	state_out_fini(&out);
}
END_TEST

START_TEST(a_window_keeps_its_moments)
{
	struct intensity from = { 0 }, to = { 0 };
	struct state_in in = { .rehearsal = false };
	struct state_out out;
	struct json *record;
	size_t off = 0;

	for (uint64_t i = 0; i < 40; i++) /* it slides over its ring's end */
		intensity_charge(&from, 20, 10000,
		    (struct mono){ (i + 1) * 500000000 });
	state_out_init(&out);
	buf_add_str(&out.text, HEAD);
	state_begin(&out, "group");
	intensity_save(&from, "window", &out);
	state_end(&out);
	ck_assert(read_text(&in, buf_slice(&out.text)));
	record = state_next(&in, "group", &off);
	intensity_load(&to, "window", &in, record);
	ck_assert_uint_eq(to.count, from.count);
	for (uint32_t i = 0; i < to.count; i++)
		ck_assert_uint_eq(to.at[(to.head + i) % to.cap].ns,
		    from.at[(from.head + i) % from.cap].ns);
	json_free(&record);
	state_in_fini(&in);
	state_out_fini(&out);
	intensity_fini(&from);
	intensity_fini(&to);
}
END_TEST

START_TEST(a_rhythm_keeps_its_suspicion)
{
	struct watchdog_conf conf = { .phi = 8 };
	struct heartbeat from = { 0 }, to = { 0 };
	struct state_in in = { .rehearsal = false };
	struct state_out out;
	struct json *record;
	struct mono now = { 1000000000 };
	size_t off = 0;

	heartbeat_init(&from, &conf);
	heartbeat_start(&from, now);
	for (int i = 0; i < 130; i++) {
		now = mono_add_ms(now, 900 + (uint64_t)(i % 7) * 40);
		heartbeat_beat(&from, now);
	}
	heartbeat_lease(&from, 12345, now);
	state_out_init(&out);
	buf_add_str(&out.text, HEAD);
	state_begin(&out, "child");
	watch_save(&from, &out);
	state_end(&out);
	ck_assert(read_text(&in, buf_slice(&out.text)));
	record = state_next(&in, "child", &off);
	watch_load(&to, &conf, &in, record);
	ck_assert_msg(!in.failed, "%s", in.why.text);
	ck_assert_uint_eq(heartbeat_due(&to).ns, heartbeat_due(&from).ns);
	ck_assert_uint_eq(to.last.ns, from.last.ns);
	ck_assert_uint_eq(to.lease.ns, from.lease.ns);
	json_free(&record);
	state_in_fini(&in);
	state_out_fini(&out);
	heartbeat_stop(&from);
	heartbeat_stop(&to);
}
END_TEST

UNIT(state, every_type_comes_back_exactly, zeros_come_back_as_zeros,
    a_rehearsal_gets_other_descriptors, what_is_no_state_is_refused,
    a_schema_of_the_future_is_refused, a_state_that_is_too_long_has_failed,
    descriptors_are_noted, a_window_keeps_its_moments,
    a_rhythm_keeps_its_suspicion)
