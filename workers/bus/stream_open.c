/* SPDX-License-Identifier: Apache-2.0 */
/* Streams begin: recovery of the log, cursors, the window of duplicates. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/batch.h"
#include "proto/envelope.h"
#include "workers/bus/budget.h"
#include "workers/bus/bus.h"
#include "workers/bus/live.h"
#include "workers/bus/subject_index.h"

#define NS_PER_MS         1000000
#define STREAMS_DIR       "streams"
#define STRINGS_BYTES     (1u << 20)
#define DEDUP_ENTRIES_MIN 1024u

/* ---- the log ------------------------------------------------------------- */

static uint64_t
settled(void *arg)
{
	return slots_settled(arg);
}

static struct journal_limits
limits_of(const struct stream *stream)
{
	const struct bus_conf *bus = &stream->bus->conf;
	const struct stream_conf *own = &stream->conf;
	uint64_t half = own->retention_bytes / 2;

	/* the open segment is never removed, so there must be a second one */
	return (struct journal_limits){
		.segment_bytes =
		    half < bus->segment_bytes ? half : bus->segment_bytes,
		.sync_interval_ms = bus->sync_interval_ms,
		.retention_bytes = own->retention_bytes,
		.retention_age_ms = own->retention_age_ms,
		.retention_count = own->retention_count,
	};
}

static size_t
hot_bytes(const struct bus *bus)
{
	uint64_t each = budget_share(bus->conf.buffer_bytes, BUDGET_HOT) /
	    bus->stream_count;

	return each < JOURNAL_HOT_BYTES ? (size_t)each : JOURNAL_HOT_BYTES;
}

static void
log_recovery(struct stream *stream, const struct journal_recovery *r,
    struct mono started)
{
	if (r->manifest_bad)
		log_warn("MANIFEST was damaged, all of the log was read",
		    "stream=%s", stream->name);
	if (r->cut_first)
		log_warn("a torn tail was cut off the log",
		    "bytes=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64
		    " kept_in=%s/quarantine",
		    r->cut_bytes, r->cut_first, r->cut_last, stream->dir);
	for (size_t i = 0; i < r->lost_count; i++)
		log_error("CORRUPTION: events are damaged",
		    "first=%" PRIu64 " last=%" PRIu64 " kept_in=%s/quarantine",
		    r->lost[i].first, r->lost[i].last, stream->dir);
	log_info("log recovered",
	    "stream=%s segments=%" PRIu64 " batches=%" PRIu64 " events=%" PRIu64
	    " bytes=%" PRIu64 " ms=%" PRIu64,
	    stream->name, r->segments, r->batches, r->events, r->bytes,
	    mono_ms_between(started, mono_now()));
}

static enum ms_err
open_journal(struct stream *stream, struct why *why)
{
	struct bus *bus = stream->bus;
	struct journal_options options = {
		.dir = stream->dir,
		.workq = worker_workq(bus->worker),
		.limits = limits_of(stream),
		.hot_bytes = hot_bytes(bus),
		.figures = &bus->figures,
		.isolate = bus->conf.on_corruption == ON_CORRUPTION_ISOLATE,
		.synced = stream_synced,
		.failed = stream_failed,
		.settled = settled,
		.arg = stream,
	};
	struct journal_recovery *recovery = xcalloc(1, sizeof(*recovery));
	struct mono started = mono_now();
	enum ms_err err =
	    journal_open(bus->loop, &options, &stream->journal, recovery, why);

	log_recovery(stream, recovery, started);
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
	struct stream *stream = arg;

	return journal_give_reserve(stream->journal);
}

static enum ms_err
open_cursors(struct stream *stream, struct why *why)
{
	struct cursors_hooks hooks = { .found = found,
		.snapshot = snapshot,
		.give_reserve = give_reserve,
		.arg = stream };
	uint64_t last = journal_last_seq(stream->journal);
	uint64_t highest;
	unsigned damaged;
	enum ms_err err = cursors_open(journal_dir(stream->journal),
	    journal_consumers(stream->journal) > 0, &hooks, &stream->cursors,
	    &damaged, why);

	if (err)
		return err;
	if (damaged > 0)
		log_warn("CURSORS.log was damaged; events may come again",
		    "places=%u", damaged);
	highest = slots_highest(stream);
	if (highest > last) {
		log_warn("CURSOR_AHEAD: a consumer knows events that the log "
			 "has lost; their sequences are not given again",
		    "cursor=%" PRIu64 " last_seq=%" PRIu64, highest, last);
		journal_raise(stream->journal, highest);
	}
	journal_set_consumers(stream->journal, slots_of(stream));
	return MS_OK;
}

/* The window of duplicates as it was, from the log itself. */
static enum ms_err
rebuild_dedup(struct stream *stream, struct why *why)
{
	int64_t wall = wall_ns();
	int64_t mono_ms = (int64_t)(mono_now().ns / NS_PER_MS);
	int64_t window_ns =
	    (int64_t)stream->bus->conf.dedup_window_ms * NS_PER_MS;
	uint64_t seq = journal_seq_since(stream->journal, wall - window_ns);
	struct journal_batch batch;
	enum ms_err err = MS_OK;

	if (stream->bus->conf.dedup_window_ms == 0)
		return MS_OK;
	while (
	    (err = journal_read(stream->journal, seq, &batch, why)) == MS_OK) {
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
			if (dedup_find(stream->dedup, &id) == 0)
				dedup_add(stream->dedup, &id,
				    frame_seq(frame.ptr),
				    mono_ms - (age_ms > 0 ? age_ms : 0));
		}
	}
	return err == MS_ENOTFOUND ? MS_OK : err;
}

/* ---- one stream ---------------------------------------------------------- */

