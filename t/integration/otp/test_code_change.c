/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload --specs-only is OTP's code_change: specs and flags are exchanged,
 * no process is touched.
 */
#include <stdio.h>
#include <string.h>

#include "t/lib/sup.h"

#define TRANSIENT "restart = transient\nsignificant = yes\n"
#define PLAIN     "restart = transient\n"

static void
change(struct sup *s)
{
	sup_write(s);
	sup_mark(s);
	sup_do(s, "'do':'reload','specs_only':true");
}

static const char *
change_refused(struct sup *s)
{
	sup_write(s);
	sup_mark(s);
	return sup_refused(s, "invalid_spec",
	    "'do':'reload','specs_only':true");
}

/* The names in the order of the tree. */
static const char *
order(struct sup *s)
{
	static char text[512];
	const struct json *w;
	size_t n = 0;

	text[0] = '\0';
	sup_do(s, "'do':'status'");
	for (w = json_first(json_get(s->reply, "workers")); w; w = json_next(w))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
		    n ? " " : "", json_get_str(w, "name", "?"));
	return text;
}

static void
expect_untouched(struct sup *s, const char *name, pid_t pid)
{
	ck_assert_int_eq(sup_pid(s, name), pid);
	ck_assert_int_eq(sup_count_events(s, "exited", NULL), 0);
	ck_assert_int_eq(sup_count_events(s, "starting", NULL), 0);
}

/* ---- flags and specs ------------------------------------------------------------ */

static void
two_changes(struct sup *s)
{
	pid_t one;

	sup_root(s, "intensity = 1");
	sup_boot(s);

	/* flags */
	sup_conf_reset(s);
	sup_root(s, "strategy = one_for_all\nintensity = 3\nperiod = 7s");
	change(s);
	ck_assert_str_eq(sup_spec(s, "root", "strategy"), "one_for_all");
	ck_assert_str_eq(sup_spec(s, "root", "intensity"), "3");
	ck_assert_str_eq(sup_spec(s, "root", "period"), "7s");

	/* a faulty spec: nothing changes */
	sup_conf_reset(s);
	sup_root(s, "intensity = 9");
	sup_conf(s, "[worker w1]\ncommand = true\nrestart = never\n");
	change_refused(s);
	ck_assert_str_eq(sup_spec(s, "root", "intensity"), "3");
	sup_expect_count(s, NULL, 0, 0, 0, 0);

	/* new ones are there, and not started */
	sup_conf_reset(s);
	sup_root(s, "");
	sup_worker(s, "w1", "stop_timeout = 2s\n", LIFE);
	sup_worker(s, "w2", "", LIFE);
	change(s);
	sup_expect_count(s, NULL, 2, 0, 0, 2);
	ck_assert_int_eq(sup_count_events(s, "starting", NULL), 0);
	sup_expect_state(s, "w1", "down");
	sup_tell(s, "start", "w1");
	one = sup_pid(s, "w1");
	ck_assert_str_eq(sup_spec(s, "w1", "stop_timeout"), "2s");

	/* a changed one keeps its process, a missing one is kept at the end */
	sup_conf_reset(s);
	sup_root(s, "");
	sup_worker(s, "w3", "", LIFE);
	sup_worker(s, "w1", "stop_timeout = 1s\n", LIFE " ballast:new");
	change(s);
	expect_untouched(s, "w1", one);
	ck_assert_str_eq(sup_spec(s, "w1", "stop_timeout"), "1s");
	ck_assert_str_eq(order(s), "w3 w1 w2");
	sup_expect_count(s, NULL, 3, 1, 0, 3);
	sup_expect_state(s, "w2", "down");
	sup_tell(s, "start", "w2");

	/* faulty flags */
	sup_conf_reset(s);
	sup_root(s, "strategy = none");
	change_refused(s);
	ck_assert_str_eq(order(s), "w3 w1 w2");

	/* "not here": whatever else it says, nothing changes */
	sup_conf_reset(s);
	sup_conf(s, "run_if = %s/absent\n", s->dir);
	sup_root(s, "intensity = 77");
	change(s);
	expect_untouched(s, "w1", one);
	ck_assert_str_eq(sup_spec(s, "root", "intensity"), "1");
	ck_assert_str_eq(order(s), "w3 w1 w2");

	/* the same again changes nothing */
	sup_conf_reset(s);
	sup_root(s, "");
	sup_worker(s, "w3", "", LIFE);
	sup_worker(s, "w1", "stop_timeout = 1s\n", LIFE " ballast:new");
	change(s);
	expect_untouched(s, "w1", one);
	ck_assert_str_eq(order(s), "w3 w1 w2");
}

