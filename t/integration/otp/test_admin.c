/* SPDX-License-Identifier: Apache-2.0 */
/* Adding, stopping, starting, removing workers: every answer in its state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/alloc.h"
#include "t/lib/sup.h"

/* From nothing to nothing; `keys` must leave the worker addable again. */
static void
admin_cycle(struct sup *s, const char *name)
{
	pid_t old, now;

	sup_add_refused(s, "already_started", name, "", LIFE);
	old = sup_pid(s, name);
	sup_refused(s, "running", "'do':'start','name':'%s'", name);
	sup_refused(s, "running", "'do':'remove','name':'%s'", name);
	sup_tell(s, "stop", name);
	ck_assert(!sup_is_alive(old));
	sup_expect_count(s, NULL, 1, 0, 0, 1);
	sup_tell(s, "stop", name); /* as often as one likes */
	sup_add_refused(s, "already_present", name, "", LIFE);
	sup_tell(s, "start", name);
	now = sup_pid(s, name);
	ck_assert_int_gt(now, 0);
	ck_assert_int_ne(now, old);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_refused(s, "running", "'do':'start','name':'%s'", name);
	sup_tell(s, "stop", name);
	sup_do(s, "'do':'remove','name':'%s'", name);
	sup_refused(s, "not_found", "'do':'remove','name':'%s'", name);
	sup_refused(s, "not_found", "'do':'start','name':'%s'", name);
	sup_expect_count(s, NULL, 0, 0, 0, 0);
	ck_assert(!sup_lists(s, name));
}

static int
msctl_without_msd(struct sup *s)
{
	char *line = xasprintf("%s/msctl -s %s/absent.sock count >%s/said 2>&1",
	    sup_build_dir(), s->dir, s->dir);
	int status = system(line);

	free(line);
	return WEXITSTATUS(status);
}

START_TEST(child_adm)
{
	struct sup *s = sup_new();
	long switches;
	pid_t pid;

	ck_assert_int_eq(msctl_without_msd(s), 7);
	sup_root(s, "");
	sup_boot(s);
	switches = sup_switches(s);
	sup_pass(sup_now_ms() + 300);
	ck_assert_int_le(sup_switches(s) - switches, 1); /* it sleeps */

	sup_refused(s, "not_found", "'do':'start','name':'w1'");
	sup_refused(s, "not_found", "'do':'stop','name':'w1'");
	sup_refused(s, "not_found", "'do':'remove','name':'w1'");
	ck_assert_int_gt(sup_add(s, "w1", "", LIFE), 0);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	pid = sup_pid(s, "w1");
	sup_refused(s, "not_found", "'do':'stop','name':'%d'", (int)pid);
	ck_assert(sup_is_alive(pid));
	admin_cycle(s, "w1");
	ck_assert_int_gt(sup_add(s, "w1", "", LIFE), 0);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

/* {ok, Pid, Info}: what a worker says with READY is in the answer. */
START_TEST(extra_return)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_boot(s);
	ck_assert_int_gt(sup_add(s, "w1", "", "say:STATUS=extra say:READY=1"),
	    0);
	ck_assert_str_eq(sup_reply_str(s, "status_text"), "extra");
	sup_tell(s, "stop", "w1");
	sup_do(s, "'do':'start','name':'w1','wait':true");
	ck_assert_str_eq(sup_reply_str(s, "status_text"), "extra");
	admin_cycle(s, "w1");
	sup_add(s, "w1", "", "say:STATUS=extra say:READY=1");
	sup_signal_back(s, "w1", SIGKILL);
	sup_expect_count(s, NULL, 1, 1, 0, 1);
	sup_end(s);
}
END_TEST

/* ---- specs ------------------------------------------------------------------ */

/* The same text by `check` of a file, by `msd -t` and by `add`. */
static void
expect_bad(struct sup *s, const char *keys, const char *says)
{
	char *text = xasprintf("[worker w1]\n%s", keys);
	struct buf quoted = { 0 };
	const char *why;
	FILE *file;

	json_quote(&quoted, slice_of(text));
	why = sup_refused(s, "invalid_spec", "'do':'add','text':%.*s",
	    (int)quoted.len, (const char *)quoted.ptr);
	ck_assert_msg(strstr(why, says) != NULL, "%s: %s", keys, why);
	file = fopen(s->file, "a");
	fputs(text, file);
	fclose(file);
	why =
	    sup_refused(s, "invalid_spec", "'do':'check','file':'%s'", s->file);
	ck_assert_msg(strstr(why, says) != NULL, "%s: %s", keys, why);
	sup_write(s);
	buf_fini(&quoted);
	free(text);
}