/* Main's keys are the bus's. */
static struct stream_conf
main_conf(const struct bus_conf *bus)
{
	return (struct stream_conf){ .durability = DURABILITY_ACCEPTED,
		.visible = STREAM_VISIBLE_WRITTEN,
		.retention_bytes = bus->retention_bytes,
		.retention_age_ms = bus->retention_age_ms,
		.retention_count = bus->retention_count };
}

/* The configuration was checked before. */
static struct stream_conf
read_conf(const struct conf_section *section, struct arena *strings)
{
	struct stream_conf conf;
	struct conf_errors errors;

	conf_errors_init(&errors);
	conf_apply(section, stream_rows, &conf, sizeof(conf), strings, &errors);
	conf_errors_fini(&errors);
	return conf;
}

static uint64_t
dedup_entries(const struct bus *bus)
{
	uint64_t all = budget_share(bus->conf.buffer_bytes, BUDGET_DEDUP);
	uint64_t each = bus->conf.dedup_entries / bus->stream_count;
	uint64_t most = dedup_entries_within(all / bus->stream_count);

	if (each > most)
		each = most;
	return each > DEDUP_ENTRIES_MIN ? each : DEDUP_ENTRIES_MIN;
}

/* Known to the bus from now on. */
static struct stream *
stream_new(struct bus *bus, const char *name)
{
	struct stream *stream = xcalloc(1, sizeof(*stream));

	stream->bus = bus;
	stream->name = xstrdup(name);
	stream->index = bus->stream_count;
	arena_init(&stream->strings, STRINGS_BYTES);
	bus->streams[bus->stream_count++] = stream;
	stream->dir = stream->index == 0
	    ? xstrdup(bus->dir)
	    : xasprintf("%s/" STREAMS_DIR "/%s", bus->dir, name);
	return stream;
}

static enum ms_err
stream_open(struct stream *stream, struct why *why)
{
	struct bus *bus = stream->bus;
	enum ms_err err;

	stream->dedup =
	    dedup_new(bus->conf.dedup_window_ms, dedup_entries(bus));
	err = open_journal(stream, why);
	if (!err)
		err = open_cursors(stream, why);
	if (!err)
		err = rebuild_dedup(stream, why);
	if (err == MS_ECORRUPT && stream->journal)
		journal_distrust(stream->journal);
	if (err)
		return err;
	stream->live_seq = journal_last_seq(stream->journal);
	if (stream->conf.visible == STREAM_VISIBLE_SYNCED)
		journal_hide_unsynced(stream->journal);
	stream_go_live(stream);
	journal_retain(stream->journal, wall_ns());
	return MS_OK;
}

static void
stream_close(struct stream *stream)
{
	if (stream->journal)
		journal_close(&stream->journal);
	cursors_close(&stream->cursors);
	live_free(&stream->live);
	subject_index_free(stream);
	dedup_free(&stream->dedup);
	arena_fini(&stream->strings);
	free(stream->dir);
	free(stream->name);
	free(stream);
}

/* ---- all of them --------------------------------------------------------- */

static void
add_named(struct bus *bus, const struct conf_section *section)
{
	struct stream *stream = stream_new(bus, section->name);

	stream->conf = read_conf(section, &stream->strings);
}

enum ms_err
streams_open(struct bus *bus, struct why *why)
{
	const struct conf *conf = worker_conf(bus->worker);
	struct stream *main = stream_new(bus, STREAM_MAIN);
	enum ms_err err = MS_OK;

	main->conf = main_conf(&bus->conf);
	for (size_t i = 0; i < conf->section_count; i++) {
		if (strcmp(conf->sections[i].kind, "stream") == 0)
			add_named(bus, &conf->sections[i]);
	}
	for (size_t i = 0; !err && i < bus->stream_count; i++)
		err = stream_open(bus->streams[i], why);
	return err;
}

void
streams_close(struct bus *bus)
{
	while (bus->stream_count > 0)
		stream_close(bus->streams[--bus->stream_count]);
}

/* ---- changing ------------------------------------------------------------ */

static void
open_new(struct bus *bus, const struct conf_section *section)
{
	struct why why = { "" };

	if (bus->stream_count == STREAMS_MAX) {
		log_warn("a new stream has to wait for the next start",
		    "stream=%s", section->name);
		return;
	}
	add_named(bus, section);
	if (stream_open(bus->streams[bus->stream_count - 1], &why)) {
		log_error("the stream cannot be opened", "stream=%s error=%s",
		    section->name, LOGQ(why.text));
		stream_close(bus->streams[--bus->stream_count]);
	}
}

/* Visibility stays as it was at the start; patterns may change. */
static void
change(struct stream *stream, const struct conf_section *section)
{
	int visible = stream->conf.visible;

	stream->conf = read_conf(section, &stream->strings);
	stream->conf.visible = visible;
}

static void
apply(struct stream *stream)
{
	struct bus *bus = stream->bus;
	struct journal_limits limits = limits_of(stream);

	journal_set_limits(stream->journal, &limits);
	dedup_set_limits(stream->dedup, bus->conf.dedup_window_ms,
	    dedup_entries(bus));
	live_set_heartbeat(stream->live, bus->conf.live_heartbeat_ms);
}

void
streams_reload(struct bus *bus)
{
	const struct conf *conf = worker_conf(bus->worker);

	bus->streams[0]->conf = main_conf(&bus->conf);
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *section = &conf->sections[i];
		struct stream *stream;

		if (strcmp(section->kind, "stream") != 0)
			continue;
		stream = stream_find(bus, section->name);
		if (stream)
			change(stream, section);
		else
			open_new(bus, section);
	}
	for (size_t i = 0; i < bus->stream_count; i++)
		apply(bus->streams[i]);
}
