/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round: msd is asked for all workers, then every service that is up for its
 * checks, all at once.  When the last has answered, or its time is over, each
 * worker is judged.  The next round begins an interval after this one began, or
 * when it has ended.
 */
#include "workers/metrics/health_monitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/alloc.h"
#include "common/json.h"
#include "common/log.h"
#include "proto/client/call.h"
#include "proto/contract.h"
#include "proto/msg/worker.h"
#include "workers/metrics/announcer.h"
#include "workers/metrics/health_impl.h"

#define QUESTION      "{\"v\":1,\"id\":1,\"do\":\"health\",\"list\":true}\n"
#define DEEP_MS       2000u
#define REASONS_BYTES 1024u

/* clang-format off */
static const struct metric_row level_row = {
	.name = "ms_health_level", .kind = METRIC_GAUGE,
	.labels = { "worker" },
	.help = "How well a worker is believed to be: 0 ok, 1 degraded, 2 failed.",
};
static const struct metric_row rounds_row = {
	.name = "ms_health_rounds_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.help = "How often the health of all workers was asked for.",
};
static const struct metric_row changes_row = {
	.name = "ms_health_changes_total", .kind = METRIC_COUNTER,
	.flags = METRIC_EXACT,
	.help = "How often the health of a worker has changed.",
};
/* clang-format on */

/* ---- workers ------------------------------------------------------------- */

static struct watched *
worker_of(struct health_monitor *m, const char *name)
{
	const char *values[] = { name };
	struct watched *w = NULL;

	HASH_FIND_STR(m->workers, name, w);
	if (w || HASH_COUNT(m->workers) >= HEALTH_WORKERS_MAX)
		return w;
	w = xcalloc(1, sizeof(*w));
	w->name = xstrdup(name);
	w->m = m;
	w->gauge = metrics_series(&level_row, values);
	HASH_ADD_KEYPTR(hh, m->workers, w->name, strlen(w->name), w);
	return w;
}

static void
forget(struct health_monitor *m, struct watched *w)
{
	HASH_DEL(m->workers, w);
	if (w->link)
		link_close(&w->link);
	metric_set(w->gauge, 0);
	json_free(&w->reasons);
	free(w->name);
	free(w);
}

static void
add_reason(struct watched *w, const char *text)
{
	if (!w->reasons)
		w->reasons = json_array();
	json_put_str(w->reasons, NULL, text);
}

/* ---- telling ------------------------------------------------------------- */

static void
announce(struct watched *w, const char *from, const char *to)
{
	struct json *data = json_object(), *list;
	struct buf text = { 0 };

	json_put_str(data, "worker", w->name);
	json_put_str(data, "from", from);
	json_put_str(data, "to", to);
	list = json_put_array(data, "reasons");
	for (const struct json *r = w->reasons ? json_first(w->reasons) : NULL;
	     r; r = json_next(r))
		json_put_str(list, NULL, json_text(r));
	json_print(data, &text);
	buf_add_u8(&text, '\0');
	announcer_say(w->m->d->announcer,
	    &(struct announcement){ .subject = "health.changed",
		.key = w->name,
		.json = (const char *)text.ptr });
	buf_fini(&text);
	json_free(&data);
}

static const char *
first_reason(const struct watched *w)
{
	const char *text =
	    w->reasons ? json_text(json_first(w->reasons)) : NULL;

	return text ? text : "";
}

static void
judge(struct health_monitor *m, struct watched *w)
{
	enum health_level before;
	bool was_known = w->steady.known;
	const char *to;

	if (!steady_note(&w->steady, w->level, m->d->conf.health_confirm,
		mono_now(), &before))
		return;
	metric_set(w->gauge, w->steady.level);
	if (!was_known && w->steady.level == HEALTH_OK)
		return; /* as everybody expects */
	to = health_level_name(w->steady.level);
	metric_add(m->changes, 1);
	if (w->steady.level > before)
		log_warn("health has changed",
		    "worker=%s from=%s to=%s reason=%s", w->name,
		    health_level_name(before), to, LOGQ(first_reason(w)));
	else
		log_info("health has changed", "worker=%s from=%s to=%s",
		    w->name, health_level_name(before), to);
	announce(w, was_known ? health_level_name(before) : "unknown", to);
}

