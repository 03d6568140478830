/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the broker: recover, serve, end.  Each loop turn ends here with
 * one write of all that was published in it; then publishers are answered and
 * those who wait for events are served.
 */
#include "workers/bus/bus.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "workers/bus/flow_watch.h"
#include "workers/bus/live.h"
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
	const struct journal *j = bus->journal;
	int64_t now_ms = (int64_t)(mono_now().ns / NS_PER_MS);
	uint64_t window_ms = dedup_window_ms(bus->dedup, now_ms);

	metric_set(figure[FIGURE_LOG_BYTES], (int64_t)journal_bytes(j));
	metric_set(figure[FIGURE_LOG_SEGMENTS], (int64_t)journal_segments(j));
	metric_set(figure[FIGURE_LAST_SEQ], (int64_t)journal_last_seq(j));
	metric_set(figure[FIGURE_SYNCED_SEQ], (int64_t)journal_synced_seq(j));
	metric_set(figure[FIGURE_DEDUP_ENTRIES],
	    (int64_t)dedup_count(bus->dedup));
	metric_set(figure[FIGURE_DEDUP_WINDOW], (int64_t)window_ms * NS_PER_MS);
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
	struct why why;

	if (journal_commit(bus->journal, &why))
		return; /* everybody was answered by on_failed() */
	supervision_written(bus->supervision);
	publish_written(bus);
	deliver_wake(bus);
	if (!journal_has_failed(bus->journal))
		read_wake(bus);
	if (!ev_is_active(&bus->dedup_timer) && dedup_count(bus->dedup) > 0)
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
	dedup_expire(bus->dedup, (int64_t)(mono_now().ns / NS_PER_MS));
	if (dedup_count(bus->dedup) == 0)
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
static void
on_failed(void *arg, const struct why *why)
{
	struct bus *bus = arg;

	log_error("the log has failed, leaving", "error=%s", LOGQ(why->text));
	bus->draining = true;
	end_all(bus, MS_ESTORAGE, "the log has failed");
	worker_exit(bus->worker, MS_EXIT_TEMPFAIL);
}

void
bus_broken(struct bus *bus, enum ms_err err, const struct why *why)
{
	if (journal_has_failed(bus->journal))
		return;
	if (err == MS_ECORRUPT)
		journal_distrust(bus->journal);
	journal_abandon(bus->journal, why);
}

static void
drained_when_answered(struct bus *bus)
{
	if (bus->draining && publish_waiting(bus) == 0)
		worker_drained(bus->worker);
}

static void
on_synced(void *arg, uint64_t synced_seq)
{
	struct bus *bus = arg;

	publish_synced(bus, synced_seq);
	bus_show(bus);
	drained_when_answered(bus);
}

/* ---- starting ------------------------------------------------------------ */

static uint64_t
settled(void *arg)
{
	return slots_settled(arg);
}

static struct journal_limits
limits_of(const struct bus_conf *conf)
{
	return (struct journal_limits){
		.segment_bytes = conf->segment_bytes,
		.sync_interval_ms = conf->sync_interval_ms,
		.retention_bytes = conf->retention_bytes,
		.retention_age_ms = conf->retention_age_ms,
	};
}

static void
log_recovery(struct bus *bus, const struct journal_recovery *r,
    struct mono started)
{
	if (r->manifest_bad)
		log_warn("MANIFEST was damaged, all of the log was read", NULL);
	if (r->cut_first)
		log_warn("a torn tail was cut off the log",
		    "bytes=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64
		    " kept_in=%s/quarantine",
		    r->cut_bytes, r->cut_first, r->cut_last, bus->dir);
	for (size_t i = 0; i < r->lost_count; i++)
		log_error("CORRUPTION: events are damaged",
		    "first=%" PRIu64 " last=%" PRIu64 " kept_in=%s/quarantine",
		    r->lost[i].first, r->lost[i].last, bus->dir);
	log_info("log recovered",
	    "segments=%" PRIu64 " batches=%" PRIu64 " events=%" PRIu64
	    " bytes=%" PRIu64 " ms=%" PRIu64,
	    r->segments, r->batches, r->events, r->bytes,
	    mono_ms_between(started, mono_now()));
}

