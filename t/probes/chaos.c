/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaos STEP...: a worker that does as it is told, step by step, and then
 * waits for a signal.  Steps that take another step run it as it stands here.
 *
 *   say:TEXT            sends TEXT to NOTIFY_SOCKET (say:READY=1); \n is a newline
 *   notifyfd            READY=1 from a child that is gone at once
 *   sayfd:N:TEXT        TEXT with N memfds; N may be `pair` (one end of a pair
 *                       whose other end it holds) or `twice` (one file)
 *   shout:BYTES         READY=1 and that many bytes in one datagram
 *   barrier             BARRIER=1, and waits until msd has answered
 *   main                MAINPID= its own (child:main)
 *   heir                a child is the main process, this one ends at once
 *   times:N:STEP        STEP that many times
 *   beat:MS             WATCHDOG=1 every 50 ms for that long
 *   note:FILE           appends its name and pid to FILE
 *   stamp:FILE:WORD     appends "mono_ns WORD name generation pid"
 *   pause:MS            waits that long
 *   await:FILE          waits until FILE exists
 *
 *   exit:CODE           ends
 *   exit-if:FILE:CODE, exit-unless:FILE:CODE
 *                       ends when FILE is there, or is not
 *   if:FILE:STEP        runs STEP when FILE is there
 *   at:N:STEP, from:N:STEP
 *                       runs STEP in generation N, or from N on
 *   ballast:TEXT        nothing; a long argument
 *   count:FILE:N:CODE   ends from its N-th start on; FILE grows a byte a start
 *   segv, abort         dies of it
 *   kill:SIG            sends SIG to itself (a number, TERM, RTMIN+2)
 *   stopself            stops, as a hung process
 *   deaf                ignores TERM from now on
 *   ignore:SIG          ignores SIG from now on
 *   ignore-all          ignores all signals, those of glibc too
 *   on:SIG:STEP         runs STEP when SIG comes; several run in their order
 *
 *   fork:N              N children that wait
 *   child:STEP          a child that runs STEP and waits
 *   orphan:STEP         the same in a session of its own, its parent gone
 *   setsid-orphan:N     N orphans that ignore TERM
 *   daemonise           the process exits 0, a child goes on with the steps
 *   holdpipe[:MS]       an orphan keeps standard output, writes every MS
 *   forkbomb:N          children and theirs fork until there are N
 *
 *   out:TEXT            TEXT to standard output, \n is a newline
 *   lines:N             N numbered lines
 *   spam:BYTES          that much in lines of 80 (64K, 10M; 0: for ever)
 *   longline:BYTES      that much without a newline
 *   close1              closes standard output and error
 *   closefds            closes every descriptor from 3 on
 *
 *   leakfd:N            opens N descriptors
 *   eatmem:BYTES        takes and touches that much memory
 *   listen:PORT         takes a port of 127.0.0.1; exit 98 when it is taken
 *   lock:FILE           locks FILE for its life; exit 97 when it is locked
 *   env[:FILE], fds[:FILE], sigmask[:FILE]
 *                       writes what it was given, to standard output or FILE
 *   exec:PROG           becomes PROG; the steps that follow are its arguments
 */
#include "t/probes/chaos_steps/chaos.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/defs.h"

static const struct {
	const char *name;
	step_fn *run;
} steps[] = {
	{ "say", step_say },
	{ "notifyfd", step_notifyfd },
	{ "sayfd", step_sayfd },
	{ "shout", step_shout },
	{ "barrier", step_barrier },
	{ "main", step_main },
	{ "heir", step_heir },
	{ "times", step_times },
	{ "beat", step_beat },
	{ "note", step_note },
	{ "stamp", step_stamp },
	{ "pause", step_pause },
	{ "await", step_await },
	{ "exit", step_exit },
	{ "exit-if", step_exit_if },
	{ "exit-unless", step_exit_unless },
	{ "if", step_if },
	{ "at", step_at },
	{ "from", step_from },
	{ "count", step_count },
	{ "segv", step_segv },
	{ "abort", step_abort },
	{ "kill", step_kill },
	{ "stopself", step_stopself },
	{ "deaf", step_deaf },
	{ "ignore", step_ignore },
	{ "ignore-all", step_ignore_all },
	{ "on", step_on },
	{ "fork", step_fork },
	{ "child", step_child },
	{ "orphan", step_orphan },
	{ "setsid-orphan", step_setsid_orphan },
	{ "daemonise", step_daemonise },
	{ "holdpipe", step_holdpipe },
	{ "forkbomb", step_forkbomb },
	{ "out", step_out },
	{ "lines", step_lines },
	{ "spam", step_spam },
	{ "longline", step_longline },
	{ "close1", step_close1 },
	{ "closefds", step_closefds },
	{ "leakfd", step_leakfd },
	{ "eatmem", step_eatmem },
	{ "listen", step_listen },
	{ "lock", step_lock },
	{ "env", step_env },
	{ "fds", step_fds },
	{ "sigmask", step_sigmask },
};

_Noreturn void
chaos_broken(const char *what)
{
	fprintf(stderr, "chaos: cannot %s: %s\n", what, strerror(errno));
	_exit(CHAOS_BROKEN);
}

_Noreturn void
chaos_wait(void)
{
	for (;;)
		pause();
}

char *
chaos_cut(char *value)
{
	char *colon = strchr(value, ':');

	if (!colon)
		return value + strlen(value);
	*colon = '\0';
	return colon + 1;
}

size_t
chaos_bytes(const char *value)
{
	char *unit;
	size_t bytes = strtoull(value, &unit, 10);

	if (*unit == 'K')
		return bytes << 10;
	return *unit == 'M' ? bytes << 20 : bytes;
}

void
chaos_write(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			chaos_broken("write");
		bytes += n;
		len -= (size_t)n;
	}
}

void
chaos_step(char *what)
{
	char copy[4096];
	char *value;

	if (strlen(what) >= sizeof(copy))
		_exit(2);
	memcpy(copy, what, strlen(what) + 1);
	value = chaos_cut(copy);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (strcmp(copy, steps[i].name) == 0) {
			steps[i].run(value);
			return;
		}
	}
	fprintf(stderr, "chaos: what is '%s'?\n", what);
	_exit(2);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "exec:", 5) == 0) {
			argv[i] += 5;
			execvp(argv[i], argv + i);
			chaos_broken("exec");
		}
		if (strncmp(argv[i], "ballast:", 8) != 0)
			chaos_step(argv[i]);
	}
	chaos_wait();
}