START_TEST(child_specs)
{
	static const struct {
		const char *keys, *says;
	} bad[] = {
		{ "restart = permanent\n", "command" },
		{ "command = \n", "command" },
		{ "command = true\nrestart = prmanent\n", "restart" },
		{ "command = true\nstop_timeout = -10\n", "stop_timeout" },
		{ "command = true\nsupervisor = wrker\n", "supervisor" },
		{ "command = true\nready = maybe\n", "ready" },
		{ "command = true\nsignificant = yes\n", "significant" },
		{ "command = true\nrestart = transient\nsignificant = yes\n",
		    "significant" },
		{ "command = true\nrestart = temporary\nsignificant = 17\n",
		    "significant" },
	};
	static const char *const types[] = { "permanent", "transient",
		"temporary" };
	static const char *const stops[] = { "0", "10ms", "5s", "infinity" };
	static const char *const readies[] = { "exec", "notify" };
	struct sup *s = sup_new();
	int n = 0;

	sup_root(s, "");
	sup_boot(s);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_bad(s, bad[i].keys, bad[i].says);
	sup_expect_count(s, NULL, 0, 0, 0, 0);
	for (size_t i = 0; i < 3 * 4 * 2; i++) {
		char name[16], keys[128];

		snprintf(name, sizeof(name), "w%zu", i);
		snprintf(keys, sizeof(keys),
		    "restart = %s\nstop_timeout = %s\nready = %s\n",
		    types[i % 3], stops[i / 3 % 4], readies[i / 12]);
		ck_assert_int_gt(sup_add(s, name, keys, LIFE), 0);
		n++;
	}
	sup_expect_count(s, NULL, n, n, 0, n);
	sup_end(s);

	s = sup_new(); /* no name twice, nor two templates of one */
	sup_worker(s, "w1", "", LIFE);
	sup_worker(s, "w1", "", LIFE);
	ck_assert_int_eq(sup_check(s), 6);
	sup_conf_reset(s);
	sup_conf(s, "[template t]\ncommand = true\n");
	ck_assert_int_eq(sup_check(s), 0);
	sup_conf(s, "[template t]\ncommand = true\n");
	ck_assert_int_eq(sup_check(s), 6);
	sup_free(s);
}
END_TEST

/*
 * Everything with everything: only a significant child that is permanent, or
 * whose supervisor never looks, is wrong.  All good ones make one good file.
 */
#define SECTIONS 4000 /* in one file */
static const struct axis {
	const char *key;
	const char *values[6];
	size_t count;
} axes[] = {
	{ "restart", { "", "permanent", "transient", "temporary" }, 4 },
	{ "significant", { "", "no", "yes" }, 3 },
	{ "supervisor", { "", "never", "any", "all" }, 4 },
	{ "stop_timeout", { "", "0", "1s", "infinity" }, 4 },
	{ "strategy",
	    { "", "one_for_one", "one_for_all", "rest_for_one", "escalate" },
	    5 },
	{ "ready", { "", "exec", "notify", "delay:1s", "fd:3" }, 5 },
	{ "stop_signal", { "", "INT" }, 2 },
};

static bool
is_good(const char *const *chosen)
{
	bool significant = strcmp(chosen[1], "yes") == 0;
	bool permanent = !*chosen[0] || strcmp(chosen[0], "permanent") == 0;
	bool never = !*chosen[2] || strcmp(chosen[2], "never") == 0;

	return !significant || (!permanent && !never);
}

static void
combine(size_t number, const char **chosen)
{
	for (size_t i = 0; i < ARRAY_LEN(axes); i++) {
		chosen[i] = axes[i].values[number % axes[i].count];
		number /= axes[i].count;
	}
}

static void
write_combination(struct sup *s, size_t number, const char *const *chosen)
{
	sup_conf(s, "[worker w%zu]\ncommand = true\n", number);
	for (size_t i = 0; i < ARRAY_LEN(axes); i++)
		if (*chosen[i])
			sup_conf(s, "%s = %s\n", axes[i].key, chosen[i]);
}

static void
write_supervisors(struct sup *s)
{
	sup_conf_reset(s);
	sup_conf(s, "[supervisor never]\n");
	sup_conf(s, "[supervisor any]\nauto_shutdown = any_significant\n");
	sup_conf(s, "[supervisor all]\nauto_shutdown = all_significant\n");
}

/* As many as one file may hold, from *number on. */
static size_t
write_some(struct sup *s, bool good, size_t *number)
{
	const char *chosen[ARRAY_LEN(axes)];
	size_t total = 1, n = 0;

	write_supervisors(s);
	for (size_t i = 0; i < ARRAY_LEN(axes); i++)
		total *= axes[i].count;
	for (; *number < total && n < SECTIONS; ++*number) {
		combine(*number, chosen);
		if (is_good(chosen) != good)
			continue;
		write_combination(s, *number, chosen);
		n++;
	}
	return n;
}

