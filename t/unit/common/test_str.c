/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "common/mono.h"
#include "common/str.h"
#include "t/lib/unit.h"

#define S(text) SLICE_LIT(text)

START_TEST(slices_compare_by_bytes)
{
	ck_assert(slice_eq((struct slice){ NULL, 0 }, S("")));
	ck_assert(slice_eq(S("a\0b"), S("a\0b")));
	ck_assert(!slice_eq(S("a\0b"), S("a\0c")));
	ck_assert(slice_is(S("bus"), "bus"));
	ck_assert(!slice_is(S("bus"), "bu"));
	ck_assert(!slice_is(S("bu"), "bus"));
}
END_TEST

START_TEST(trimming_takes_both_ends_only)
{
	ck_assert(slice_is(slice_trim(S(" \t a b\r")), "a b"));
	ck_assert(slice_is(slice_trim(S(" \t\r ")), ""));
	ck_assert_uint_eq(slice_trim((struct slice){ NULL, 0 }).len, 0);
}
END_TEST

START_TEST(cutting_walks_the_parts)
{
	struct slice rest = S("a..b"), part;

	ck_assert(slice_cut(&rest, '.', &part) && slice_is(part, "a"));
	ck_assert(slice_cut(&rest, '.', &part) && slice_is(part, ""));
	ck_assert(slice_cut(&rest, '.', &part) && slice_is(part, "b"));
	ck_assert(!slice_cut(&rest, '.', &part));
	rest = (struct slice){ NULL, 0 };
	ck_assert(!slice_cut(&rest, '.', &part));
}
END_TEST

START_TEST(numbers_are_whole_and_in_range)
{
	uint64_t u = 7;
	int64_t i = 7;

	ck_assert(parse_u64(S("18446744073709551615"), &u) && u == UINT64_MAX);
	ck_assert(parse_u64(S("007"), &u) && u == 7);
	ck_assert(!parse_u64(S("18446744073709551616"), &u));
	ck_assert(!parse_u64(S("99999999999999999999999"), &u));
	ck_assert(!parse_u64(S(""), &u));
	ck_assert(!parse_u64(S("+1"), &u));
	ck_assert(!parse_u64(S("-1"), &u));
	ck_assert(!parse_u64(S("1 "), &u));
	ck_assert(!parse_u64(S("0x10"), &u));
	ck_assert_uint_eq(u, 7);
	ck_assert(parse_i64(S("-9223372036854775808"), &i) && i == INT64_MIN);
	ck_assert(parse_i64(S("9223372036854775807"), &i) && i == INT64_MAX);
	ck_assert(!parse_i64(S("-9223372036854775809"), &i));
	ck_assert(!parse_i64(S("9223372036854775808"), &i));
	ck_assert(!parse_i64(S("-"), &i));
	ck_assert(!parse_i64(S("--1"), &i));
	ck_assert_int_eq(i, INT64_MAX);
}
END_TEST

START_TEST(booleans_are_the_six_words)
{
	bool v = false;

	ck_assert(parse_bool(S("yes"), &v) && v);
	ck_assert(parse_bool(S("no"), &v) && !v);
	ck_assert(parse_bool(S("true"), &v) && v);
	ck_assert(parse_bool(S("false"), &v) && !v);
	ck_assert(parse_bool(S("on"), &v) && v);
	ck_assert(parse_bool(S("off"), &v) && !v);
	ck_assert(!parse_bool(S("1"), &v));
	ck_assert(!parse_bool(S("yes "), &v));
	ck_assert(!parse_bool(S(""), &v));
}
END_TEST

START_TEST(durations_have_a_unit)
{
	uint64_t ms = 5;

	ck_assert(parse_duration(S("250ms"), &ms) && ms == 250);
	ck_assert(parse_duration(S("5s"), &ms) && ms == 5000);
	ck_assert(parse_duration(S("10m"), &ms) && ms == 600000);
	ck_assert(parse_duration(S("2h"), &ms) && ms == 7200000);
	ck_assert(parse_duration(S("1d"), &ms) && ms == 86400000);
	ck_assert(parse_duration(S("0"), &ms) && ms == 0);
	ck_assert(parse_duration(S("0ms"), &ms) && ms == 0);
	ck_assert(parse_duration(S("infinity"), &ms));
	ck_assert_uint_eq(ms, DURATION_INFINITY);
	ms = 5;
	ck_assert(!parse_duration(S("10"), &ms));
	ck_assert(!parse_duration(S("s"), &ms));
	ck_assert(!parse_duration(S(""), &ms));
	ck_assert(!parse_duration(S("-5s"), &ms));
	ck_assert(!parse_duration(S("5 s"), &ms));
	ck_assert(!parse_duration(S("1.5s"), &ms));
	ck_assert(!parse_duration(S("5sec"), &ms));
	ck_assert(!parse_duration((struct slice){ NULL, 0 }, &ms));
	ck_assert_uint_eq(ms, 5);
}
END_TEST

