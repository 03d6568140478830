/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "proto/notify.h"
#include "t/lib/unit.h"

#define PARSE(lit, n) notify_parse(SLICE_LIT(lit), n)

START_TEST(every_known_line_is_understood)
{
	struct notify n;

	PARSE("READY=1\nRELOADING=1\nSTOPPING=1\nWATCHDOG=1\n"
	      "WATCHDOG=trigger\nFDSTORE=1\nFDSTOREREMOVE=1\nBARRIER=1\n"
	      "X_PREPARED=1\nSTATUS=fine\nWATCHDOG_USEC=3\n"
	      "EXTEND_TIMEOUT_USEC=4\nMAINPID=5\nERRNO=6\nEXIT_STATUS=7\n"
	      "NOTIFYACCESS=none\nMAINPIDFD=1\n"
	      "MONOTONIC_USEC=8\nFDNAME=listen\nFDPOLL=0\n",
	    &n);
	ck_assert_uint_eq(n.what, 2 * NOTIFY_MAINPIDFD - 1);
	ck_assert_str_eq(n.status, "fine");
	ck_assert_int_eq(n.access, NOTIFY_FROM_NONE);
	ck_assert_uint_eq(n.watchdog_usec, 3);
	ck_assert_uint_eq(n.extend_usec, 4);
	ck_assert_int_eq(n.mainpid, 5);
	ck_assert_int_eq(n.error, 6);
	ck_assert_int_eq(n.exit_status, 7);
	ck_assert_uint_eq(n.monotonic_usec, 8);
	ck_assert_str_eq(n.fdname, "listen");
	ck_assert(!n.fdpoll);
}
END_TEST

START_TEST(what_is_printed_parses_to_the_same)
{
	struct notify a = { .what = 2 * NOTIFY_MAINPIDFD - 1,
		.access = NOTIFY_FROM_MAIN,
		.status = "caf\xc3\xa9 \xe2\x82\xac",
		.watchdog_usec = UINT64_MAX,
		.extend_usec = 1,
		.monotonic_usec = 99,
		.mainpid = INT32_MAX,
		.error = 4095,
		.exit_status = 255,
		.fdname = "state" };
	struct notify b;
	struct buf out = { 0 };

	notify_print(&a, &out);
	notify_parse(buf_slice(&out), &b);
	ck_assert_uint_eq(b.what, a.what);
	ck_assert_str_eq(b.status, a.status);
	ck_assert_uint_eq(b.watchdog_usec, a.watchdog_usec);
	ck_assert_uint_eq(b.extend_usec, 1);
	ck_assert_uint_eq(b.monotonic_usec, 99);
	ck_assert_int_eq(b.mainpid, INT32_MAX);
	ck_assert_int_eq(b.access, NOTIFY_FROM_MAIN);
	ck_assert_int_eq(b.error, 4095);
	ck_assert_int_eq(b.exit_status, 255);
	ck_assert_str_eq(b.fdname, "state");
	ck_assert(!b.fdpoll);
	buf_fini(&out);
}
END_TEST

START_TEST(an_empty_datagram_says_nothing)
{
	struct notify n;

	notify_parse((struct slice){ NULL, 0 }, &n);
	ck_assert_uint_eq(n.what, 0);
	ck_assert(n.fdpoll);
	PARSE("\n\n\n=\n=1\nREADY", &n);
	ck_assert_uint_eq(n.what, 0);
}
END_TEST

START_TEST(a_last_nul_is_forgiven_and_one_inside_is_not)
{
	struct notify n;

	PARSE("READY=1\0", &n);
	ck_assert_uint_eq(n.what, NOTIFY_READY);
	PARSE("READY=1\0STATUS=x", &n);
	ck_assert_uint_eq(n.what, 0);
	PARSE("\0", &n);
	ck_assert_uint_eq(n.what, 0);
}
END_TEST

START_TEST(carriage_returns_at_line_ends_are_dropped)
{
	struct notify n;

	PARSE("READY=1\r\nSTATUS=up\r\n", &n);
	ck_assert_uint_eq(n.what, NOTIFY_READY | NOTIFY_STATUS);
	ck_assert_str_eq(n.status, "up");
}
END_TEST

START_TEST(wrong_values_are_left_out)
{
	static const char *const lines[] = { "READY=0", "READY=", "READY=11",
		"READY =1", "ready=1", "READY=1 ",
		"WATCHDOG_USEC=", "WATCHDOG_USEC=-1", "WATCHDOG_USEC=+1",
		"WATCHDOG_USEC= 1", "WATCHDOG_USEC=0x10",
		"WATCHDOG_USEC=18446744073709551616",
		"WATCHDOG_USEC=99999999999999999999999999", "ERRNO=4096",
		"ERRNO=-1", "NOTIFYACCESS=", "NOTIFYACCESS=All",
		"NOTIFYACCESS=everybody", "MAINPIDFD=3", "EXIT_STATUS=256",
		"EXTEND_TIMEOUT_USEC=soon", "UNKNOWN=1", "FDSTORE=2",
		"BARRIER=0", "WATCHDOG=0", "FDNAME=a:b",
		"FDNAME=", "FDNAME=a\tb", "FDNAME=\xc3\xa9" };
	struct notify n;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		notify_parse(slice_of(lines[i]), &n);
		ck_assert_msg(n.what == 0 && !n.fdname[0], "%s", lines[i]);
	}
}
END_TEST

