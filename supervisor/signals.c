/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/signals.h"

#include <signal.h>

#include "common/log.h"
#include "supervisor/daemon.h"
#include "supervisor/launch/reap.h"
#include "supervisor/lockfile.h"
#include "supervisor/log/logs.h"
#include "supervisor/msd.h"
#include "supervisor/state/reexec.h"
#include "supervisor/tree/reload.h"

static const int numbers[SIGNALS_COUNT] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT,
	SIGUSR1, SIGUSR2 };

static void
on_term(struct msd *msd, const char *name)
{
	if (guard_is_lost(&msd->guard)) {
		name = "the guardian is gone";
		lockfile_sign(msd->guard.lock_fd);
	}
	if (!msd->stopping) {
		msd_shutdown(msd, MSD_EXIT_OK, name);
		return;
	}
	log_warn("asked to stop again: killing what is left", NULL);
	msd_kill_all(msd);
}

static void
on_hup(struct msd *msd)
{
	struct conf_errors errors;
	struct buf plan = { 0 };

	if (msd->stopping)
		return;
	conf_errors_init(&errors);
	reload_run(msd, false, &plan, &errors);
	buf_fini(&plan);
	conf_errors_fini(&errors);
}

static void
on_usr2(struct msd *msd)
{
	struct why why = { "" };

	if (reexec_begin(msd->reexec, &why) != MS_OK)
		log_warn("no re-exec", "reason=%s", LOGQ(why.text));
}

static void
on_signal(struct ev_loop *ev, ev_signal *watcher, int events MS_UNUSED)
{
	struct signals *signals = watcher->data;
	struct msd *msd = signals->msd;

	(void)ev;
	switch (watcher->signum) {
	case SIGCHLD:
		reap(msd);
		break;
	case SIGHUP:
		on_hup(msd);
		break;
	case SIGTERM:
	case SIGINT:
		on_term(msd, watcher->signum == SIGINT ? "INT" : "TERM");
		break;
	case SIGUSR1:
		daemon_reopen(signals->daemon);
		logs_reopen(msd->logs);
		log_info("logs reopened", NULL);
		break;
	case SIGUSR2:
		on_usr2(msd);
		break;
	}
}

void
signals_watch(struct signals *signals, struct msd *msd, struct daemon *daemon)
{
	signals->msd = msd;
	signals->daemon = daemon;
	for (int i = 0; i < SIGNALS_COUNT; i++) {
		ev_signal *watcher = &signals->watchers[i];

		ev_signal_init(watcher, on_signal, numbers[i]);
		watcher->data = signals;
		ev_signal_start(loop_ev(msd->loop), watcher);
	}
	/* a reader that is gone, a limit on files: errors, not our end */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void
signals_stop(struct signals *signals)
{
	for (int i = 0; i < SIGNALS_COUNT; i++)
		ev_signal_stop(loop_ev(signals->msd->loop),
		    &signals->watchers[i]);
}
