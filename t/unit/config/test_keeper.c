/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "t/lib/unit.h"
#include "workers/config/keeper.h"
#include "workers/config/last_good.h"

static char folder[64];
static char path[96];
static char dir[96];

static void
write_file(const char *to, const char *text)
{
	ck_assert_int_eq(file_replace(to, slice_of(text), 0600, NULL), MS_OK);
}

static void
enter(const char *text)
{
	snprintf(folder, sizeof(folder), "/tmp/ms-keeper.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ms.conf", folder);
	snprintf(dir, sizeof(dir), "%s/state/config", folder);
	write_file(path, text);
}

static void
leave(void)
{
	static const char *const made[] = { "state/config/generation",
		"state/config/last-good.conf", "state/config", "state",
		"ms.conf", "" };
	char at[128];

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		snprintf(at, sizeof(at), "%s/%s", folder, made[i]);
		(void)remove(at);
	}
	ck_assert_int_ne(access(folder, F_OK), 0);
}

static enum ms_err
open_keeper(struct keeper *k)
{
	struct why why = { "" };

	return keeper_open(k, path, dir, NULL, &why);
}

static void
reopen(struct keeper *k)
{
	keeper_close(k);
	ck_assert_int_eq(open_keeper(k), MS_OK);
}

/* What is announced when the file becomes text. */
static void
announces(struct keeper *k, const char *text, const char *wanted)
{
	struct buf said = { 0 };

	write_file(path, text);
	ck_assert_int_eq(keeper_reload(k, NULL, &said), MS_OK);
	ck_assert_msg(slice_is(buf_slice(&said), wanted), "%.*s", (int)said.len,
	    (const char *)said.ptr);
	buf_fini(&said);
}

static void
refuses(struct keeper *k, const char *text)
{
	struct buf said = { 0 };

	write_file(path, text);
	ck_assert_int_eq(keeper_reload(k, NULL, &said), MS_ECONFIG);
	ck_assert_uint_eq(said.len, 0);
	buf_fini(&said);
}

static void
value_is(const struct keeper *k, const char *name, const char *wanted)
{
	struct why why = { "" };
	const struct store_key *key = store_find(k->store, name, &why);
	struct buf value = { 0 };

	ck_assert_msg(key != NULL, "%s", why.text);
	store_print(key, &value);
	buf_add_u8(&value, '\0');
	ck_assert_str_eq((const char *)value.ptr, wanted);
	buf_fini(&value);
}

