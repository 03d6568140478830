/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exit code of 0 proves nothing: /bin/true has it too.  The program must
 * say that it takes the state over; anything else it says is the reason why
 * not.
 */
#include "supervisor/state/reexec_check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/str.h"
#include "supervisor/launch/signals_default.h"
#include "supervisor/state/reexec.h"

#define STATE_FD        3
#define SAID_BYTES      200
#define EXIT_NO_PROGRAM 127

void
reexec_check_init(struct reexec_check *check)
{
	*check = (struct reexec_check){ .said = -1 };
}

void
reexec_check_fini(struct reexec_check *check)
{
	fd_close(&check->said);
	check->pid = 0;
}

/* After fork: only calls that are safe there. */
static void
become(const char *path, int state, int said)
{
	char *argv[] = { "msd", "--resume-check", "3", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	state = fcntl(state, F_DUPFD, STATE_FD + 1);
	said = fcntl(said, F_DUPFD, STATE_FD + 1);
	if (null < 0 || state < 0 || said < 0 || dup2(null, 0) < 0 ||
	    dup2(said, 1) < 0 || dup2(said, 2) < 0 ||
	    dup2(state, STATE_FD) < 0 ||
	    close_range(STATE_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		_exit(EXIT_NO_PROGRAM);
	signals_default();
	execv(path, argv);
	dprintf(2, "cannot execute %s: %s", path, strerror(errno));
	_exit(EXIT_NO_PROGRAM);
}

bool
reexec_check_start(struct reexec_check *check, const char *path, int fd,
    struct why *why)
{
	sigset_t all, before;

	check->said = memfd_create("msd-check", MFD_CLOEXEC);
	if (check->said < 0) {
		why_set(why, MS_EIO, "no memory file: %s", strerror(errno));
		return false;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	check->pid = fork();
	if (check->pid == 0)
		become(path, fd, check->said);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (check->pid > 0)
		return true;
	why_set(why, MS_EIO, "cannot fork: %s", strerror(errno));
	reexec_check_fini(check);
	return false;
}

void
reexec_check_kill(const struct reexec_check *check)
{
	if (check->pid == 0)
		return;
	kill(-check->pid, SIGKILL); /* it may be a script that waits */
	kill(check->pid, SIGKILL);
}

bool
reexec_check_end(struct reexec_check *check, const siginfo_t *info,
    struct why *why)
{
	char said[SAID_BYTES];
	ssize_t n = pread(check->said, said, sizeof(said) - 1, 0);
	bool accepted;

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	accepted = info->si_code == CLD_EXITED && info->si_status == 0 &&
	    strncmp(said, REEXEC_ACCEPTED, strlen(REEXEC_ACCEPTED)) == 0;
	if (!accepted && info->si_code != CLD_EXITED)
		why_set(why, MS_EIO, "the new program %s: %s",
		    info->si_status == SIGKILL ? "did not answer in time"
					       : "crashed",
		    signal_name(info->si_status));
	else if (!accepted)
		why_set(why, MS_EIO,
		    "the new program does not take over (exit code %d): %s",
		    info->si_status, said);
	reexec_check_fini(check);
	return accepted;
}
