/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"
#include "workers/pool/pg_startup.h"

static struct arena arena;
static struct pg_startup startup;
static struct why why;

static struct slice
packet(uint32_t code, const char *body, size_t body_bytes)
{
	static struct buf out;

	buf_reset(&out);
	pg_put_u32(&out, (uint32_t)(8 + body_bytes));
	pg_put_u32(&out, code);
	buf_add(&out, body, body_bytes);
	return buf_slice(&out);
}

static enum pg_first
parse(struct slice bytes)
{
	arena_fini(&arena);
	arena_init(&arena, 65536);
	return pg_startup_parse(bytes, &arena, &startup, &why);
}

#define V3          (3u << 16)
#define PAIRS(text) packet(V3, text, sizeof(text))
#define REFUSED(t, ss)                                   \
	ck_assert_int_eq(parse(PAIRS(t)), PG_FIRST_BAD); \
	ck_assert_str_eq(startup.sqlstate, ss)

START_TEST(user_and_database_are_read)
{
	ck_assert_int_eq(parse(PAIRS("user\0ann\0database\0shop\0")),
	    PG_FIRST_STARTUP);
	ck_assert_str_eq(startup.user, "ann");
	ck_assert_str_eq(startup.database, "shop");
}
END_TEST

START_TEST(the_database_is_the_users_when_not_given)
{
	ck_assert_int_eq(parse(PAIRS("user\0ann\0")), PG_FIRST_STARTUP);
	ck_assert_str_eq(startup.database, "ann");
}
END_TEST

START_TEST(other_parameters_become_settings)
{
	ck_assert_int_eq(
	    parse(PAIRS("user\0a\0application_name\0it's\0TimeZone\0UTC\0")),
	    PG_FIRST_STARTUP);
	ck_assert_uint_eq(startup.setting_count, 2);
	ck_assert_str_eq(startup.settings[0].name, "application_name");
	ck_assert_str_eq(startup.settings[0].value, "it's");
}
END_TEST

START_TEST(options_are_split_as_a_backend_splits_them)
{
	ck_assert_int_eq(parse(PAIRS("user\0a\0options\0 -c a.b=1\\ 2 "
				     "--statement-timeout=7s -cgeqo=off\0")),
	    PG_FIRST_STARTUP);
	ck_assert_uint_eq(startup.setting_count, 3);
	ck_assert_str_eq(startup.settings[0].name, "a.b");
	ck_assert_str_eq(startup.settings[0].value, "1 2");
	ck_assert_str_eq(startup.settings[1].name, "statement_timeout");
	ck_assert_str_eq(startup.settings[2].value, "off");
}
END_TEST

START_TEST(other_options_are_refused)
{
	REFUSED("user\0a\0options\0-d 5\0", "0A000");
	REFUSED("user\0a\0options\0-c\0", "42601");
	REFUSED("user\0a\0options\0--x\0", "42601");
	REFUSED("user\0a\0options\0-c a;b=1\0", "42602");
}
END_TEST

START_TEST(replication_is_refused_and_no_replication_is_not)
{
	REFUSED("user\0a\0replication\0database\0", "0A000");
	REFUSED("user\0a\0replication\0true\0", "0A000");
	ck_assert_int_eq(parse(PAIRS("user\0a\0replication\0off\0")),
	    PG_FIRST_STARTUP);
}
END_TEST

START_TEST(a_packet_without_user_is_refused)
{
	REFUSED("database\0shop\0", "28000");
	REFUSED("user\0\0", "28000");
	REFUSED("", "28000");
}
END_TEST

START_TEST(pairs_must_end_where_the_packet_ends)
{
	REFUSED("user\0a\0\0x\0", "08P01");
	ck_assert_int_eq(parse(packet(V3, "user\0a", 6)), PG_FIRST_BAD);
	ck_assert_int_eq(parse(packet(V3, "user\0a\0", 7)), PG_FIRST_BAD);
	ck_assert_int_eq(parse(packet(V3, "user", 4)), PG_FIRST_BAD);
	ck_assert_int_eq(parse(packet(V3, "", 0)), PG_FIRST_BAD);
	ck_assert_int_eq(parse(packet(V3, "x", 1)), PG_FIRST_BAD);
}
END_TEST

