/* SPDX-License-Identifier: Apache-2.0 */
/* What the streams of a bus do each turn. */
#include "workers/bus/stream.h"

#include <string.h>

#include "proto/batch.h"
#include "proto/envelope.h"
#include "workers/bus/bus.h"
#include "workers/bus/live.h"

/* ---- what is known of them ----------------------------------------------- */

struct stream *
stream_find(const struct bus *bus, const char *name)
{
	if (!name || !*name)
		return bus->streams[0];
	for (size_t i = 0; i < bus->stream_count; i++) {
		if (strcmp(bus->streams[i]->name, name) == 0)
			return bus->streams[i];
	}
	return NULL;
}

bool
streams_have_failed(const struct bus *bus)
{
	for (size_t i = 0; i < bus->stream_count; i++) {
		if (journal_has_failed(bus->streams[i]->journal))
			return true;
	}
	return false;
}

bool
streams_commit(struct bus *bus)
{
	struct why why;

	for (size_t i = 0; i < bus->stream_count; i++) {
		if (journal_commit(bus->streams[i]->journal, &why))
			return false; /* on_failed() has answered everybody */
	}
	return true;
}

bool
streams_remember(const struct bus *bus)
{
	for (size_t i = 0; i < bus->stream_count; i++) {
		if (dedup_count(bus->streams[i]->dedup) > 0)
			return true;
	}
	return false;
}

void
streams_sync_soon(struct bus *bus)
{
	for (size_t i = 0; i < bus->stream_count; i++)
		journal_sync_soon(bus->streams[i]->journal);
}

struct stream_totals
streams_totals(const struct bus *bus, int64_t now_ms)
{
	struct stream_totals all = { .dedup_window_ms = UINT64_MAX };

	for (size_t i = 0; i < bus->stream_count; i++) {
		const struct stream *s = bus->streams[i];
		uint64_t window_ms = dedup_window_ms(s->dedup, now_ms);

		all.bytes += journal_bytes(s->journal);
		all.segments += journal_segments(s->journal);
		all.dedup_entries += dedup_count(s->dedup);
		if (window_ms < all.dedup_window_ms)
			all.dedup_window_ms = window_ms;
	}
	return all;
}

uint64_t
streams_expire(struct bus *bus, int64_t now_ms)
{
	uint64_t left = 0;

	for (size_t i = 0; i < bus->stream_count; i++) {
		dedup_expire(bus->streams[i]->dedup, now_ms);
		left += dedup_count(bus->streams[i]->dedup);
	}
	return left;
}

/* ---- failing ------------------------------------------------------------- */

void
stream_failed(void *arg, const struct why *why)
{
	struct stream *stream = arg;

	bus_failed(stream->bus, stream->name, why);
}

void
stream_broken(struct stream *stream, enum ms_err err, const struct why *why)
{
	if (journal_has_failed(stream->journal))
		return;
	if (err == MS_ECORRUPT)
		journal_distrust(stream->journal);
	journal_abandon(stream->journal, why);
}

/* ---- live ---------------------------------------------------------------- */

static void
send_live(void *arg, struct slice topic, struct slice head, struct slice body)
{
	struct stream *stream = arg;
	const struct metric *figure = stream->bus->figures.of;

	/* a subscriber sees by the numbers what did not come */
	if (worker_publish(stream->bus->worker, topic, head, body)) {
		metric_add(figure[FIGURE_LIVE_DROPPED], 1);
		return;
	}
	metric_add(figure[FIGURE_LIVE_MESSAGES], 1);
	metric_add(figure[FIGURE_LIVE_BYTES], body.len);
}

static void
on_batch(void *arg, struct slice batch)
{
	struct stream *stream = arg;

	if (stream->conf.visible == STREAM_VISIBLE_WRITTEN)
		live_batch(stream->live, batch);
}

/* What has become safe is told now. */
static void
tell_synced(struct stream *stream, uint64_t synced_seq)
{
	struct journal_batch batch;
	struct why why = { "" };

	while (stream->live_seq < synced_seq) {
		enum ms_err err = journal_read(stream->journal,
		    stream->live_seq + 1, &batch, &why);

		if (err) {
			if (err != MS_ENOTFOUND)
				stream_broken(stream, err, &why);
			return;
		}
		stream->live_seq = batch.head.base_seq + batch.head.count - 1;
		live_batch(stream->live,
		    (struct slice){ batch.body.ptr - BATCH_HEADER_BYTES,
			BATCH_HEADER_BYTES + batch.body.len });
	}
}

void
stream_synced(void *arg, uint64_t synced_seq)
{
	struct stream *stream = arg;

	if (stream->conf.visible == STREAM_VISIBLE_SYNCED && stream->live)
		tell_synced(stream, synced_seq);
	bus_synced(stream);
}

void
stream_go_live(struct stream *stream)
{
	struct bus *bus = stream->bus;

	stream->live = live_new(bus->loop, stream->name,
	    bus->conf.live_heartbeat_ms, stream->live_seq, send_live, stream);
	journal_on_batch(stream->journal, on_batch);
}
