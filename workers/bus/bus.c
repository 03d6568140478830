/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the broker: recover, serve, end.  Each loop turn ends here with
 * one write of all that was published in it; then publishers are answered and
 * those who wait for events are served.
 */
#include "workers/bus/bus.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "workers/bus/budget.h"
#include "workers/bus/flow_watch.h"
#include "workers/bus/supervision.h"

#define NS_PER_MS 1000000

/* ---- the turn ------------------------------------------------------------ */

void
bus_turn(struct bus *bus)
{
	if (!bus->turn_end.queued)
		loop_later(bus->loop, &bus->turn_end);
}

void
bus_show(struct bus *bus)
{
	const struct metric *figure = bus->figures.of;
	const struct journal *main = bus->streams[0]->journal;
	int64_t now_ms = (int64_t)(mono_now().ns / NS_PER_MS);
	struct stream_totals all = streams_totals(bus, now_ms);

	metric_set(figure[FIGURE_LOG_BYTES], (int64_t)all.bytes);
	metric_set(figure[FIGURE_LOG_SEGMENTS], (int64_t)all.segments);
	metric_set(figure[FIGURE_LAST_SEQ], (int64_t)journal_last_seq(main));
	metric_set(figure[FIGURE_SYNCED_SEQ],
	    (int64_t)journal_synced_seq(main));
	metric_set(figure[FIGURE_DEDUP_ENTRIES], (int64_t)all.dedup_entries);
	metric_set(figure[FIGURE_DEDUP_WINDOW],
	    (int64_t)all.dedup_window_ms * NS_PER_MS);
	metric_set(figure[FIGURE_CONSUMERS], slots_count(bus));
	metric_set(figure[FIGURE_WAITING_FETCHES],
	    slots_parked(bus) + read_parked(bus));
	metric_set(figure[FIGURE_WAITING_PUBLISHES],
	    (int64_t)publish_waiting(bus));
}

static void
on_turn_end(struct loop_task *task)
{
	struct bus *bus = container_of(task, struct bus, turn_end);

	if (!streams_commit(bus))
		return; /* everybody was answered by bus_failed() */
	supervision_written(bus->supervision);
	publish_written(bus);
	deliver_wake(bus);
	if (!streams_have_failed(bus))
		read_wake(bus);
	if (!ev_is_active(&bus->dedup_timer) && streams_remember(bus))
		loop_timer_start(bus->loop, &bus->dedup_timer,
		    bus->conf.dedup_window_ms + 1000);
	bus_show(bus);
}

/* When nothing more comes, the window empties and its memory goes back. */
static void
on_dedup_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct bus *bus = container_of(timer, struct bus, dedup_timer);

	(void)ev;
	(void)events;
	if (streams_expire(bus, (int64_t)(mono_now().ns / NS_PER_MS)) == 0)
		malloc_trim(0);
	else
		loop_timer_start(bus->loop, &bus->dedup_timer,
		    bus->conf.dedup_window_ms / 4 + 1000);
	bus_show(bus);
}

/* ---- failing ------------------------------------------------------------- */

static void
end_all(struct bus *bus, enum ms_err err, const char *text)
{
	publish_fail_all(bus, err, text);
	deliver_end(bus, err, text);
	read_end(bus, err, text);
}

/* Nothing is tried again on a descriptor that has failed: what it holds is
 * not known any more.  The next process recovers from what is on the disk. */
void
bus_failed(struct bus *bus, const char *stream, const struct why *why)
{
	log_error("the log has failed, leaving", "stream=%s error=%s", stream,
	    LOGQ(why->text));
	bus->draining = true;
	end_all(bus, MS_ESTORAGE, "the log has failed");
	worker_exit(bus->worker, MS_EXIT_TEMPFAIL);
}

static void
drained_when_answered(struct bus *bus)
{
	if (bus->draining && publish_waiting(bus) == 0)
		worker_drained(bus->worker);
}

void
bus_synced(struct stream *stream)
{
	struct bus *bus = stream->bus;

	publish_synced(stream);
	if (stream->conf.visible == STREAM_VISIBLE_SYNCED)
		bus_turn(bus); /* there is more to hand out */
	bus_show(bus);
	drained_when_answered(bus);
}

