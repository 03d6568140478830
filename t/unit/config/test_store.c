/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"
#include "t/lib/unit.h"
#include "workers/config/store.h"

#define MAIN_POOL "[pool main]\nupstream = host=/x password=hush\n"

static struct store *
store_of_env(const char *text, char **env)
{
	struct conf_errors errors;
	struct why why = { "" };
	struct store *store;
	struct conf *conf;

	conf_errors_init(&errors);
	conf = conf_read_text("t.conf", slice_of(text), env, &errors);
	sections_check(conf, &errors);
	ck_assert_msg(errors.count == 0, "%s", errors.text[0]);
	ck_assert_msg(store_new(conf, &store, &why) == MS_OK, "%s", why.text);
	conf_errors_fini(&errors);
	conf_free(&conf); /* a store keeps nothing of it */
	return store;
}

static struct store *
store_of(const char *text)
{
	return store_of_env(text, NULL);
}

static void
has(const struct store *store, const char *name, const char *value,
    const char *origin)
{
	struct why why = { "" };
	const struct store_key *key = store_find(store, name, &why);
	struct buf text = { 0 };

	ck_assert_msg(key != NULL, "%s", why.text);
	store_print(key, &text);
	buf_add_u8(&text, '\0');
	ck_assert_str_eq((const char *)text.ptr, value);
	ck_assert_str_eq(key->origin, origin);
	ck_assert_int_eq(key->given, strcmp(origin, "default") != 0);
	buf_fini(&text);
}

static void
says(const char *text, const char *name, const char *message)
{
	struct store *store = store_of(text);
	struct why why = { "" };

	ck_assert_ptr_null(store_find(store, name, &why));
	ck_assert_str_eq(why.text, message);
	store_free(&store);
}

START_TEST(a_given_value_is_printed_in_users_units_with_its_place)
{
	struct store *store = store_of("[bus]\nsegment_size = 131072K\n");

	has(store, "bus.segment_size", "128M", "t.conf:2:16");
	store_free(&store);
}
END_TEST

START_TEST(what_is_not_given_has_its_default)
{
	struct store *store = store_of("[pool main]\nupstream = host=/x\n");

	has(store, "pool.main.size", "25", "default");
	has(store, "bus.dedup_window", "2m", "default");
	has(store, "bus.dir", "", "default");
	has(store, "supervisor.root.intensity", "5", "default");
	store_free(&store);
}
END_TEST

START_TEST(the_root_supervisor_is_there_once_when_given)
{
	struct store *store = store_of("[supervisor root]\nintensity = 9\n");
	struct buf list = { 0 };

	has(store, "supervisor.root.intensity", "9", "t.conf:2:13");
	ck_assert_uint_eq(store_list(store, "supervisor.root.intensity", &list),
	    1);
	buf_fini(&list);
	store_free(&store);
}
END_TEST

START_TEST(a_value_of_the_environment_says_so)
{
	char *env[] = { "MS__BUS__MAX_CONSUMERS=7", NULL };
	struct store *store = store_of_env("[bus]\nmax_consumers = 3\n", env);

	has(store, "bus.max_consumers", "7", "environment");
	store_free(&store);
}
END_TEST

START_TEST(a_secret_is_never_shown)
{
	struct store *store = store_of(MAIN_POOL);
	struct buf list = { 0 };

	has(store, "pool.main.upstream", "***", "t.conf:2:12");
	has(store, "persist.database", "", "default");
	store_list(store, NULL, &list);
	buf_add_u8(&list, '\0');
	ck_assert_ptr_null(strstr((const char *)list.ptr, "hush"));
	buf_fini(&list);
	store_free(&store);
}
END_TEST

START_TEST(an_unknown_key_is_answered_with_the_one_meant)
{
	says("", "bus.segment_sise",
	    "bus.segment_sise: no such key (did you mean bus.segment_size?)");
	says("", "bsu.dir", "bsu.dir: no such section (did you mean bus.dir?)");
	says(MAIN_POOL, "pool.mian.size",
	    "pool.mian.size: no such section (did you mean pool.main.size?)");
	says(MAIN_POOL, "pool.main.sise",
	    "pool.main.sise: no such key (did you mean pool.main.size?)");
}
END_TEST

START_TEST(a_question_of_the_wrong_shape_is_told_the_right_one)
{
	says(MAIN_POOL, "pool.size",
	    "pool.size: a key of [pool NAME] is pool.NAME.KEY");
	says("", "bus", "bus: a key of [bus] is bus.KEY");
	says("", "bus.x.dir", "bus.x.dir: a key of [bus] is bus.KEY");
	says("", "", ": no such section");
	says("", "...", "...: no such section");
	says("", "zzzzzzzzzz.q", "zzzzzzzzzz.q: no such section");
}
END_TEST

START_TEST(a_key_that_is_not_supported_yet_is_not_served)
{
	says("", "log.flush", "log.flush: not supported yet");
}
END_TEST