START_TEST(generations_count_from_one_and_are_announced_with_their_keys)
{
	struct keeper k;

	enter("[bus]\nmax_consumers = 3\n");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	ck_assert_uint_eq(k.generation.number, 1);
	announces(&k, "[bus]\nmax_consumers = 4\n",
	    "{\"generation\":2,\"changed\":[\"bus.max_consumers\"]}");
	value_is(&k, "bus.max_consumers", "4");
	announces(&k, "[bus]\nmax_consumers = 3\n[log]\nline_size = 4K\n",
	    "{\"generation\":3,\"changed\":[\"bus.max_consumers\","
	    "\"log.line_size\"]}");
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(the_same_configuration_read_again_is_the_same_generation)
{
	struct keeper k;

	enter("[bus]\nmax_consumers = 3\n");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	announces(&k, "# a word\n[bus]\nmax_consumers = 3\n", "");
	ck_assert_uint_eq(k.generation.number, 1);
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(the_count_goes_on_over_restarts)
{
	struct keeper k;

	enter("[bus]\nmax_consumers = 3\n");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	announces(&k, "[bus]\nmax_consumers = 4\n",
	    "{\"generation\":2,\"changed\":[\"bus.max_consumers\"]}");
	reopen(&k);
	ck_assert_uint_eq(k.generation.number, 2);
	write_file(path, "[bus]\nmax_consumers = 5\n");
	reopen(&k);
	ck_assert_uint_eq(k.generation.number, 3);
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(an_invalid_file_keeps_the_last_good_generation)
{
	struct keeper k;

	enter("[bus]\nmax_consumers = 3\n");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	refuses(&k, "[bus]\nmax_consumers = 0\nfoo = 1\n");
	ck_assert_uint_eq(k.generation.number, 1);
	ck_assert_uint_eq(k.error_count, 2);
	ck_assert_ptr_nonnull(strstr(k.first_error, "ms.conf:2:17: "));
	value_is(&k, "bus.max_consumers", "3");
	announces(&k, "[bus]\nmax_consumers = 9\n",
	    "{\"generation\":2,\"changed\":[\"bus.max_consumers\"]}");
	ck_assert_uint_eq(k.error_count, 0);
	ck_assert_ptr_null(k.first_error);
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(a_file_that_is_gone_is_refused)
{
	struct keeper k;
	struct buf said = { 0 };

	enter("[bus]\nmax_consumers = 3\n");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(keeper_reload(&k, NULL, &said), MS_ECONFIG);
	ck_assert_uint_eq(k.error_count, 1);
	value_is(&k, "bus.max_consumers", "3");
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(after_a_restart_a_broken_file_is_replaced_by_the_last_good_one)
{
	struct keeper k;

	enter("[worker a]\ncommand = run '$$x' y\nenv = A=1\nenv = B=2\n"
	      "[pool main]\nupstream = host=/x password=hush\n");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	write_file(path, "[wrong\n");
	reopen(&k);
	ck_assert_uint_eq(k.generation.number, 1);
	ck_assert_uint_ge(k.error_count, 1);
	value_is(&k, "worker.a.command", "run $x y");
	value_is(&k, "worker.a.env", "A=1 B=2");
	value_is(&k, "pool.main.upstream", "***");
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(a_broken_file_without_a_last_good_one_cannot_be_opened)
{
	struct keeper k;

	enter("[bus]\nfoo = 1\n");
	ck_assert_int_eq(open_keeper(&k), MS_ECONFIG);
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(what_is_kept_holds_secrets_and_only_its_owner_reads_it)
{
	static const char *const names[] = { "generation", "last-good.conf" };
	struct keeper k;
	struct stat st;
	char at[128];

	enter("[pool main]\nupstream = password=hush\n");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(at, sizeof(at), "%s/%s", dir, names[i]);
		ck_assert_int_eq(stat(at, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
	}
	keeper_close(&k);
	leave();
}
END_TEST

START_TEST(a_damaged_count_is_told_and_begins_again)
{
	static const char *const damaged[] = { "", "x\n", "0 00\n", "5\n",
		"5 0123\n", "-1 0\n" };
	struct generation g;
	char at[128];

	enter("");
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		snprintf(at, sizeof(at), "%s/ms.conf", folder);
		write_file(at, damaged[i]);
		ck_assert_int_eq(generation_read(at, &g, NULL), MS_ECORRUPT);
		ck_assert_uint_eq(g.number, 0);
	}
	leave();
}
END_TEST

START_TEST(a_value_that_cannot_stand_on_a_line_is_not_written_wrongly)
{
	static char *const values[] = { "MS__BUS__DIR=/a\nb",
		"MS__BUS__DIR=/a\\" };
	struct conf_errors errors;
	struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		char *env[] = { values[i], NULL };
		struct conf *conf;

		conf_errors_init(&errors);
		conf = conf_read_text("t", SLICE_LIT("[bus]\n"), env, &errors);
		ck_assert_uint_eq(conf->sections[0].entry_count, 1);
		ck_assert_int_eq(last_good_print(conf, &out, NULL),
		    MS_EUNSUPPORTED);
		conf_errors_fini(&errors);
		conf_free(&conf);
	}
	buf_fini(&out);
}
END_TEST

START_TEST(a_change_of_very_many_keys_is_announced_by_a_bounded_list)
{
	struct buf text = { 0 }, said = { 0 };
	struct keeper k;

	enter("");
	ck_assert_int_eq(open_keeper(&k), MS_OK);
	for (int i = 0; i < 120; i++) /* more than 40 keys each */
		buf_printf(&text, "[worker w%d]\ncommand = run\n", i);
	buf_add_u8(&text, '\0');
	write_file(path, (const char *)text.ptr);
	ck_assert_int_eq(keeper_reload(&k, NULL, &said), MS_OK);
	buf_add_u8(&said, '\0');
	ck_assert_ptr_nonnull(strstr((const char *)said.ptr, "],\"more\":"));
	ck_assert_uint_lt(said.len, ANNOUNCED_KEYS_MAX * 160);
	buf_fini(&text);
	buf_fini(&said);
	keeper_close(&k);
	leave();
}
END_TEST

UNIT(keeper, generations_count_from_one_and_are_announced_with_their_keys,
    the_same_configuration_read_again_is_the_same_generation,
    the_count_goes_on_over_restarts,
    an_invalid_file_keeps_the_last_good_generation,
    a_file_that_is_gone_is_refused,
    after_a_restart_a_broken_file_is_replaced_by_the_last_good_one,
    a_broken_file_without_a_last_good_one_cannot_be_opened,
    what_is_kept_holds_secrets_and_only_its_owner_reads_it,
    a_damaged_count_is_told_and_begins_again,
    a_value_that_cannot_stand_on_a_line_is_not_written_wrongly,
    a_change_of_very_many_keys_is_announced_by_a_bounded_list)
