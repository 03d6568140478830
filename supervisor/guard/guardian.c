/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No event loop: signals are blocked and taken one by one with a timeout.
 * msd gets a process group of its own, or Ctrl-C on a terminal would reach it
 * twice: directly, and handed down.
 */
#include "supervisor/guard/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mono.h"
#include "proto/contract.h"
#include "proto/notify.h"
#include "supervisor/daemon.h"
#include "supervisor/guard/guardian_sweep.h"
#include "supervisor/guard/guardian_verdict.h"
#include "supervisor/manager.h"
#include "supervisor/msd.h"

#define SWEEP_AGAIN_MS 20u
/* What has not died of KILL by then hangs inside the kernel and never comes
 * back to its own code: it must not keep the tree down. */
#define SWEEP_MAX_MS    30000u
#define EXIT_NO_PROGRAM 127

struct watch {
	const struct guardian *guardian;
	struct manager manager;
	sigset_t signals, before;
	pid_t msd;   /* 0: it is dead */
	int word_fd; /* msd's last word arrives here */
	uint32_t starts;
	struct mono started;
	uint32_t tries;
	uint64_t dice;
	struct guardian_end end;
	char how[GUARD_HOW_BYTES];
};

/* ---- starting msd -------------------------------------------------------- */

static void
exec_msd(const struct watch *w, const struct guard *guard)
{
	const struct guardian *g = w->guardian;

	guard_put(guard);
	if (g->path)
		execv(g->path, g->argv);
	/* it has been moved away: what we are ourselves is still there */
	execv("/proc/self/exe", g->argv);
	log_error("cannot start msd again", "path=%s errno=%d",
	    LOGQ(g->path ? g->path : "?"), errno);
	_exit(EXIT_NO_PROGRAM);
}

/* As guardian_run(): true in the first msd. */
static bool
start_msd(struct watch *w, struct guard *guard_r)
{
	/* when it does not even come to a fork */
	static const struct guardian_end unborn = {
		.status = MS_EXIT_OSERR << 8,
		.word = -1,
	};
	struct guard guard = { .pid = getpid(),
		.lock_fd = w->guardian->lock_fd,
		.starts = ++w->starts };
	int fds[2];

	w->started = mono_now();
	w->end = unborn;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		log_error("cannot start msd", "errno=%d", errno);
		return false;
	}
	w->msd = fork();
	if (w->msd == 0) {
		setpgid(0, 0);
		fd_close(&fds[0]);
		manager_close(&w->manager);
		guard.word_fd = fds[1];
		memcpy(guard.how, w->how, sizeof(guard.how));
		sigprocmask(SIG_SETMASK, &w->before, NULL);
		if (w->starts > 1)
			exec_msd(w, &guard);
		*guard_r = guard;
		return true;
	}
	fd_close(&fds[1]);
	if (w->msd < 0) {
		log_error("cannot fork msd", "errno=%d", errno);
		w->msd = 0;
		fd_close(&fds[0]);
		return false;
	}
	w->word_fd = fds[0];
	return false;
}

/* ---- waiting ------------------------------------------------------------- */

static void
on_signal(struct watch *w, int signo)
{
	switch (signo) {
	case SIGTERM:
	case SIGINT:
		w->end.asked++;
		break;
	case SIGUSR1:
		daemon_reopen(w->guardian->daemon);
		break;
	}
	if (signo != SIGCHLD && w->msd > 0)
		kill(w->msd, signo);
}

/* The next signal, at most ms later. */
static void
take_signal(struct watch *w, uint64_t ms)
{
	struct timespec patience = { .tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000 };
	int signo = ms == DURATION_INFINITY
	    ? sigwaitinfo(&w->signals, NULL)
	    : sigtimedwait(&w->signals, NULL, &patience);

	if (signo > 0)
		on_signal(w, signo);
}

static bool
msd_has_ended(struct watch *w)
{
	int status;
	pid_t pid;

	/* others are strangers: children this process had before */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != w->msd)
			continue;
		w->msd = 0;
		w->end.status = status;
		return true;
	}
	return false;
}

static void
await_end(struct watch *w)
{
	unsigned char word;

	while (!msd_has_ended(w))
		take_signal(w, DURATION_INFINITY);
	if (read(w->word_fd, &word, 1) == 1)
		w->end.word = word;
	fd_close(&w->word_fd);
}

