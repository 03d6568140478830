/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a worker process, from argv to exit code.  READY is sent when it
 * is true; STOPPING when it begins; what is started is stopped in reverse.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "workers/worker_impl.h"

#define DRAIN_DEADLINE_MS 4000

/* ---- the end -------------------------------------------------------------- */

static void
leave(struct worker *w)
{
	if (w->phase == WORKER_STOPPED)
		return;
	w->phase = WORKER_STOPPED;
	loop_timer_stop(w->loop, &w->drain_timer);
	loop_stop(w->loop);
}

static void
say_stopping(struct worker *w)
{
	notifier_flush_status(&w->notifier);
	notifier_say(&w->notifier, NOTIFY_STOPPING);
}

void
worker_drained(struct worker *w)
{
	if (w->phase == WORKER_DRAINING)
		leave(w);
}

void
worker_exit(struct worker *w, int code)
{
	if (w->phase == WORKER_STOPPED)
		return;
	w->exit_code = code;
	if (w->phase != WORKER_DRAINING) {
		metrics_life_phase(LIFE_DRAINING);
		say_stopping(w);
	}
	leave(w);
}

static void
on_drain_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct worker *w = container_of(timer, struct worker, drain_timer);

	(void)ev;
	log_warn("not drained in time, stopping", "after_ms=%d",
	    DRAIN_DEADLINE_MS);
	leave(w);
}

void
worker_begin_drain(struct worker *w)
{
	w->phase = WORKER_DRAINING;
	metrics_life_phase(LIFE_DRAINING);
	say_stopping(w);
	loop_timer_start(w->loop, &w->drain_timer, DRAIN_DEADLINE_MS);
	if (w->service)
		service_drain(w->service);
	if (w->desc->drain)
		w->desc->drain(w);
	else
		worker_drained(w);
}

/* ---- the beginning ------------------------------------------------------------ */

static int
code_of(const struct worker *w, enum ms_err err)
{
	if (w->exit_code >= 0)
		return w->exit_code;
	return err == MS_ECONFIG ? MS_EXIT_CONFIG : MS_EXIT_TEMPFAIL;
}

static int
failed(const struct worker *w, const char *stage, enum ms_err err,
    const struct why *why)
{
	int code = code_of(w, err);

	log_error("cannot start", "stage=%s error=%s exit=%d", stage,
	    LOGQ(*why->text ? why->text : ms_strerr(err)), code);
	return code;
}

void
worker_defer_ready(struct worker *w)
{
	w->ready_deferred = true;
}

void
worker_ready(struct worker *w)
{
	if (w->ready || w->phase > WORKER_RUNNING)
		return;
	w->ready = true;
	metrics_life_phase(LIFE_READY);
	worker_fds_settle(w);
	notifier_flush_status(&w->notifier);
	notifier_say(&w->notifier, NOTIFY_READY);
	log_info("ready", "name=%s pid=%d start_ms=%ju", w->args.name,
	    (int)getpid(), (uintmax_t)mono_ms_between(w->started, mono_now()));
}

static enum ms_err
open_sockets(struct worker *w, struct why *why)
{
	enum ms_err err = MS_OK;

	if (w->desc->publishes)
		err = publisher_open(w, &w->publisher, why);
	if (!err && w->desc->routes)
		err = service_open(w, &w->service, why);
	return err;
}

/* 0 or the exit code.  start() may end the worker by worker_exit(). */
static int
start(struct worker *w)
{
	const struct worker_desc *desc = w->desc;
	struct why why = { "" };
	enum ms_err err = open_sockets(w, &why);

	if (err)
		return failed(w, "listen", err, &why);
	if (desc->start && (err = desc->start(w, &why)) != MS_OK)
		return failed(w, "start", err, &why);
	if (w->service)
		service_start(w->service);
	return 0;
}

