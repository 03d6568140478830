/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/launch/proc.h"
#include "t/lib/unit.h"

/* A child that waits to be killed. */
static pid_t
bear(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void
bury(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

START_TEST(a_process_is_known_by_its_stat)
{
	struct proc_stat st;

	ck_assert(proc_stat_read(getpid(), &st));
	ck_assert_int_eq(st.parent, getppid());
	ck_assert_int_eq(st.group, getpgrp());
	ck_assert_int_eq(st.session, getsid(0));
	ck_assert(!proc_stat_read(0x3fffffff, &st));
}
END_TEST

struct sought {
	pid_t pid[2];
	unsigned seen[2], others;
};

static void
note(pid_t pid, void *arg)
{
	struct sought *s = arg;

	if (pid == s->pid[0])
		s->seen[0]++;
	else if (pid == s->pid[1])
		s->seen[1]++;
	else
		s->others++;
}

START_TEST(every_child_is_named_once_the_dead_too)
{
	struct sought s = { .pid = { bear(), bear() } };
	siginfo_t info;

	kill(s.pid[1], SIGKILL);
	waitid(P_PID, (id_t)s.pid[1], &info, WEXITED | WNOWAIT);
	ck_assert(proc_children(note, &s));
	ck_assert_uint_eq(s.seen[0], 1);
	ck_assert_uint_eq(s.seen[1], 1);
	ck_assert_uint_eq(s.others, 0);
	bury(s.pid[0]);
	bury(s.pid[1]);
}
END_TEST

START_TEST(a_zombie_is_known_as_dead)
{
	pid_t pid = bear();
	struct proc_stat st;
	siginfo_t info;

	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	ck_assert(proc_stat_read(pid, &st));
	ck_assert_int_eq(st.state, 'Z');
	ck_assert_int_eq(st.parent, getpid());
	bury(pid);
}
END_TEST

UNIT(proc, a_process_is_known_by_its_stat,
    every_child_is_named_once_the_dead_too, a_zombie_is_known_as_dead)