START_TEST(a_list_is_json_sorted_and_cut_by_its_prefix)
{
	struct store *store = store_of(MAIN_POOL "size = 3\n");
	struct buf list = { 0 };
	struct json *root;

	ck_assert_uint_eq(store_list(store, "pool.main.si", &list), 1);
	ck_assert(slice_is(buf_slice(&list),
	    "[{\"key\":\"pool.main.size\",\"value\":\"3\","
	    "\"origin\":\"t.conf:3:8\"}]"));
	buf_reset(&list);
	ck_assert_uint_eq(store_list(store, NULL, &list), store->count);
	ck_assert_int_eq(json_parse(buf_slice(&list), &root, NULL), MS_OK);
	ck_assert_uint_eq(json_count(root), store->count);
	for (size_t i = 1; i < store->count; i++)
		ck_assert_int_lt(strcmp(store->keys[i - 1].key,
				     store->keys[i].key),
		    0);
	json_free(&root);
	buf_fini(&list);
	store_free(&store);
}
END_TEST

static void
differ(const char *old_text, const char *new_text, const char *wanted)
{
	struct store *old = store_of(old_text), *new = store_of(new_text);
	struct words changed;
	struct arena arena;
	struct buf text = { 0 };

	arena_init(&arena, 0);
	ck_assert_int_eq(store_diff(old, new, &arena, &changed), MS_OK);
	for (size_t i = 0; i < changed.count; i++)
		buf_printf(&text, "%s%s", i ? " " : "", changed.word[i]);
	buf_add_u8(&text, '\0');
	ck_assert_str_eq((const char *)text.ptr, wanted);
	buf_fini(&text);
	arena_fini(&arena);
	store_free(&old);
	store_free(&new);
}

START_TEST(a_difference_names_the_keys_whose_value_changed)
{
	differ("[bus]\nmax_consumers = 3\n", "[bus]\nmax_consumers = 4\n",
	    "bus.max_consumers");
	differ("", "[log]\nline_size = 4K\n[bus]\ndir = /b\n",
	    "bus.dir log.line_size");
}
END_TEST

START_TEST(the_same_value_in_other_words_is_no_difference)
{
	differ("[bus]\nsegment_size = 64M\n", "", "");
	differ("[bus]\nsync_interval = 1s\n", "[bus]\nsync_interval = 1000ms\n",
	    "");
}
END_TEST

START_TEST(a_changed_secret_is_a_difference)
{
	differ(MAIN_POOL, "[pool main]\nupstream = host=/x password=loud\n",
	    "pool.main.upstream");
}
END_TEST

START_TEST(every_key_of_a_section_that_came_or_went_is_a_difference)
{
	struct store *old = store_of(""), *new = store_of(MAIN_POOL);
	struct words came, went;
	struct arena arena;

	arena_init(&arena, 0);
	ck_assert_int_eq(store_diff(old, new, &arena, &came), MS_OK);
	ck_assert_int_eq(store_diff(new, old, &arena, &went), MS_OK);
	ck_assert_uint_eq(came.count, new->count - old->count);
	ck_assert_uint_gt(came.count, 5);
	ck_assert_uint_eq(went.count, came.count);
	for (size_t i = 0; i < came.count; i++) {
		ck_assert_str_eq(came.word[i], went.word[i]);
		ck_assert_int_eq(strncmp(came.word[i], "pool.main.", 10), 0);
	}
	arena_fini(&arena);
	store_free(&old);
	store_free(&new);
}
END_TEST

static bool
same_fingerprint(const char *a_text, const char *b_text)
{
	char a[STORE_FINGERPRINT_BYTES], b[STORE_FINGERPRINT_BYTES];
	struct store *store = store_of(a_text);

	store_fingerprint(store, a);
	store_free(&store);
	store = store_of(b_text);
	store_fingerprint(store, b);
	store_free(&store);
	return strcmp(a, b) == 0;
}

START_TEST(fingerprints_agree_exactly_when_values_do)
{
	ck_assert(same_fingerprint("", "[bus]\n# nothing\n"));
	ck_assert(same_fingerprint("[bus]\nsegment_size = 64M\n", ""));
	ck_assert(!same_fingerprint("[bus]\nsegment_size = 32M\n", ""));
	ck_assert(!same_fingerprint(MAIN_POOL,
	    "[pool main]\nupstream = host=/x password=loud\n"));
}
END_TEST

UNIT(store, a_given_value_is_printed_in_users_units_with_its_place,
    what_is_not_given_has_its_default,
    the_root_supervisor_is_there_once_when_given,
    a_value_of_the_environment_says_so, a_secret_is_never_shown,
    an_unknown_key_is_answered_with_the_one_meant,
    a_question_of_the_wrong_shape_is_told_the_right_one,
    a_key_that_is_not_supported_yet_is_not_served,
    a_list_is_json_sorted_and_cut_by_its_prefix,
    a_difference_names_the_keys_whose_value_changed,
    the_same_value_in_other_words_is_no_difference,
    a_changed_secret_is_a_difference,
    every_key_of_a_section_that_came_or_went_is_a_difference,
    fingerprints_agree_exactly_when_values_do)
