/* SPDX-License-Identifier: Apache-2.0 */
/* A supervisor that is a process of its own: msd as a worker of msd. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "t/lib/sup.h"

static void
write_inner(struct sup *s)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/inner.conf", s->dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file,
	    "[msd]\nrun_dir = %s/run-inner\nlog_dir = %s/log\n"
	    "state_dir = %s/state\n[supervisor root]\nintensity = 100\n"
	    "[worker leaf]\ncommand = %s/t/probes/chaos " LIFE
	    "\nready = notify\n" SUP_AT_ONCE,
	    s->dir, s->dir, s->dir, sup_build_dir());
	fclose(file);
}

/* The inner msd's own socket, spoken to as to any other. */
static struct sup *
inner_of(struct sup *s)
{
	return sup_meet(s, "run-inner");
}

static pid_t
leaf_pid(struct sup *s)
{
	struct sup *inner = inner_of(s);
	pid_t pid;

	sup_await_state(inner, "leaf", "ready");
	pid = sup_pid(inner, "leaf");
	sup_free(inner);
	return pid;
}

static void
expect_other(struct sup *s, pid_t *pid)
{
	pid_t now = leaf_pid(s);

	ck_assert_int_gt(now, 0);
	ck_assert_int_ne(now, *pid);
	ck_assert(!sup_is_alive(*pid));
	*pid = now;
}

START_TEST(simple_global_supervisor)
{
	struct sup *s = sup_new(), *inner;
	pid_t leaf, old;

	write_inner(s);
	sup_root(s, "intensity = 100");
	sup_conf(s,
	    "[worker inner]\ncommand = %s/msd -c %s/inner.conf\n"
	    "ready = notify\n" SUP_AT_ONCE,
	    sup_build_dir(), s->dir);
	sup_boot(s);
	leaf = leaf_pid(s);

	old = sup_signal_back(s, "inner", SIGKILL); /* the supervisor dies */
	(void)old;
	expect_other(s, &leaf);

	inner = inner_of(s); /* a worker is killed, then ends by itself */
	sup_signal_back(inner, "leaf", SIGKILL);
	sup_free(inner);
	expect_other(s, &leaf);
	inner = inner_of(s);
	sup_signal_back(inner, "leaf", SIGUSR1);
	sup_free(inner);
	expect_other(s, &leaf);

	sup_do(s, "'do':'restart','name':'inner','wait':true");
	expect_other(s, &leaf);

	/* the top dies: nothing runs on */
	kill(s->pid, SIGKILL);
	ck_assert_int_eq(waitpid(s->pid, NULL, 0), s->pid);
	sup_await_nothing_left(s);
	sup_free(s);
}
END_TEST

OTP(nested, simple_global_supervisor)
