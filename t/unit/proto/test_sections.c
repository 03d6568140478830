/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/conf/bus.h"
#include "proto/conf/persist.h"
#include "proto/conf/pool.h"
#include "proto/conf/sections.h"
#include "t/lib/unit.h"

#define UPSTREAM "upstream = host=/tmp\n"

static struct conf_errors errors;

static void
check(const char *text)
{
	struct conf *conf;

	conf_errors_init(&errors);
	conf = conf_read_text("t.conf", slice_of(text), NULL, &errors);
	sections_check(conf, &errors);
	conf_free(&conf);
}

static void
accepts(const char *text)
{
	check(text);
	ck_assert_msg(errors.count == 0, "refused: %s", errors.text[0]);
	conf_errors_fini(&errors);
}

static void
refuses(const char *text, const char *message)
{
	check(text);
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.text[0], message);
	conf_errors_fini(&errors);
}

START_TEST(every_kind_is_found_by_its_name)
{
	for (const struct section_kind *k = section_kinds; k->kind; k++)
		ck_assert_ptr_eq(section_kind_find(k->kind), k);
	ck_assert_ptr_null(section_kind_find("nothing"));
}
END_TEST

START_TEST(every_default_passes_its_own_row)
{
	static uint64_t base[1024];

	for (const struct section_kind *k = section_kinds; k->kind; k++) {
		struct arena arena;
		struct why why = { "" };
		ck_assert_uint_le(k->bytes, sizeof(base));
		memset(base, 0, sizeof(base));
		arena_init(&arena, 0);
		ck_assert_msg(field_set_defaults(k->rows, base, &arena, &why) ==
			MS_OK,
		    "[%s] %s", k->kind, why.text);
		arena_fini(&arena);
	}
}
END_TEST

START_TEST(every_row_has_a_help_sentence)
{
	for (const struct section_kind *k = section_kinds; k->kind; k++)
		for (const struct field *row = k->rows; row->name; row++)
			ck_assert_msg(row->help && strlen(row->help) > 10,
			    "[%s] %s", k->kind, row->name);
}
END_TEST

START_TEST(defaults_are_what_the_headers_say)
{
	struct bus_conf bus = { 0 };
	struct pool_conf pool = { 0 };
	struct persist_conf persist = { 0 };
	struct arena arena;

	arena_init(&arena, 0);
	ck_assert(field_set_defaults(bus_rows, &bus, &arena, NULL) == MS_OK);
	ck_assert(field_set_defaults(pool_rows, &pool, &arena, NULL) == MS_OK);
	ck_assert(
	    field_set_defaults(persist_rows, &persist, &arena, NULL) == MS_OK);
	ck_assert_uint_eq(bus.segment_bytes, 64u << 20);
	ck_assert_uint_eq(bus.retention_age_ms, 7u * 24 * 3600 * 1000);
	ck_assert_uint_eq(bus.retention_bytes, UINT64_C(4) << 30);
	ck_assert_uint_eq(pool.listen_mode, 0660);
	ck_assert_uint_eq(pool.max_lifetime_ms, 1800000);
	ck_assert_str_eq(pool.mode, "session");
	ck_assert_int_eq(persist.environment, ENVIRONMENT_PRODUCTION);
	ck_assert_uint_eq(persist.retry.min_ms, 100);
	ck_assert_uint_eq(persist.retry.max_ms, 5000);
	arena_fini(&arena);
}
END_TEST

START_TEST(an_unknown_kind_is_refused_with_the_nearest)
{
	refuses("[buss]\n",
	    "t.conf:1:1: [buss]: unknown section "
	    "(did you mean [bus]?)");
	refuses("[elephant]\n", "t.conf:1:1: [elephant]: unknown section");
}
END_TEST

START_TEST(where_numbers_go_must_be_an_address)
{
	refuses("[metrics]\nlisten = 9464\n",
	    "t.conf:2:10: listen: '9464' is not HOST:PORT");
	refuses("[metrics]\nlisten = ::1:9464\n",
	    "t.conf:2:10: listen: '::1:9464': write [ADDRESS]:PORT");
	refuses("[metrics]\nlisten = localhost:9464\n",
	    "t.conf:2:10: listen: 'localhost' is no address; names are not "
	    "looked up here, write 127.0.0.1:9464 or [::1]:9464");
	refuses("[metrics]\nstatsd = a.example:0\n",
	    "t.conf:2:10: statsd: 'a.example:0': port 0 cannot be sent to");
}
END_TEST

START_TEST(a_single_section_takes_no_name)
{
	refuses("[bus main]\n",
	    "t.conf:1:1: [bus main]: takes no name, write [bus]");
}
END_TEST