/* ---- after it ------------------------------------------------------------ */

/* The manager's watchdog counts on while there is no msd to feed it. */
static void
say(const struct watch *w, const char *status)
{
	struct notify notify = { .what = NOTIFY_WATCHDOG | NOTIFY_STATUS };

	snprintf(notify.status, sizeof(notify.status), "%s", status);
	manager_say(&w->manager, &notify);
}

/* Handles signals until `until`; true: somebody asked us to end. */
static bool
pause_until(struct watch *w, struct mono until, const char *status)
{
	uint64_t beat_ms = manager_beat_ms(getpid()), left;

	while (!w->end.asked && (left = mono_ms_left(mono_now(), until)) > 0) {
		say(w, status);
		take_signal(w, beat_ms && beat_ms < left ? beat_ms : left);
		guardian_reap();
	}
	return w->end.asked;
}

static void
clean_up(struct watch *w)
{
	struct mono start = mono_now();
	struct mono until = mono_add_ms(start, SWEEP_MAX_MS);
	size_t killed = 0;

	while (!guardian_reap()) {
		size_t n = guardian_sweep();

		killed = n > killed ? n : killed;
		take_signal(w, SWEEP_AGAIN_MS);
		if (!mono_reached(mono_now(), until))
			continue;
		log_error("what msd left behind does not die of KILL",
		    "processes=%zu", n);
		return;
	}
	if (killed)
		log_warn("killed what msd left behind", "processes=%zu ms=%llu",
		    killed,
		    (unsigned long long)mono_ms_between(start, mono_now()));
}

static int
end_with(const struct watch *w, int code)
{
	if (!WIFEXITED(w->end.status))
		log_warn("msd did not live to its end", "how=%s code=%d",
		    LOGQ(w->how), code);
	return code;
}

/* True: msd is to be started again; false: *code_r is the end. */
static bool
judge(struct watch *w, int *code_r)
{
	uint64_t up_ms = mono_ms_between(w->started, mono_now()), ms;
	char status[GUARD_HOW_BYTES + 64];

	guardian_how(w->end.status, w->how, sizeof(w->how));
	*code_r = guardian_verdict(&w->end);
	if (*code_r != GUARDIAN_AGAIN) {
		*code_r = end_with(w, *code_r);
		return false;
	}
	ms = guardian_pause_ms(&w->tries, up_ms, dice_next(&w->dice));
	log_error("msd has crashed", "how=%s up_ms=%llu restart_ms=%llu",
	    LOGQ(w->how), (unsigned long long)up_ms, (unsigned long long)ms);
	/* whoever waits for the first start is told that it has failed */
	daemon_report(w->guardian->daemon, MSD_EXIT_FAILURE);
	snprintf(status, sizeof(status), "msd crashed (%s), starting it again",
	    w->how);
	*code_r = MSD_EXIT_OK;
	return !pause_until(w, mono_add_ms(mono_now(), ms), status);
}

static void
settle(struct watch *w)
{
	static const int numbers[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT,
		SIGUSR1, SIGUSR2 };

	sigemptyset(&w->signals);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaddset(&w->signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &w->signals, &w->before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		log_warn("guardian is no subreaper: leftovers may escape",
		    "errno=%d", errno);
	manager_open(&w->manager);
}

bool
guardian_run(const struct guardian *guardian, struct guard *guard_r,
    int *code_r)
{
	struct watch w = { .guardian = guardian,
		.word_fd = -1,
		.dice = dice_seed() };
	bool again;

	settle(&w);
	if (start_msd(&w, guard_r)) {
		signal(SIGPIPE, SIG_DFL);
		signal(SIGXFSZ, SIG_DFL);
		return true;
	}
	prctl(PR_SET_NAME, "msd-guardian");
	log_init("guardian", !getenv(ENV_NAME), LOG_INFO);
	daemon_let_go(guardian->daemon);
	do {
		if (w.msd > 0)
			await_end(&w);
		clean_up(&w);
		again = judge(&w, code_r);
		if (again)
			start_msd(&w, guard_r);
	} while (again);
	manager_close(&w.manager);
	return false;
}
