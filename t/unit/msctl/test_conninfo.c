/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/msctl/doctor/conninfo.h"
#include "t/lib/unit.h"

static void
gives(const char *conninfo, const char *key, const char *value)
{
	char got[32];

	ck_assert_msg(conninfo_get(conninfo, key, got, sizeof(got)), "%s",
	    conninfo);
	ck_assert_str_eq(got, value);
}

static void
lacks(const char *conninfo, const char *key)
{
	char got[32];

	ck_assert(!conninfo_get(conninfo, key, got, sizeof(got)));
}

START_TEST(a_word_is_found_wherever_it_stands)
{
	gives("host=/run/pg port=5432", "host", "/run/pg");
	gives("host=/run/pg port=5432", "port", "5432");
	gives("  port = 1  host = a ", "host", "a");
	gives("host=a host=b", "host", "b");
	gives("host='a b' port=1", "host", "a b");
	gives("host='it\\'s' port=1", "port", "1");
	gives("host=", "host", "");
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	lacks("", "host");
	lacks("hostaddr=1 password='host=x'", "host");
	lacks("postgres://u@h/d", "host");
	lacks("host", "host");
	lacks("host=0123456789012345678901234567890123456789", "host");
}
END_TEST

UNIT(conninfo, a_word_is_found_wherever_it_stands,
    what_is_not_there_is_not_found)
