/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each probe has one timer: the pause until the next probe, or the patience
 * with the one that runs.
 *
 * A program that does not die when it is killed (it waits for a dead disk)
 * has failed all the same; until it is reaped, each turn of its worker is one
 * more failure.  What keeps msd itself from asking (no process, no descriptor
 * to be had) says nothing about the worker and is no failure.
 */
#include "supervisor/child/probe.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/backoff.h"
#include "common/json.h"
#include "common/log.h"
#include "supervisor/child/child.h"
#include "supervisor/child/probe_try.h"
#include "supervisor/events.h"
#include "supervisor/msd.h"

/* ---- when --------------------------------------------------------------- */

static enum health_stage
stage_of(const struct child *child)
{
	switch (child->state) {
	case CHILD_STARTING:
		return HEALTH_STARTING;
	case CHILD_READY:
		return HEALTH_SERVING;
	default:
		return HEALTH_BUSY;
	}
}

void
probe_pause(struct probe *probe)
{
	struct child *child = probe->child;
	uint64_t ms = health_pause_ms(&probe->health, stage_of(child),
	    child->spec->conf.check_interval_ms, dice_next(&child->msd->dice));

	probe->state = PROBE_PAUSED;
	loop_timer_start(child->msd->loop, &probe->timer, ms);
}

/* ---- what a result means ------------------------------------------------ */

static void
emit_sick(struct probe *probe)
{
	struct child *child = probe->child;
	struct buf said = { 0 };

	json_quote(&said, slice_of(probe->text));
	buf_add_u8(&said, '\0');
	events_add(child->msd->events, "check_failed", child->node.name,
	    "\"pid\":%d,\"generation\":%llu,\"in_a_row\":%u,\"failures\":%u,"
	    "\"said\":%s",
	    (int)child->pid, (unsigned long long)child->generation,
	    probe->health.in_a_row, probe->health.failures,
	    said.failed ? "\"\"" : (const char *)said.ptr);
	log_warn("health check failed too often", "name=%s pid=%d in_a_row=%u",
	    child->node.name, (int)child->pid, probe->health.in_a_row);
	buf_fini(&said);
}

/* As often as it changes; a probe that fails on and on is told once. */
static void
tell(const struct probe *probe, bool good, uint32_t in_a_row_before)
{
	const char *name = probe->child->node.name;

	if (good && in_a_row_before)
		log_info("health check good again", "name=%s after=%u", name,
		    in_a_row_before);
	else if (!good && probe->health.in_a_row == 1 && !in_a_row_before)
		log_warn("health check failed", "name=%s said=%s", name,
		    LOGQ(probe->text));
	else if (!good)
		log_debug("health check failed", "name=%s in_a_row=%u said=%s",
		    name, probe->health.in_a_row, LOGQ(probe->text));
}

static void
judge(struct probe *probe, enum try_result result)
{
	struct child *child = probe->child;
	uint32_t before = probe->health.in_a_row;
	enum health_verdict verdict;

	if (result == TRY_CANNOT) {
		if (!probe->is_unasked)
			log_warn("cannot probe", "name=%s error=%s",
			    child->node.name, LOGQ(probe->text));
		probe->is_unasked = true;
		probe_pause(probe);
		return;
	}
	probe->is_unasked = false;
	verdict = health_note(&probe->health, stage_of(child),
	    result == TRY_GOOD, child->spec->conf.check_failures);
	tell(probe, result == TRY_GOOD, before);
	probe_pause(probe);
	if (verdict == HEALTH_READY)
		child_event(child, CHILD_EV_READY);
	if (verdict == HEALTH_SICK) {
		emit_sick(probe);
		child_event(child, CHILD_EV_SICK);
	}
}

/* ---- running ------------------------------------------------------------ */

static void
queue_init(struct probe_queue *queue)
{
	if (!queue->tqh_last)
		TAILQ_INIT(queue);
}

static void begin(struct probe *probe);

/* Gives up what the running or waiting probe holds, but not its pid. */
static void
leave(struct probe *probe)
{
	struct probes *probes = &probe->child->msd->probes;

	loop_timer_stop(probe->child->msd->loop, &probe->timer);
	if (probe->state == PROBE_WAITING)
		TAILQ_REMOVE(&probes->waiting, probe, in_queue);
	if (probe->ended)
		TAILQ_REMOVE(&probes->ended, probe, in_queue);
	probe->ended = false;
	if (probe->state == PROBE_RUNNING) {
		try_close(probe);
		if (probe->is_program)
			probes->running--;
	}
	probe->state = PROBE_OFF;
}

/* One that fails at once may end others and admit more: not inside itself. */
static void
admit_next(struct probes *probes)
{
	struct probe *next;

	if (probes->admitting)
		return;
	probes->admitting = true;
	queue_init(&probes->waiting);
	while (probes->running < PROBES_MAX &&
	    (next = TAILQ_FIRST(&probes->waiting))) {
		TAILQ_REMOVE(&probes->waiting, next, in_queue);
		next->state = PROBE_OFF;
		begin(next);
	}
	probes->admitting = false;
}

static void
finish(struct probe *probe, enum try_result result)
{
	struct probes *probes = &probe->child->msd->probes;

	leave(probe);
	judge(probe, result);
	admit_next(probes);
}

static void
run(struct probe *probe)
{
	struct child *child = probe->child;
	enum try_result result;

	probe->is_program = child->spec->conf.check->kind == CHECK_EXEC;
	result = try_open(probe);
	if (result != TRY_RUNS) {
		judge(probe, result);
		return;
	}
	if (probe->is_program)
		child->msd->probes.running++;
	probe->state = PROBE_RUNNING;
	loop_timer_start(child->msd->loop, &probe->timer,
	    child->spec->conf.check_timeout_ms);
}