/* Different workers that the output blames. */
static size_t
count_blamed(struct sup *s)
{
	size_t n = 0;

	for (const char *at = sup_output(s); (at = strstr(at, "significant:"));
	     at++)
		n++;
	return n;
}

START_TEST(child_specs_map)
{
	static const char *const bad[] = { "restart = 1", "significant = maybe",
		"stop_timeout = -10", "stop_timeout = forever",
		"strategy = simple_one_for_one", "stop_signal = SIGNOTHING",
		"backoff = 5s..1s" };
	struct sup *s = sup_new();
	const char *chosen[ARRAY_LEN(axes)];
	size_t n, all = 0;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		sup_conf_reset(s);
		sup_conf(s, "[worker w1]\n%s%s\n",
		    strstr(bad[i], "command") ? "" : "command = true\n",
		    bad[i]);
		ck_assert_msg(sup_check(s) == 6, "'%s'", bad[i]);
	}
	for (size_t number = 0; (n = write_some(s, true, &number)); all += n)
		ck_assert_msg(sup_check(s) == 0, "%s", sup_output(s));
	for (size_t number = 0; (n = write_some(s, false, &number)); all += n)
		ck_assert_int_eq(sup_check(s), 6);
	ck_assert_uint_eq(all, 4 * 3 * 4 * 4 * 5 * 5 * 2);
	/* the first 48 have all that decides */
	for (size_t number = 0; number < 48; number++) {
		combine(number, chosen);
		write_supervisors(s);
		write_combination(s, number, chosen);
		ck_assert_int_eq(sup_check(s), is_good(chosen) ? 0 : 6);
	}
	ck_assert_uint_gt(count_blamed(s), 10);
	sup_free(s);
}
END_TEST

/* ---- what is kept of a temporary one ----------------------------------------- */

enum ending {
	END_KILL,
	END_NORMAL,
	END_FAILURE,
	END_OPERATOR,
	END_COUNT
};

/* What `add` of the same name says afterwards; NULL: it starts. */
static const char *const kept[3][END_COUNT] = {
	{ "already_started", "already_started", "already_started",
	    "already_present" }, /* permanent */
	{ "already_started", "already_present", "already_started",
	    "already_present" },    /* transient */
	{ NULL, NULL, NULL, NULL }, /* temporary */
};

static void
end_worker(struct sup *s, const char *name, enum ending how)
{
	static const int signals[] = { SIGKILL, SIGUSR1, SIGUSR2 };

	if (how == END_OPERATOR) {
		sup_tell(s, "stop", name);
		return;
	}
	sup_signal(s, name, signals[how]);
	sup_await(s, "exited", name);
}

static void
expect_kept(struct sup *s, const char *keys, enum ending how, const char *code)
{
	sup_add(s, "w1", keys, LIFE);
	end_worker(s, "w1", how);
	if (!code) {
		sup_await(s, how == END_OPERATOR ? "exited" : "removed", "w1");
		ck_assert_int_gt(sup_add(s, "w1", keys, LIFE), 0);
	} else {
		if (strcmp(code, "already_started") == 0)
			sup_await(s, "ready", "w1");
		sup_add_refused(s, code, "w1", keys, LIFE);
	}
	sup_tell(s, "stop", "w1");
	if (code)
		sup_do(s, "'do':'remove','name':'w1'");
	sup_expect_count(s, NULL, 0, 0, 0, 0);
}

START_TEST(do_not_save_child_specs_for_temporary_children)
{
	static const char *const strategies[] = { "one_for_one", "one_for_all",
		"rest_for_one" };
	static const char *const types[] = { "restart = permanent\n",
		"restart = transient\n", "restart = temporary\n" };

	for (size_t i = 0; i < ARRAY_LEN(strategies); i++) {
		struct sup *s = sup_new();
		char keys[64];

		snprintf(keys, sizeof(keys), "strategy = %s\nintensity = 100",
		    strategies[i]);
		sup_root(s, keys);
		sup_boot(s);
		for (size_t t = 0; t < ARRAY_LEN(types); t++)
			for (int how = 0; how < END_COUNT; how++)
				expect_kept(s, types[t], (enum ending)how,
				    kept[t][how]);
		sup_end(s);
	}
}
END_TEST

OTP(admin, child_adm, extra_return, child_specs, child_specs_map,
    do_not_save_child_specs_for_temporary_children)