/* ---- a round ------------------------------------------------------------- */

static void
finish(struct health_monitor *m)
{
	struct watched *w, *next;

	m->busy = false;
	m->finished = mono_now();
	metric_add(m->rounds, 1);
	HASH_ITER(hh, m->workers, w, next) {
		if (w->seen)
			judge(m, w);
		else
			forget(m, w); /* it is in no tree any more */
	}
	metricsd_show_status(m->d);
}

static void
take_checks(struct watched *w, struct slice body)
{
	struct health_check *checks =
	    xcalloc(HEALTH_CHECKS_MAX, sizeof(*checks));
	char text[HEALTH_NAME_BYTES + HEALTH_TEXT_BYTES + 4];
	size_t n = 0;

	if (health_checks_parse(body, checks, HEALTH_CHECKS_MAX, &n, NULL) !=
	    MS_OK) {
		w->level = HEALTH_FAILED;
		add_reason(w, "its checks are not understood");
	}
	for (size_t i = 0; i < n; i++) {
		w->level = health_worse(w->level, checks[i].level);
		if (checks[i].level == HEALTH_OK)
			continue;
		snprintf(text, sizeof(text), "%s: %s", checks[i].name,
		    checks[i].text);
		add_reason(w, text);
	}
	free(checks);
}

static void
on_checked(void *arg, enum ms_err err, const void *out, struct slice body,
    const struct why *why)
{
	struct watched *w = arg;

	(void)out;
	if (err) {
		w->level = HEALTH_FAILED;
		add_reason(w, why->text);
	} else {
		take_checks(w, body);
	}
	if (--w->m->open == 0)
		finish(w->m);
}

static bool
has_service(const struct health_monitor *m, const char *name,
    char address[static 512])
{
	struct stat st;

	snprintf(address, 512, "ipc://%s/%s" SERVICE_SUFFIX,
	    worker_run_dir(m->d->w), name);
	return stat(address + strlen("ipc://"), &st) == 0 &&
	    S_ISSOCK(st.st_mode);
}

static void
on_hub(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev;
	(void)events;
	link_hub_dispatch(container_of(io, struct health_monitor, hub_io)->hub,
	    0);
}

static bool
open_hub(struct health_monitor *m)
{
	if (m->hub)
		return true;
	if (link_hub_open(&m->hub) != MS_OK)
		return false;
	ev_io_init(&m->hub_io, on_hub, link_hub_fd(m->hub), EV_READ);
	ev_io_start(loop_ev(m->loop), &m->hub_io);
	return true;
}

static void
ask_service(struct health_monitor *m, struct watched *w)
{
	static const struct worker_health_in in = { .deep = true };
	/* patient: to ask one that is silent is the point of it */
	const struct call_options options = { .timeout_ms = DEEP_MS,
		.patient = true };
	char address[512];

	if (m->open >= HEALTH_ASKED_MAX || !has_service(m, w->name, address) ||
	    !open_hub(m))
		return;
	if (!w->link && link_open(m->hub, address, &w->link) != MS_OK)
		return;
	if (call_start(w->link, &msg_worker_health, &in,
		(struct slice){ NULL, 0 }, &options, on_checked, w) != MS_OK)
		return;
	m->open++;
}

static void
see_worker(struct health_monitor *m, const struct json *from)
{
	struct watched *w = worker_of(m, json_get_str(from, "name", "?"));
	const char *reason = json_get_str(from, "reason", "");

	if (!w)
		return;
	w->seen = true;
	w->level = HEALTH_FAILED;
	(void)health_level_parse(json_get_str(from, "verdict", ""), &w->level);
	w->told = w->level;
	if (*reason)
		add_reason(w, reason);
	/* one that does not live would only cost its time */
	if (json_get_bool(from, "ready", false) &&
	    json_get_bool(from, "alive", false))
		ask_service(m, w);
}