/* ---- starting ------------------------------------------------------------ */

/* What a restart cannot mend is a matter of configuration: the operator's. */
static enum ms_err
refuse_start(enum ms_err err)
{
	return err == MS_ECORRUPT ? MS_ECONFIG : err;
}

/* A bus that nobody supervises has nothing to tell of it. */
static void
listen_to_msd(struct bus *bus)
{
	const char *socket = getenv(ENV_SOCKET);

	if (!bus->conf.supervision)
		supervision_free(&bus->supervision);
	else if (!bus->supervision && getenv(ENV_NAME) && socket)
		bus->supervision = supervision_new(bus, socket);
}

static void
watch_flow(struct bus *bus)
{
	if (!bus->policies.any_flow)
		flow_watch_free(&bus->watch);
	else if (!bus->watch)
		bus->watch = flow_watch_new(bus);
}

static void
hold_within_buffer(struct bus *bus)
{
	worker_hold_at_most(bus->worker,
	    budget_share(bus->conf.buffer_bytes, BUDGET_REQUESTS));
}

enum ms_err
bus_start(struct bus *bus, struct worker *worker, struct why *why)
{
	enum ms_err err;

	bus->worker = worker;
	bus->loop = worker_loop(worker);
	bus->dir = bus->conf.dir
	    ? xstrdup(bus->conf.dir)
	    : xasprintf("%s/bus", worker_state_dir(worker));
	figures_init(&bus->figures);
	bus->turn_end.run = on_turn_end;
	ev_timer_init(&bus->dedup_timer, on_dedup_timer, 0., 0.);
	bus->queue = publish_queue_new();
	bus->readers = reader_list_new();
	hold_within_buffer(bus);
	err = streams_open(bus, why);
	if (err)
		return refuse_start(err);
	policies_load(bus);
	watch_flow(bus);
	listen_to_msd(bus);
	bus_show(bus);
	return MS_OK;
}

/* ---- changing and ending ------------------------------------------------- */

void
bus_reload(struct bus *bus, const struct bus_conf *conf)
{
	/* the place of the log stays what it was at the start */
	bus->conf.segment_bytes = conf->segment_bytes;
	bus->conf.max_payload_bytes = conf->max_payload_bytes;
	bus->conf.sync_interval_ms = conf->sync_interval_ms;
	bus->conf.retention_bytes = conf->retention_bytes;
	bus->conf.retention_age_ms = conf->retention_age_ms;
	bus->conf.retention_count = conf->retention_count;
	bus->conf.dedup_window_ms = conf->dedup_window_ms;
	bus->conf.dedup_entries = conf->dedup_entries;
	bus->conf.live_heartbeat_ms = conf->live_heartbeat_ms;
	bus->conf.max_consumers = conf->max_consumers;
	bus->conf.max_ack_pending = conf->max_ack_pending;
	bus->conf.flow = conf->flow;
	bus->conf.supervision = conf->supervision;
	bus->conf.buffer_bytes = conf->buffer_bytes;
	hold_within_buffer(bus);
	streams_reload(bus);
	policies_load(bus);
	if (bus->draining)
		return;
	watch_flow(bus);
	listen_to_msd(bus);
	bus_turn(bus);
}

void
bus_drain(struct bus *bus)
{
	bus->draining = true;
	if (streams_commit(bus)) {
		supervision_written(bus->supervision);
		publish_written(bus);
		streams_sync_soon(bus);
	}
	supervision_free(&bus->supervision);
	deliver_end(bus, MS_ESHUTDOWN, "the bus is stopping");
	read_end(bus, MS_ESHUTDOWN, "the bus is stopping");
	drained_when_answered(bus);
}

void
bus_stop(struct bus *bus)
{
	if (!bus->worker)
		return; /* never started */
	end_all(bus, MS_ESHUTDOWN, "the bus is stopping");
	supervision_free(&bus->supervision);
	loop_timer_stop(bus->loop, &bus->dedup_timer);
	streams_close(bus);
	policies_free(bus);
	slots_free(bus);
	flow_watch_free(&bus->watch);
	publish_queue_free(&bus->queue);
	reader_list_free(&bus->readers);
	buf_fini(&bus->reply);
	free(bus->dir);
	bus->dir = NULL;
}
