/* SPDX-License-Identifier: Apache-2.0 */
/* Time and memory: both must grow with what lives, not with what has lived. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "t/lib/sup.h"

/* A slow build and a busy machine are no reason to fail. */
#define NOISE_MS  40
#define NOISE_KIB 600

/* A sanitizer keeps freed memory back. */
#ifdef __SANITIZE_ADDRESS__
#define MEASURES_MEMORY false
#else
#define MEASURES_MEMORY true
#endif

static char *
ballast(size_t bytes)
{
	char *text = xcalloc(1, bytes + sizeof("ballast:"));

	strcpy(text, "ballast:");
	memset(text + strlen("ballast:"), 'x', bytes);
	return text;
}

/* ---- time ------------------------------------------------------------------------- */

static void
start_and_stop(size_t n, uint64_t *start_ms_r, uint64_t *stop_ms_r)
{
	struct sup *s = sup_new();
	uint64_t since;

	sup_root(s, "");
	for (size_t i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "w%zu", i);
		sup_worker(s, name, "ready = exec\n", LIFE);
	}
	since = sup_now_ms();
	sup_boot(s);
	*start_ms_r = sup_now_ms() - since;
	sup_expect_count(s, NULL, (long)n, (long)n, 0, (long)n);
	since = sup_now_ms();
	sup_end(s);
	*stop_ms_r = sup_now_ms() - since;
}

START_TEST(scale_start_stop_many_children)
{
	uint64_t few_start, few_stop, many_start, many_stop;
	size_t n = (size_t)sup_scaled(20);

	start_and_stop(n, &few_start, &few_stop);
	start_and_stop(n * 10, &many_start, &many_stop);
	ck_assert_uint_lt(many_start, 100 * (few_start + NOISE_MS / 10));
	ck_assert_uint_lt(many_stop, 100 * (few_stop + NOISE_MS / 10));
	fprintf(stderr,
	    "%zu children: start %lu ms stop %lu ms; %zu: %lu, %lu\n", n,
	    few_start, few_stop, n * 10, many_start, many_stop);
}
END_TEST

static struct sup *
boot_template(const char *keys)
{
	struct sup *s = sup_new();

	sup_root(s, "");
	sup_conf(s,
	    "[template t]\ncommand = %s/t/probes/chaos " LIFE
	    "\nready = notify\n" SUP_AT_ONCE "%s",
	    sup_build_dir(), keys);
	sup_boot(s);
	return s;
}

static uint64_t
stop_instances(size_t n)
{
	struct sup *s = boot_template("restart = temporary\n");
	uint64_t since;

	sup_do(s, "'do':'scale','name':'t','count':%zu,'wait':true", n);
	sup_expect_count(s, "t", 1, (long)n, 0, (long)n);
	since = sup_now_ms();
	sup_end(s);
	return sup_now_ms() - since;
}

START_TEST(simple_one_for_one_scale_many_temporary_children)
{
	size_t n = (size_t)sup_scaled(20);
	uint64_t few = stop_instances(n), many = stop_instances(n * 10);

	ck_assert_uint_lt(many, 50 * (few + NOISE_MS / 10));
	fprintf(stderr, "%zu instances stop in %lu ms, %zu in %lu ms\n", n, few,
	    n * 10, many);
}
END_TEST

/* ---- memory ------------------------------------------------------------------------ */

/* What a temporary one was started with goes with it. */
START_TEST(simple_one_for_one_corruption)
{
	struct sup *s = boot_template("restart = temporary\n");
	char *big = ballast(50000);
	long before;

	for (int i = 0; i < 3; i++) { /* warm */
		sup_spawn(s, "t", big);
		sup_signal(s, sup_reply_str(s, "name"), SIGKILL);
		sup_await(s, "removed", NULL);
	}
	before = sup_dirty_kib(s);
	for (int i = 0; i < 40; i++) {
		char name[32];

		sup_spawn(s, "t", big);
		snprintf(name, sizeof(name), "%s", sup_reply_str(s, "name"));
		sup_signal(s, name, SIGKILL);
		sup_await(s, "removed", name);
	}
	if (MEASURES_MEMORY)
		ck_assert_int_lt(sup_dirty_kib(s) - before, NOISE_KIB);
	sup_expect_count(s, "t", 1, 0, 0, 0);
	sup_end(s);
	free(big);
}
END_TEST

/* Hundred of that type with a long command line; none is running afterwards. */
static long
cost_of(const char *keys)
{
	struct sup *s = sup_new();
	char *big = ballast(20000), *steps = xasprintf("%s " LIFE, big);
	long before = 0;

	sup_root(s, "");
	sup_boot(s);
	for (int i = 0; i < 105; i++) {
		char name[32];

		if (i == 5) /* what every first one costs is spent */
			before = sup_dirty_kib(s);

		snprintf(name, sizeof(name), "w%d", i);
		ck_assert_int_gt(sup_add(s, name, keys, steps), 0);
		sup_tell(s, "stop", name);
	}
	before = sup_dirty_kib(s) - before;
	sup_end(s);
	free(steps);
	free(big);
	return before;
}

START_TEST(do_not_save_start_parameters_for_temporary_children)
{
	long temporary = cost_of("restart = temporary\n");
	long permanent = cost_of("restart = permanent\n");

	fprintf(stderr, "100 temporary %ld KiB, 100 permanent %ld KiB\n",
	    temporary, permanent);
	ck_assert_int_lt(temporary, permanent);
	if (MEASURES_MEMORY)
		ck_assert_int_lt(temporary, NOISE_KIB);
}
END_TEST

OTP(scale, scale_start_stop_many_children,
    simple_one_for_one_scale_many_temporary_children,
    simple_one_for_one_corruption,
    do_not_save_start_parameters_for_temporary_children)