START_TEST(bad_names_are_refused)
{
	REFUSED("user\0a\0a\"b\0x\0", "42602");
	REFUSED("user\0a\0 x\0y\0", "42602");
}
END_TEST

START_TEST(a_name_of_64_bytes_is_refused)
{
	REFUSED(
	    "user\0"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0",
	    "28000");
}
END_TEST

START_TEST(an_unfinished_packet_is_waited_for)
{
	struct slice whole = PAIRS("user\0ann\0");

	for (size_t n = 0; n < whole.len; n++)
		ck_assert_int_eq(parse((struct slice){ whole.ptr, n }),
		    PG_FIRST_MORE);
}
END_TEST

START_TEST(lengths_are_judged_before_the_body_is_there)
{
	static const char *const bad[] = { "\0\0\0\0", "\0\0\0\7",
		"\0\0\x27\x11", "\x7f\xff\xff\xff", "\xff\xff\xff\xff" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(parse((struct slice){ bad[i], 4 }),
		    PG_FIRST_BAD);
	ck_assert_int_eq(parse((struct slice){ "\0\0\x27\x10", 4 }),
	    PG_FIRST_MORE);
}
END_TEST

START_TEST(requests_for_encryption_and_cancel_are_known)
{
	ck_assert_int_eq(parse(packet(80877103, "", 0)), PG_FIRST_SSL);
	ck_assert_int_eq(parse(packet(80877104, "", 0)), PG_FIRST_GSS);
	ck_assert_int_eq(parse(packet(80877102, "\0\0\0\1\0\0\0\2", 8)),
	    PG_FIRST_CANCEL);
	ck_assert_uint_eq(startup.cancel.pid, 1);
	ck_assert_uint_eq(startup.cancel.secret, 2);
	ck_assert_int_eq(parse(packet(80877102, "\0\0\0\1", 4)), PG_FIRST_BAD);
	ck_assert_int_eq(parse(packet(80877103, "x", 1)), PG_FIRST_BAD);
}
END_TEST

START_TEST(newer_minors_are_negotiated_other_majors_refused)
{
	ck_assert_int_eq(parse(packet(V3 | 2, "user\0a\0_pq_.x\0001\0", 17)),
	    PG_FIRST_STARTUP);
	ck_assert_uint_eq(startup.minor, 2);
	ck_assert_uint_eq(startup.unknown_count, 1);
	ck_assert_str_eq(startup.unknown[0], "_pq_.x");
	ck_assert_int_eq(parse(packet(2u << 16, "user\0a\0", 8)), PG_FIRST_BAD);
	ck_assert_str_eq(startup.sqlstate, "0A000");
}
END_TEST

START_TEST(too_many_parameters_are_refused)
{
	struct buf body = { 0 };

	buf_add(&body, "user\0a", 7);
	for (int i = 0; i <= 64; i++)
		buf_add(&body, "x\0y", 4);
	buf_add_u8(&body, 0);
	ck_assert_int_eq(parse(packet(V3, (const char *)body.ptr, body.len)),
	    PG_FIRST_BAD);
	buf_fini(&body);
}
END_TEST

UNIT(pg_startup, user_and_database_are_read,
    the_database_is_the_users_when_not_given, other_parameters_become_settings,
    options_are_split_as_a_backend_splits_them, other_options_are_refused,
    replication_is_refused_and_no_replication_is_not,
    a_packet_without_user_is_refused, pairs_must_end_where_the_packet_ends,
    bad_names_are_refused, a_name_of_64_bytes_is_refused,
    an_unfinished_packet_is_waited_for,
    lengths_are_judged_before_the_body_is_there,
    requests_for_encryption_and_cancel_are_known,
    newer_minors_are_negotiated_other_majors_refused,
    too_many_parameters_are_refused)