static enum ms_err
open_journal(struct bus *bus, struct why *why)
{
	struct journal_options options = {
		.dir = bus->dir,
		.workq = worker_workq(bus->worker),
		.limits = limits_of(&bus->conf),
		.figures = &bus->figures,
		.isolate = bus->conf.on_corruption == ON_CORRUPTION_ISOLATE,
		.synced = on_synced,
		.failed = on_failed,
		.settled = settled,
		.arg = bus,
	};
	struct journal_recovery *recovery = xcalloc(1, sizeof(*recovery));
	struct mono started = mono_now();
	enum ms_err err =
	    journal_open(bus->loop, &options, &bus->journal, recovery, why);

	log_recovery(bus, recovery, started);
	free(recovery);
	return err;
}

static void
found(void *arg, struct consumer *consumer)
{
	slots_found(arg, consumer);
}

static void
snapshot(void *arg, struct buf *out)
{
	slots_snapshot(arg, out);
}

static bool
give_reserve(void *arg)
{
	struct bus *bus = arg;

	return journal_give_reserve(bus->journal);
}

static enum ms_err
open_cursors(struct bus *bus, struct why *why)
{
	struct cursors_hooks hooks = { .found = found,
		.snapshot = snapshot,
		.give_reserve = give_reserve,
		.arg = bus };
	uint64_t last = journal_last_seq(bus->journal);
	uint64_t highest;
	unsigned damaged;
	enum ms_err err = cursors_open(journal_dir(bus->journal),
	    journal_consumers(bus->journal) > 0, &hooks, &bus->cursors,
	    &damaged, why);

	if (err)
		return err;
	if (damaged > 0)
		log_warn("CURSORS.log was damaged; events may come again",
		    "places=%u", damaged);
	highest = slots_highest(bus);
	if (highest > last) {
		log_warn("CURSOR_AHEAD: a consumer knows events that the log "
			 "has lost; their sequences are not given again",
		    "cursor=%" PRIu64 " last_seq=%" PRIu64, highest, last);
		journal_raise(bus->journal, highest);
	}
	journal_set_consumers(bus->journal, slots_count(bus));
	return MS_OK;
}

/* The window of duplicates as it was, from the log itself. */
static enum ms_err
rebuild_dedup(struct bus *bus, struct why *why)
{
	int64_t wall = wall_ns();
	int64_t mono_ms = (int64_t)(mono_now().ns / NS_PER_MS);
	int64_t window_ns = (int64_t)bus->conf.dedup_window_ms * NS_PER_MS;
	uint64_t seq = journal_seq_since(bus->journal, wall - window_ns);
	struct journal_batch batch;
	enum ms_err err = MS_OK;

	if (bus->conf.dedup_window_ms == 0)
		return MS_OK;
	while ((err = journal_read(bus->journal, seq, &batch, why)) == MS_OK) {
		struct batch_reader reader =
		    batch_read(batch.body, batch.head.count);
		int64_t age_ms = (wall - batch.head.last_ts_ns) / NS_PER_MS;
		struct envelope event;
		struct slice frame;
		bool end = false;

		seq = batch.head.base_seq + batch.head.count;
		while ((err = batch_next(&reader, &frame, &end)) == MS_OK ||
		    err == MS_ECHECKSUM) {
			struct id128 id;

			if (end)
				break;
			if (err ||
			    envelope_peek(frame, &envelope_limits_ceiling,
				&event, NULL))
				continue;
			id = envelope_identity(&event);
			if (dedup_find(bus->dedup, &id) == 0)
				dedup_add(bus->dedup, &id, frame_seq(frame.ptr),
				    mono_ms - (age_ms > 0 ? age_ms : 0));
		}
	}
	return err == MS_ENOTFOUND ? MS_OK : err;
}