START_TEST(code_change)
{
	struct sup *s = sup_new();

	two_changes(s);
	sup_end(s);
}
END_TEST

/* Maps and tuples are one form here; what is new in a spec is used later. */
START_TEST(code_change_map)
{
	struct sup *s = sup_new();
	char path[160], line[512] = "";
	FILE *file;
	pid_t pid;

	two_changes(s);
	sup_tell(s, "stop", "w1");
	sup_tell(s, "start", "w1");
	pid = sup_pid(s, "w1");
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(line, 1, sizeof(line) - 1, file), 0);
	ck_assert_ptr_nonnull(
	    memmem(line, sizeof(line), "ballast:new", strlen("ballast:new")));
	fclose(file);
	sup_end(s);
}
END_TEST

/* ---- templates ------------------------------------------------------------------- */

static void template(struct sup *s, const char *name, const char *keys)
{
	sup_conf(s,
	    "[template %s]\ncommand = %s/t/probes/chaos " LIFE
	    "\nready = notify\n" SUP_AT_ONCE "%s",
	    name, sup_build_dir(), keys);
}

static void
change_template(struct sup *s)
{
	pid_t pid;

	sup_root(s, "");
	template(s, "t", "stop_timeout = 2s\n");
	sup_boot(s);
	pid = sup_spawn(s, "t", NULL);

	sup_conf_reset(s);
	sup_root(s, "");
	template(s, "t", "stop_timeout = 1s\nintensity = 7\n");
	change(s);
	expect_untouched(s, "t@1", pid);
	ck_assert_str_eq(sup_spec(s, "t", "stop_timeout"), "1s");
	ck_assert_str_eq(sup_spec(s, "t@1", "stop_timeout"), "1s");

	/* a second one of that name, or none: refused */
	template(s, "t", "");
	change_refused(s);
	expect_untouched(s, "t@1", pid);
	sup_conf_reset(s);
	sup_root(s, "");
	change_refused(s);
	expect_untouched(s, "t@1", pid);
	ck_assert_str_eq(sup_spec(s, "t", "stop_timeout"), "1s");
	sup_spawn(s, "t", NULL);
	sup_expect_count(s, "t", 1, 2, 0, 2);
}

START_TEST(code_change_simple)
{
	struct sup *s = sup_new();

	change_template(s);
	sup_end(s);
}
END_TEST

START_TEST(code_change_simple_map)
{
	struct sup *s = sup_new();

	change_template(s);
	sup_conf_reset(s);
	sup_root(s, "");
	template(s, "t", "restart = never\n");
	change_refused(s);
	ck_assert_str_eq(sup_spec(s, "t", "restart"), "permanent");
	sup_end(s);
}
END_TEST

/* ---- significant ------------------------------------------------------------------- */

#define NEVER "auto_shutdown = never"
#define ANY   "auto_shutdown = any_significant"
#define ALL   "auto_shutdown = all_significant"

static void
expect_ended(struct sup *s)
{
	ck_assert_int_eq(sup_wait_exit(s), 0);
	sup_free(s);
}

static void
ends_normally(struct sup *s, const char *name)
{
	sup_signal(s, name, SIGUSR1);
	sup_await(s, "exited", name);
}