static int
run(struct worker *w)
{
	int code = start(w);

	if (code == 0) {
		signals_start(w);
		if (w->phase == WORKER_STARTING)
			w->phase = WORKER_RUNNING;
		if (!w->ready_deferred)
			worker_ready(w);
		loop_run(w->loop);
		code = w->exit_code < 0 ? MS_EXIT_OK : w->exit_code;
	}
	w->phase = WORKER_STOPPED;
	if (w->desc->stop)
		w->desc->stop(w);
	return code;
}

static int
open_and_run(struct worker *w)
{
	struct why why = { "" };
	enum ms_err err;
	int code;

	w->loop = loop_new();
	notifier_init(&w->notifier, w->loop);
	worker_fds_find(&w->fds);
	ev_init(&w->drain_timer, on_drain_timer);
	worker_metrics_open(w);
	gate_declare(&w->gate);
	err = w->desc->open ? w->desc->open(w, &why) : MS_OK;
	code = err ? failed(w, "open", err, &why) : run(w);
	signals_stop(w);
	publisher_close(&w->publisher);
	service_close(w->service);
	health_fini(w);
	worker_workq_end(w);
	worker_metrics_close(w);
	worker_fds_fini(&w->fds);
	notifier_fini(&w->notifier);
	loop_free(&w->loop);
	buf_fini(&w->reply);
	log_info("stopped", "name=%s exit=%d", w->args.name, code);
	return code;
}

/* 0 or the exit code; all errors are printed. */
static int
read_settings(struct worker *w)
{
	struct conf_errors errors;
	int code = 0;

	conf_errors_init(&errors);
	if (settings_load(&w->settings, w->args.config, w->desc, &errors)) {
		conf_errors_print(&errors, stderr);
		code = MS_EXIT_CONFIG;
	}
	conf_errors_fini(&errors);
	return code;
}

int
worker_main(int argc, char **argv, const struct worker_desc *desc)
{
	struct worker w = { .desc = desc, .exit_code = -1 };
	int code;

	w.started = mono_now();
	gate_init(&w.gate);
	/* msd collects and stamps the lines of what it started */
	log_init(desc->program, getenv(ENV_GENERATION) == NULL, LOG_INFO);
	if (!worker_args_parse(argc, argv, desc, &w.args, &code))
		return code;
	signal(SIGPIPE, SIG_IGN);
	signals_block();
	signal(SIGUSR1, SIG_IGN); /* ms-log watches it, the others must live */
	code = read_settings(&w);
	if (code == 0 && !w.args.check_only) {
		worker_dirs_find(&w.dirs, w.settings.conf);
		code = open_and_run(&w);
		worker_dirs_fini(&w.dirs);
	}
	settings_fini(&w.settings);
	return code;
}

/* ---- what a worker asks ---------------------------------------------------------- */

void
worker_status(struct worker *w, const char *fmt, ...)
{
	char text[NOTIFY_STATUS_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	notifier_status(&w->notifier, text);
}

uint32_t
worker_subscribers(struct worker *w)
{
	return w->publisher ? publisher_subscribers(w->publisher) : 0;
}

enum ms_err
worker_publish(struct worker *w, struct slice topic, struct slice head,
    struct slice body)
{
	ms_assert(w->publisher);
	return publisher_send(w->publisher, topic, head, body);
}

void *
worker_self(struct worker *w)
{
	return w->desc->self;
}

struct loop *
worker_loop(struct worker *w)
{
	return w->loop;
}

const char *
worker_name(struct worker *w)
{
	return w->args.name;
}

const char *
worker_run_dir(struct worker *w)
{
	return w->dirs.run;
}

const char *
worker_state_dir(struct worker *w)
{
	return w->dirs.state;
}

const char *
worker_log_dir(struct worker *w)
{
	return w->dirs.log;
}

const struct conf *
worker_conf(struct worker *w)
{
	return w->settings.conf;
}

const char *
worker_conf_path(struct worker *w)
{
	return w->args.config;
}
