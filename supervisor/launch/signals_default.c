/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel is asked directly: glibc's sigaction() refuses 32 and 33, which
 * its threads use, and its posix_spawn() hands them on ignored when a program
 * with threads started msd.
 */
#include "supervisor/launch/signals_default.h"

#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL_SIGSET_BYTES (NSIG / 8)

/* Larger than any architecture's; all zeros is SIG_DFL without flags. */
static const uint64_t standard_action[8];

void
signals_default(void)
{
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++) /* KILL, STOP refuse */
		syscall(SYS_rt_sigaction, signo, standard_action, NULL,
		    KERNEL_SIGSET_BYTES);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