static void
tell_msd(struct health_monitor *m, const char *reason)
{
	if (!m->told)
		log_warn("msd does not tell how well its workers are",
		    "reason=%s", LOGQ(reason));
	m->told = true;
	m->busy = false;
}

static void
on_msd(struct msd_client *client, struct slice line, const char *reason)
{
	struct health_monitor *m =
	    container_of(client, struct health_monitor, msd);
	struct json *reply = NULL;
	struct watched *w, *next;

	if (!line.ptr || json_parse(line, &reply, NULL) != MS_OK ||
	    !json_get_bool(reply, "ok", false)) {
		tell_msd(m, line.ptr ? "its answer is not understood" : reason);
		json_free(&reply);
		return;
	}
	m->told = false;
	m->verdict = HEALTH_FAILED;
	(void)health_level_parse(json_get_str(reply, "verdict", ""),
	    &m->verdict);
	HASH_ITER(hh, m->workers, w, next) {
		w->seen = false;
		json_free(&w->reasons);
	}
	m->open = 1; /* us, until all are asked */
	for (const struct json *o = json_first(json_get(reply, "list")); o;
	     o = json_next(o))
		see_worker(m, o);
	json_free(&reply);
	if (--m->open == 0)
		finish(m);
}

static void
on_tick(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct health_monitor *m =
	    container_of(timer, struct health_monitor, tick);
	struct why why = { "" };

	(void)ev;
	(void)events;
	loop_timer_start(m->loop, &m->tick, m->d->conf.health_interval_ms);
	if (m->busy)
		return;
	m->busy = true;
	if (!msd_client_ask(&m->msd, QUESTION, &why))
		tell_msd(m, why.text[0] ? why.text : "there is no socket");
}

/* ---- the module ------------------------------------------------------------- */

static enum ms_err
start(struct metricsd *d, void **self_r, struct why *why)
{
	struct health_monitor *m = xcalloc(1, sizeof(*m));

	(void)why;
	m->d = d;
	m->loop = worker_loop(d->w);
	m->rounds = metrics_declare(&rounds_row);
	m->changes = metrics_declare(&changes_row);
	msd_client_init(&m->msd, m->loop, getenv(ENV_SOCKET), on_msd);
	ev_init(&m->tick, on_tick);
	loop_timer_start(m->loop, &m->tick, 0);
	d->health = m;
	*self_r = m;
	return MS_OK;
}

static void
reload(void *self)
{
	struct health_monitor *m = self;

	loop_timer_start(m->loop, &m->tick, m->d->conf.health_interval_ms);
}

static void
status(void *self, struct buf *out)
{
	const struct health_monitor *m = self;
	unsigned n = 0;

	for (struct watched *w = m->workers; w; w = w->hh.next) {
		if (!w->steady.known || w->steady.level == HEALTH_OK)
			continue;
		buf_printf(out, "%s%s %s", n ? ", " : "", w->name,
		    health_level_name(w->steady.level));
		if (++n == 4)
			break;
	}
}

static void
stop(void *self)
{
	struct health_monitor *m = self;
	struct watched *w, *next;

	m->d->health = NULL;
	loop_timer_stop(m->loop, &m->tick);
	msd_client_fini(&m->msd);
	HASH_ITER(hh, m->workers, w, next)
		forget(m, w);
	if (m->hub) {
		ev_io_stop(loop_ev(m->loop), &m->hub_io);
		link_hub_close(&m->hub);
	}
	free(m);
}

const struct module health_module = {
	.name = "health",
	.start = start,
	.reload = reload,
	.status = status,
	.stop = stop,
};
