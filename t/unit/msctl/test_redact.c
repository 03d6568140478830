/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/doctor/redact.h"
#include "t/lib/unit.h"

static void
becomes(const char *text, const char *expected)
{
	struct buf out = { 0 };

	redact(slice_of(text), &out);
	buf_add_u8(&out, '\0');
	ck_assert_str_eq((char *)out.ptr, expected);
	buf_fini(&out);
}

START_TEST(a_password_of_a_conninfo_is_masked)
{
	becomes("host=a password=hush dbname=b",
	    "host=a password=*** dbname=b");
	becomes("password = 'two words\\' more' x", "password = *** x");
	becomes("\"PGPASSWORD=hush\"", "\"PGPASSWORD=***\"");
	becomes("password=", "password=");
	becomes("password='open", "password=***");
	becomes("api_key=k&b=1", "api_key=***&b=1");
	becomes("AWS_SECRET_KEY=hush b", "AWS_SECRET_KEY=*** b");
}
END_TEST

START_TEST(a_password_in_double_quotes_within_json_is_masked)
{
	becomes("\"password=\\\"two words\\\" more\"", "\"password=*** more\"");
	becomes("\"token=\\\"open\",\"b\":1", "\"token=***\",\"b\":1");
	becomes("\"token=\\\"", "\"token=***");
	becomes("\"token=\\\"a\\\\\\\"b\\\" c\"", "\"token=*** c\"");
}
END_TEST

START_TEST(a_value_ends_with_its_string_at_the_latest)
{
	becomes("[\"password='open\",\"it's\"]", "[\"password=***\",\"it's\"]");
	becomes("\"password='a\\\\' b' c\"", "\"password=*** c\"");
	becomes("\"password=a\\\\b,c;d more\"", "\"password=*** more\"");
	becomes("\"password=ab\\n next\"", "\"password=***\\n next\"");
	becomes("\"x?token=ab&v=1\"", "\"x?token=***&v=1\"");
}
END_TEST

START_TEST(a_password_of_an_address_is_masked)
{
	becomes("postgres://u:hush@h/d", "postgres://u:***@h/d");
	becomes("redis://:hush@h", "redis://:***@h");
	becomes("http://h:80/x@y", "http://h:80/x@y");
	becomes("http://user@h", "http://user@h");
}
END_TEST

START_TEST(everything_else_stays)
{
	becomes("", "");
	becomes("the password is wrong", "the password is wrong");
	becomes("tokens 5", "tokens 5");
}
END_TEST

UNIT(redact, a_password_of_a_conninfo_is_masked,
    a_password_in_double_quotes_within_json_is_masked,
    a_value_ends_with_its_string_at_the_latest,
    a_password_of_an_address_is_masked, everything_else_stays)