START_TEST(a_named_section_needs_a_good_name)
{
	refuses("[pool]\n" UPSTREAM,
	    "t.conf:1:1: [pool]: needs a name, write [pool NAME]");
	refuses("[pool a.b]\n" UPSTREAM,
	    "t.conf:1:1: [pool a.b]: a name is 1 to 64 of A-Z a-z 0-9 _ -");
	accepts("[pool A-z_09]\n" UPSTREAM);
}
END_TEST

START_TEST(retention_below_two_segments_is_refused)
{
	refuses("[bus]\nsegment_size = 1M\nretention_size = 1M\n",
	    "t.conf:3:18: retention_size: 1M is less than two segments "
	    "(segment_size = 1M)");
	accepts("[bus]\nsegment_size = 1M\nretention_size = 2M\n");
}
END_TEST

START_TEST(min_size_above_size_is_refused)
{
	refuses("[pool p]\n" UPSTREAM "size = 3\nmin_size = 4\n",
	    "t.conf:4:12: min_size: 4 is above size (3)");
	accepts("[pool p]\n" UPSTREAM "size = 4\nmin_size = 4\n");
}
END_TEST

START_TEST(pool_modes_and_kinds_of_later_are_refused)
{
	refuses("[pool p]\n" UPSTREAM "mode = transaction\n",
	    "t.conf:3:8: mode: 'transaction' is not supported yet "
	    "(session is)");
	refuses("[pool p]\n" UPSTREAM "mode = sesion\n",
	    "t.conf:3:8: mode: 'sesion' is not one of session "
	    "(did you mean session?)");
	refuses("[pool p]\n" UPSTREAM "kind = redis\n",
	    "t.conf:3:8: kind: 'redis' is not supported yet (postgres is)");
}
END_TEST

START_TEST(listen_mode_is_octal)
{
	accepts("[pool p]\n" UPSTREAM "listen_mode = 0600\n");
	refuses("[pool p]\n" UPSTREAM "listen_mode = 0680\n",
	    "t.conf:3:15: listen_mode: '0680' is not an octal file mode "
	    "(such as 0660)");
	refuses("[pool p]\n" UPSTREAM "listen_mode = 7777\n",
	    "t.conf:3:15: listen_mode: '7777' is not an octal file mode "
	    "(such as 0660)");
}
END_TEST

START_TEST(two_pools_on_one_socket_are_refused)
{
	refuses("[pool a]\n" UPSTREAM "[pool b]\n" UPSTREAM,
	    "t.conf:3:1: listen_port: the same socket as [pool a]; give each "
	    "pool its own listen_port");
	accepts(
	    "[pool a]\n" UPSTREAM "[pool b]\n" UPSTREAM "listen_port = 6433\n");
}
END_TEST

START_TEST(auto_migrate_is_refused_in_production)
{
	refuses("[persist]\nenvironment = production\nauto_migrate = yes\n",
	    "t.conf:3:16: auto_migrate: refused with environment = "
	    "production");
	refuses("[persist]\nauto_migrate = yes\n",
	    "t.conf:2:16: auto_migrate: refused with environment = "
	    "production, the default; set environment = development or "
	    "staging");
	accepts("[persist]\nenvironment = staging\nauto_migrate = yes\n");
}
END_TEST

START_TEST(a_bad_pattern_among_the_subjects_is_refused)
{
	accepts("[persist]\nsubjects = agent.> *.done\n");
	check("[persist]\nsubjects = agent..x\n");
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_ptr_nonnull(
	    strstr(errors.text[0], "subjects: 'agent..x' is not a pattern: "));
	conf_errors_fini(&errors);
}
END_TEST

START_TEST(keys_not_effective_yet_are_refused_not_ignored)
{
	check("[log]\nflush = 1s\n");
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_ptr_nonnull(strstr(errors.text[0], "not supported yet"));
	conf_errors_fini(&errors);
}
END_TEST

START_TEST(all_errors_of_a_file_come_at_once)
{
	check("[bus]\nsegmnt_size = 1M\nmax_consumers = 0\n[elephant]\n"
	      "[pool p]\n");
	ck_assert_uint_eq(errors.count, 4);
	conf_errors_fini(&errors);
}
END_TEST

UNIT(sections, every_kind_is_found_by_its_name,
    every_default_passes_its_own_row, every_row_has_a_help_sentence,
    defaults_are_what_the_headers_say,
    an_unknown_kind_is_refused_with_the_nearest,
    where_numbers_go_must_be_an_address, a_single_section_takes_no_name,
    a_named_section_needs_a_good_name, retention_below_two_segments_is_refused,
    min_size_above_size_is_refused, pool_modes_and_kinds_of_later_are_refused,
    listen_mode_is_octal, two_pools_on_one_socket_are_refused,
    auto_migrate_is_refused_in_production,
    a_bad_pattern_among_the_subjects_is_refused,
    keys_not_effective_yet_are_refused_not_ignored,
    all_errors_of_a_file_come_at_once)