START_TEST(no_number_overflows_into_infinity)
{
	uint64_t v = 5;

	ck_assert(!parse_duration(S("18446744073709551615ms"), &v));
	ck_assert(!parse_duration(S("213503982335d"), &v));
	ck_assert(!parse_size(S("18014398509481984K"), &v));
	ck_assert_uint_eq(v, 5);
	ck_assert(parse_duration(S("18446744073709551614ms"), &v));
}
END_TEST

START_TEST(sizes_are_powers_of_1024)
{
	uint64_t n = 5;

	ck_assert(parse_size(S("64K"), &n) && n == 65536);
	ck_assert(parse_size(S("512M"), &n) && n == UINT64_C(512) << 20);
	ck_assert(parse_size(S("2G"), &n) && n == UINT64_C(2) << 30);
	ck_assert(parse_size(S("100"), &n) && n == 100);
	ck_assert(parse_size(S("0"), &n) && n == 0);
	n = 5;
	ck_assert(!parse_size(S("64k"), &n));
	ck_assert(!parse_size(S("64KB"), &n));
	ck_assert(!parse_size(S("K"), &n));
	ck_assert(!parse_size(S(""), &n));
	ck_assert_uint_eq(n, 5);
}
END_TEST

static void
expect_duration(uint64_t ms, const char *expected)
{
	char out[UNIT_TEXT_BYTES];
	uint64_t back;

	ck_assert_str_eq(print_duration(ms, out), expected);
	ck_assert(parse_duration(slice_of(out), &back));
	ck_assert_uint_eq(back, ms);
}

static void
expect_size(uint64_t bytes, const char *expected)
{
	char out[UNIT_TEXT_BYTES];
	uint64_t back;

	ck_assert_str_eq(print_size(bytes, out), expected);
	ck_assert(parse_size(slice_of(out), &back));
	ck_assert_uint_eq(back, bytes);
}

START_TEST(printed_forms_are_short_exact_and_read_back)
{
	expect_duration(0, "0");
	expect_duration(1500, "1500ms");
	expect_duration(10000, "10s");
	expect_duration(90000, "90s");
	expect_duration(86400000, "1d");
	expect_duration(DURATION_INFINITY, "infinity");
	expect_duration(DURATION_INFINITY - 1, "18446744073709551614ms");
	expect_size(0, "0");
	expect_size(65536, "64K");
	expect_size(65537, "65537");
	expect_size(UINT64_C(3) << 30, "3G");
	expect_size(UINT64_MAX, "18446744073709551615");
}
END_TEST

START_TEST(signals_are_known_by_name_and_number)
{
	ck_assert_int_eq(parse_signal(S("TERM")), SIGTERM);
	ck_assert_int_eq(parse_signal(S("SIGTERM")), SIGTERM);
	ck_assert_int_eq(parse_signal(S("15")), 15);
	ck_assert_int_eq(parse_signal(S("usr1")), SIGUSR1);
	ck_assert_int_eq(parse_signal(S("RTMIN")), SIGRTMIN);
	ck_assert_int_eq(parse_signal(S("SIGRTMIN+3")), SIGRTMIN + 3);
	ck_assert_int_eq(parse_signal(S("RTMAX-1")), SIGRTMAX - 1);
	ck_assert_int_eq(parse_signal(S("RTMAX")), SIGRTMAX);
	ck_assert_int_eq(parse_signal(S("")), 0);
	ck_assert_int_eq(parse_signal(S("0")), 0);
	ck_assert_int_eq(parse_signal(S("65")), 0);
	ck_assert_int_eq(parse_signal(S("TERMX")), 0);
	ck_assert_int_eq(parse_signal(S("SIG")), 0);
	ck_assert_int_eq(parse_signal(S("RTMIN+")), 0);
	ck_assert_int_eq(parse_signal(S("RTMIN+99")), 0);
	ck_assert_int_eq(parse_signal(S("RTMIN-1")), 0);
	ck_assert_int_eq(parse_signal(S("99999999999999999999")), 0);
}
END_TEST