static void
never_to(const char *mode)
{
	struct sup *s = sup_new();

	sup_root(s, NEVER);
	sup_boot(s);
	sup_add_refused(s, "invalid_spec", "w1", TRANSIENT, LIFE);
	sup_conf_reset(s);
	sup_root(s, mode);
	change(s);
	sup_add(s, "w1", TRANSIENT, LIFE);
	sup_add(s, "w2", PLAIN, LIFE);
	ends_normally(s, "w2");
	sup_expect_state(s, "w1", "ready");
	sup_signal(s, "w1", SIGUSR1);
	expect_ended(s);
}

static void
to_never(const char *mode)
{
	struct sup *s = sup_new();

	sup_root(s, mode);
	sup_boot(s);
	sup_add(s, "w1", TRANSIENT, LIFE);
	sup_conf_reset(s);
	sup_root(s, NEVER);
	change(s);
	sup_expect_state(s, "w1", "ready");
	sup_add_refused(s, "invalid_spec", "w2", TRANSIENT, LIFE);
	ends_normally(s, "w1");
	sup_await_state(s, "w1", "exited");
	sup_tell(s, "start", "w1");
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}

START_TEST(significant_upgrade_never_any)
{
	never_to(ANY);
}
END_TEST

START_TEST(significant_upgrade_any_never)
{
	to_never(ANY);
}
END_TEST

START_TEST(significant_upgrade_never_all)
{
	never_to(ALL);
}
END_TEST

START_TEST(significant_upgrade_all_never)
{
	to_never(ALL);
}
END_TEST

static struct sup *
changed(const char *before, const char *after)
{
	struct sup *s = sup_new();

	sup_root(s, before);
	sup_boot(s);
	sup_add(s, "w1", TRANSIENT, LIFE);
	sup_add(s, "w2", TRANSIENT, LIFE);
	sup_conf_reset(s);
	sup_root(s, after);
	change(s);
	return s;
}

START_TEST(significant_upgrade_any_all)
{
	struct sup *s = changed(ANY, ALL);

	ends_normally(s, "w1");
	sup_expect_state(s, "w2", "ready");
	sup_signal(s, "w2", SIGUSR1);
	expect_ended(s);
}
END_TEST

START_TEST(significant_upgrade_all_any)
{
	struct sup *s = changed(ALL, ANY);

	sup_signal(s, "w1", SIGUSR1);
	expect_ended(s);
}
END_TEST

static void
write_child(struct sup *s, const char *mode, const char *keys)
{
	sup_conf_reset(s);
	sup_root(s, mode);
	sup_worker(s, "w1", keys, LIFE);
}

START_TEST(significant_upgrade_child)
{
	struct sup *s = sup_new();
	pid_t pid;

	/* under never it cannot become significant */
	write_child(s, NEVER, PLAIN);
	sup_boot(s);
	pid = sup_pid(s, "w1");
	write_child(s, NEVER, TRANSIENT);
	change_refused(s);
	expect_untouched(s, "w1", pid);
	ck_assert_str_eq(sup_spec(s, "w1", "significant"), "no");

	/* under any it can become, and cease to be */
	write_child(s, ANY, TRANSIENT);
	change(s);
	expect_untouched(s, "w1", pid);
	write_child(s, ANY, PLAIN);
	change(s);
	expect_untouched(s, "w1", pid);
	ends_normally(s, "w1");
	sup_await_state(s, "w1", "exited");
	sup_tell(s, "start", "w1");
	write_child(s, ANY, TRANSIENT);
	change(s);
	sup_signal(s, "w1", SIGUSR1);
	expect_ended(s);
}
END_TEST

OTP(code_change, code_change, code_change_map, code_change_simple,
    code_change_simple_map, significant_upgrade_never_any,
    significant_upgrade_any_never, significant_upgrade_never_all,
    significant_upgrade_all_never, significant_upgrade_any_all,
    significant_upgrade_all_any, significant_upgrade_child)