static void
begin(struct probe *probe)
{
	struct child *child = probe->child;
	struct probes *probes = &child->msd->probes;

	if (!child->runs) /* not executed yet: nobody can answer */
		probe_pause(probe);
	else if (probe->program.pid)
		judge(probe,
		    try_fail(probe, "the last probe cannot be killed"));
	else if (child->spec->conf.check->kind == CHECK_EXEC &&
	    probes->running >= PROBES_MAX) {
		queue_init(&probes->waiting);
		TAILQ_INSERT_TAIL(&probes->waiting, probe, in_queue);
		probe->state = PROBE_WAITING;
	} else
		run(probe);
}

/* Its patience is over.  msd may have slept: first look whether the answer is
 * there. */
static void
expire(struct probe *probe)
{
	enum try_result result = try_look(probe);
	char text[UNIT_TEXT_BYTES];

	if (result == TRY_RUNS) {
		print_duration(probe->child->spec->conf.check_timeout_ms, text);
		try_kill(probe);
		finish(probe, try_fail(probe, "no answer in %s", text));
	} else if (!probe->is_program) {
		finish(probe, result);
	} /* else it is dead, and reaped in this turn */
}

static void
on_timer(struct ev_loop *ev, ev_timer *timer, int events MS_UNUSED)
{
	struct probe *probe = container_of(timer, struct probe, timer);

	(void)ev;
	if (probe->state == PROBE_RUNNING)
		expire(probe);
	else
		begin(probe);
}

/* The connection has an answer, or the program says something. */
static void
on_io(struct ev_loop *ev, ev_io *io, int events MS_UNUSED)
{
	struct probe *probe = container_of(io, struct probe, io);

	(void)ev;
	if (probe->is_program)
		try_hear(probe);
	else
		finish(probe, try_look(probe));
}

/* ---- reaping ------------------------------------------------------------ */

struct probe *
probes_find(const struct msd *msd, pid_t pid)
{
	struct probe *probe;

	HASH_FIND(by_pid, msd->probes.by_pid, &pid, sizeof(pid), probe);
	return probe;
}

struct child *
probes_owner(const struct msd *msd, pid_t pid)
{
	const struct probe *probe = probes_find(msd, pid);

	return probe ? probe->child : NULL;
}

void
probe_note_end(struct probe *probe, const siginfo_t *info)
{
	struct probes *probes = &probe->child->msd->probes;

	HASH_DELETE(by_pid, probes->by_pid, probe);
	probe->program.pid = 0;
	if (probe->state != PROBE_RUNNING)
		return; /* it was given up before, and judged */
	probe->wait_code = info->si_code;
	probe->wait_status = info->si_status;
	probe->ended = true;
	queue_init(&probes->ended);
	TAILQ_INSERT_TAIL(&probes->ended, probe, in_queue);
}

bool
probes_have_ended(const struct probes *probes)
{
	return probes->ended.tqh_first;
}

void
probes_settle(struct msd *msd)
{
	struct probe *probe;

	queue_init(&msd->probes.ended);
	while ((probe = TAILQ_FIRST(&msd->probes.ended))) {
		TAILQ_REMOVE(&msd->probes.ended, probe, in_queue);
		probe->ended = false;
		if (probe->state == PROBE_RUNNING)
			finish(probe, try_end(probe));
	}
}

/* ---- start, stop -------------------------------------------------------- */

static bool
is_probed(const struct child *child)
{
	const struct worker_conf *conf = &child->spec->conf;

	return conf->check &&
	    (child_is_ready(child) ||
		(child->state == CHILD_STARTING &&
		    conf->ready.kind == READY_CHECK));
}

struct probe *
probe_new(struct child *child)
{
	struct probe *probe = xcalloc(1, sizeof(*probe));

	probe->child = child;
	probe->fd = probe->program.error_fd = -1;
	ev_timer_init(&probe->timer, on_timer, 0., 0.);
	ev_io_init(&probe->io, on_io, -1, EV_READ);
	return probe;
}

void
probe_start(struct child *child)
{
	if (!is_probed(child))
		return;
	if (!child->probe)
		child->probe = probe_new(child);
	probe_stop(child);
	health_start(&child->probe->health);
	probe_pause(child->probe);
}

void
probe_stop(struct child *child)
{
	struct probe *probe = child->probe;
	struct probes *probes = &child->msd->probes;

	if (!probe || probe->state == PROBE_OFF)
		return;
	if (probe->program.pid)
		try_kill(probe);
	leave(probe);
	admit_next(probes);
}

void
probe_free(struct child *child)
{
	struct probe *probe = child->probe;

	if (!probe)
		return;
	probe_stop(child);
	if (probe->program.pid)
		HASH_DELETE(by_pid, child->msd->probes.by_pid, probe);
	if (probe->ended)
		TAILQ_REMOVE(&child->msd->probes.ended, probe, in_queue);
	free(probe);
	child->probe = NULL;
}

static struct slice
check_text(const struct worker_conf *conf)
{
	return slice_of(conf->check ? conf->check->text : NULL);
}

void
probe_retune(struct child *child, const struct worker_conf *was)
{
	const struct worker_conf *conf = &child->spec->conf;

	if (slice_eq(check_text(was), check_text(conf)) &&
	    was->check_interval_ms == conf->check_interval_ms)
		return;
	probe_stop(child);
	probe_start(child);
}

uint32_t
probe_failures(const struct child *child)
{
	return child->probe ? child->probe->health.failures : 0;
}

uint32_t
probe_failures_in_a_row(const struct child *child)
{
	return child->probe ? child->probe->health.in_a_row : 0;
}

const char *
probe_said(const struct child *child)
{
	return child->probe && child->probe->text[0] ? child->probe->text
						     : NULL;
}