START_TEST(every_signal_name_reads_back)
{
	int named = 0;

	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		const char *name = signal_name(signo);

		if (strcmp(name, "UNKNOWN") == 0)
			continue; /* libc's own two */
		named++;
		ck_assert_int_eq(parse_signal(slice_of(name)), signo);
	}
	ck_assert_int_ge(named, 31 + SIGRTMAX - SIGRTMIN);
	ck_assert_str_eq(signal_name(SIGKILL), "KILL");
	ck_assert_str_eq(signal_name(SIGRTMIN + 1), "RTMIN+1");
	ck_assert_str_eq(signal_name(-1), "UNKNOWN");
	ck_assert_str_eq(signal_name(9999), "UNKNOWN");
}
END_TEST

START_TEST(well_formed_utf8_is_valid)
{
	ck_assert(utf8_is_valid((struct slice){ NULL, 0 }));
	ck_assert(utf8_is_valid(S("plain text that is longer than a word")));
	ck_assert(utf8_is_valid(S("\xc2\x80 \xdf\xbf")));
	ck_assert(utf8_is_valid(S("\xe0\xa0\x80 \xed\x9f\xbf \xef\xbf\xbf")));
	ck_assert(utf8_is_valid(S("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf")));
	ck_assert(utf8_is_valid(S("a\0b")));
}
END_TEST

START_TEST(overlongs_surrogates_and_cut_characters_are_not)
{
	static const struct slice wrong[] = {
		SLICE_LIT("\x80"),             /* continuation alone */
		SLICE_LIT("\xc0\xaf"),         /* overlong '/' */
		SLICE_LIT("\xc1\xbf"),         /* overlong */
		SLICE_LIT("\xe0\x9f\xbf"),     /* overlong */
		SLICE_LIT("\xf0\x8f\xbf\xbf"), /* overlong */
		SLICE_LIT("\xed\xa0\x80"),     /* surrogate D800 */
		SLICE_LIT("\xed\xbf\xbf"),     /* surrogate DFFF */
		SLICE_LIT("\xf4\x90\x80\x80"), /* beyond 10FFFF */
		SLICE_LIT("\xf5\x80\x80\x80"), /* never a lead */
		SLICE_LIT("\xff"),             /* never */
		SLICE_LIT("\xe2\x82"),         /* cut at the end */
		SLICE_LIT("\xf0\x9f\x98"),     /* cut at the end */
		SLICE_LIT("\xe2\x28\xa1"),     /* no continuation */
		SLICE_LIT("12345678\xc3"),     /* behind the fast path */
		SLICE_LIT("1234\xc3(6789012"), /* inside a word of it */
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(!utf8_is_valid(wrong[i]), "taken: number %zu", i);
}
END_TEST

START_TEST(a_typing_error_is_suggested_and_another_word_is_not)
{
	static const char *const keys[] = { "command", "max_inflight",
		"restart", "user" };

	ck_assert_str_eq(suggest(S("comand"), keys, 4), "command");
	ck_assert_str_eq(suggest(S("commadn"), keys, 4), "command");
	ck_assert_str_eq(suggest(S("max_inflght"), keys, 4), "max_inflight");
	ck_assert_str_eq(suggest(S("Restart"), keys, 4), "restart");
	ck_assert_str_eq(suggest(S("usr"), keys, 4), "user");
	ck_assert_ptr_null(suggest(S("zebra"), keys, 4));
	ck_assert_ptr_null(suggest(S("xy"), keys, 4));
	ck_assert_ptr_null(suggest(S(""), keys, 4));
	ck_assert_ptr_null(suggest(S("command"), keys, 0));
}
END_TEST

START_TEST(the_nearest_candidate_wins)
{
	static const char *const keys[] = { "stop_signal", "stop_timeout",
		"start_timeout" };

	ck_assert_str_eq(suggest(S("stop_timeuot"), keys, 3), "stop_timeout");
	ck_assert_str_eq(suggest(S("strt_timeout"), keys, 3), "start_timeout");
}
END_TEST

START_TEST(an_endless_word_has_no_suggestion)
{
	static const char *const keys[] = { "command" };
	char word[5000];

	memset(word, 'c', sizeof(word));
	ck_assert_ptr_null(suggest((struct slice){ word, 5000 }, keys, 1));
}
END_TEST

UNIT(str, slices_compare_by_bytes, trimming_takes_both_ends_only,
    cutting_walks_the_parts, numbers_are_whole_and_in_range,
    booleans_are_the_six_words, durations_have_a_unit,
    no_number_overflows_into_infinity, sizes_are_powers_of_1024,
    printed_forms_are_short_exact_and_read_back,
    signals_are_known_by_name_and_number, every_signal_name_reads_back,
    well_formed_utf8_is_valid, overlongs_surrogates_and_cut_characters_are_not,
    a_typing_error_is_suggested_and_another_word_is_not,
    the_nearest_candidate_wins, an_endless_word_has_no_suggestion)