static void
send_live(void *arg, struct slice topic, struct slice head, struct slice body)
{
	struct bus *bus = arg;
	const struct metric *figure = bus->figures.of;

	/* a subscriber sees by the numbers what did not come */
	if (worker_publish(bus->worker, topic, head, body)) {
		metric_add(figure[FIGURE_LIVE_DROPPED], 1);
		return;
	}
	metric_add(figure[FIGURE_LIVE_MESSAGES], 1);
	metric_add(figure[FIGURE_LIVE_BYTES], body.len);
}

static void
on_batch(void *arg, struct slice batch)
{
	struct bus *bus = arg;

	live_batch(bus->live, batch);
}

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
	if (bus->conf.flow == FLOW_MODE_OFF)
		flow_watch_free(&bus->watch);
	else if (!bus->watch)
		bus->watch = flow_watch_new(bus);
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
	bus->dedup =
	    dedup_new(bus->conf.dedup_window_ms, bus->conf.dedup_entries);
	err = open_journal(bus, why);
	if (!err)
		err = open_cursors(bus, why);
	if (!err)
		err = rebuild_dedup(bus, why);
	if (err == MS_ECORRUPT && bus->journal)
		journal_distrust(bus->journal);
	if (err)
		return refuse_start(err);
	bus->live = live_new(bus->loop, bus->conf.live_heartbeat_ms,
	    journal_last_seq(bus->journal), send_live, bus);
	journal_on_batch(bus->journal, on_batch);
	journal_retain(bus->journal, wall_ns());
	watch_flow(bus);
	listen_to_msd(bus);
	bus_show(bus);
	return MS_OK;
}

/* ---- changing and ending ------------------------------------------------- */

void
bus_reload(struct bus *bus, const struct bus_conf *conf)
{
	struct journal_limits limits = limits_of(conf);

	/* the place of the log stays what it was at the start */
	bus->conf.segment_bytes = conf->segment_bytes;
	bus->conf.max_payload_bytes = conf->max_payload_bytes;
	bus->conf.sync_interval_ms = conf->sync_interval_ms;
	bus->conf.retention_bytes = conf->retention_bytes;
	bus->conf.retention_age_ms = conf->retention_age_ms;
	bus->conf.dedup_window_ms = conf->dedup_window_ms;
	bus->conf.dedup_entries = conf->dedup_entries;
	bus->conf.live_heartbeat_ms = conf->live_heartbeat_ms;
	bus->conf.max_consumers = conf->max_consumers;
	bus->conf.max_ack_pending = conf->max_ack_pending;
	bus->conf.flow = conf->flow;
	bus->conf.supervision = conf->supervision;
	journal_set_limits(bus->journal, &limits);
	dedup_set_limits(bus->dedup, conf->dedup_window_ms,
	    conf->dedup_entries);
	live_set_heartbeat(bus->live, conf->live_heartbeat_ms);
	if (bus->draining)
		return;
	watch_flow(bus);
	listen_to_msd(bus);
	bus_turn(bus);
}

void
bus_drain(struct bus *bus)
{
	struct why why;

	bus->draining = true;
	if (!journal_commit(bus->journal, &why)) {
		supervision_written(bus->supervision);
		publish_written(bus);
		journal_sync_soon(bus->journal);
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
	if (bus->journal)
		journal_close(&bus->journal);
	cursors_close(&bus->cursors);
	slots_free(bus);
	flow_watch_free(&bus->watch);
	live_free(&bus->live);
	dedup_free(&bus->dedup);
	publish_queue_free(&bus->queue);
	reader_list_free(&bus->readers);
	buf_fini(&bus->reply);
	free(bus->dir);
	bus->dir = NULL;
}