START_TEST(a_main_process_that_cannot_be_is_said_to_be_none)
{
	static const char *const lines[] = { "MAINPID=0", "MAINPID=-1",
		"MAINPID=x", "MAINPID=", "MAINPID=2147483648", "MAINPID=1 " };
	struct notify n;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		notify_parse(slice_of(lines[i]), &n);
		ck_assert_msg(n.what == NOTIFY_MAINPID && n.mainpid == 0, "%s",
		    lines[i]);
	}
}
END_TEST

START_TEST(access_of_exec_is_access_of_main)
{
	struct notify n;

	PARSE("NOTIFYACCESS=exec", &n);
	ck_assert_int_eq(n.access, NOTIFY_FROM_MAIN);
	PARSE("NOTIFYACCESS=main\nNOTIFYACCESS=all", &n);
	ck_assert_int_eq(n.access, NOTIFY_FROM_ALL);
}
END_TEST

START_TEST(one_bad_line_costs_only_itself)
{
	struct notify n;

	PARSE("ERRNO=x\nREADY=1\n\xff\xfe=\x01\nERRNO=2", &n);
	ck_assert_uint_eq(n.what, NOTIFY_READY | NOTIFY_ERRNO);
}
END_TEST

START_TEST(status_has_no_controls_and_no_broken_utf8)
{
	struct notify n;

	PARSE("STATUS=a\x1b[2Jb\x7f"
	      "c\xc2\x9b"
	      "d\xff"
	      "e\xed\xa0\x80",
	    &n);
	ck_assert_str_eq(n.status, "a?[2Jb?c?d?e???");
	PARSE("STATUS=", &n);
	ck_assert_uint_eq(n.what, NOTIFY_STATUS);
	ck_assert_str_eq(n.status, "");
}
END_TEST

START_TEST(a_long_status_is_cut_between_characters)
{
	char text[700] = "STATUS=";
	struct notify n;

	for (size_t i = 7; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	notify_parse(slice_of(text), &n);
	ck_assert_uint_eq(strlen(n.status), 254);
	ck_assert(utf8_is_valid(slice_of(n.status)));
}
END_TEST

START_TEST(an_oversize_datagram_is_no_message)
{
	static char text[NOTIFY_BYTES_MAX + 1];
	struct notify n;

	memset(text, '\n', sizeof(text));
	memcpy(text, "READY=1", 7);
	notify_parse((struct slice){ text, NOTIFY_BYTES_MAX }, &n);
	ck_assert_uint_eq(n.what, NOTIFY_READY);
	notify_parse((struct slice){ text, sizeof(text) }, &n);
	ck_assert_uint_eq(n.what, 0);
}
END_TEST

START_TEST(fdname_may_fill_its_room_and_no_more)
{
	char text[300] = "FDNAME=";
	struct notify n;

	memset(text + 7, 'x', 255);
	notify_parse((struct slice){ text, 7 + 255 }, &n);
	ck_assert_uint_eq(strlen(n.fdname), 255);
	memset(text + 7, 'x', 256);
	notify_parse((struct slice){ text, 7 + 256 }, &n);
	ck_assert_str_eq(n.fdname, "");
}
END_TEST

START_TEST(printing_cannot_be_made_to_forge_a_line)
{
	struct notify a = { .what = NOTIFY_STATUS,
		.status = "x\nREADY=1",
		.fdname = "y\nSTOPPING=1" };
	struct notify b;
	struct buf out = { 0 };

	notify_print(&a, &out);
	notify_parse(buf_slice(&out), &b);
	ck_assert_uint_eq(b.what, NOTIFY_STATUS);
	buf_fini(&out);
}
END_TEST

UNIT(notify, every_known_line_is_understood, what_is_printed_parses_to_the_same,
    an_empty_datagram_says_nothing,
    a_last_nul_is_forgiven_and_one_inside_is_not,
    carriage_returns_at_line_ends_are_dropped, wrong_values_are_left_out,
    a_main_process_that_cannot_be_is_said_to_be_none,
    access_of_exec_is_access_of_main, one_bad_line_costs_only_itself,
    status_has_no_controls_and_no_broken_utf8,
    a_long_status_is_cut_between_characters, an_oversize_datagram_is_no_message,
    fdname_may_fill_its_room_and_no_more,
    printing_cannot_be_made_to_forge_a_line)
