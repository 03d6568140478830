/* SPDX-License-Identifier: Apache-2.0 */
/* What msd, or a terminal, tells a worker: stop, read again, prepare. */
#include <signal.h>
#include <unistd.h>

#include "common/log.h"
#include "workers/worker_impl.h"

static void
on_stop(struct worker *w, int signo)
{
	if (w->phase == WORKER_RUNNING) {
		log_info("stopping", "signal=%s", signal_name(signo));
		worker_begin_drain(w);
		return;
	}
	log_warn("second signal, leaving at once", "signal=%s",
	    signal_name(signo));
	_exit(MS_EXIT_FAILURE);
}

static void
on_term(struct ev_loop *ev, ev_signal *watcher, int events MS_UNUSED)
{
	(void)ev;
	on_stop(container_of(watcher, struct worker, on_term), SIGTERM);
}

static void
on_int(struct ev_loop *ev, ev_signal *watcher, int events MS_UNUSED)
{
	(void)ev;
	on_stop(container_of(watcher, struct worker, on_int), SIGINT);
}

static void
log_conf_errors(const struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->count && i < CONF_ERRORS_MAX; i++)
		log_error("configuration refused, the old one goes on",
		    "error=%s", LOGQ(errors->text[i]));
}

static void
on_hup(struct ev_loop *ev, ev_signal *watcher, int events MS_UNUSED)
{
	struct worker *w = container_of(watcher, struct worker, on_hup);
	struct conf_errors errors;

	(void)ev;
	if (w->phase != WORKER_RUNNING)
		return;
	notifier_say(&w->notifier, NOTIFY_RELOADING);
	conf_errors_init(&errors);
	if (settings_reload(&w->settings, w->args.config, w, w->desc,
		&errors) == MS_OK) {
		worker_metrics_reload(w);
		log_info("configuration read again", "file=%s",
		    LOGQ(w->args.config));
	} else {
		log_conf_errors(&errors);
		if (w->desc->refused)
			w->desc->refused(w, &errors);
	}
	conf_errors_fini(&errors);
	if (w->ready)
		notifier_say(&w->notifier, NOTIFY_READY);
}

void
worker_defer_prepared(struct worker *w)
{
	w->preparing = true;
}

void
worker_prepared(struct worker *w)
{
	if (!w->preparing)
		return;
	w->preparing = false;
	notifier_say(&w->notifier, NOTIFY_PREPARED);
}

/* What must not be lost survives a kill; preparing spares the clients. */
static void
on_usr2(struct ev_loop *ev, ev_signal *watcher, int events MS_UNUSED)
{
	struct worker *w = container_of(watcher, struct worker, on_usr2);

	(void)ev;
	if (w->phase == WORKER_RUNNING && w->desc->prepare)
		w->desc->prepare(w);
	if (!w->preparing)
		notifier_say(&w->notifier, NOTIFY_PREPARED);
}

static void
watch(struct worker *w, ev_signal *watcher,
    void (*fn)(struct ev_loop *, ev_signal *, int), int signo)
{
	ev_signal_init(watcher, fn, signo);
	ev_signal_start(loop_ev(w->loop), watcher);
}

void
signals_block(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

void
signals_start(struct worker *w)
{
	sigset_t none;

	watch(w, &w->on_term, on_term, SIGTERM);
	watch(w, &w->on_int, on_int, SIGINT);
	watch(w, &w->on_hup, on_hup, SIGHUP);
	watch(w, &w->on_usr2, on_usr2, SIGUSR2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
signals_stop(struct worker *w)
{
	ev_signal_stop(loop_ev(w->loop), &w->on_term);
	ev_signal_stop(loop_ev(w->loop), &w->on_int);
	ev_signal_stop(loop_ev(w->loop), &w->on_hup);
	ev_signal_stop(loop_ev(w->loop), &w->on_usr2);
}
