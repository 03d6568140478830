/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing, last part: answers, when what was asked for is true. */
#include <stdlib.h>
#include <string.h>

#include "workers/bus/publish_impl.h"
#include "workers/exemplar.h"

static bool
is_synced(const struct bus *bus, const struct waiting *w)
{
	for (size_t i = 0; i < bus->stream_count; i++) {
		if (w->last[i] > journal_synced_seq(bus->streams[i]->journal))
			return false;
	}
	return true;
}

static uint64_t
synced_seq_of_last(const struct bus *bus, const struct waiting *w)
{
	for (size_t i = 0; i < bus->stream_count; i++) {
		if (w->last[i] == w->out.last_seq)
			return journal_synced_seq(bus->streams[i]->journal);
	}
	return 0;
}

static void
answer(struct bus *bus, struct waiting *w)
{
	w->out.synced_seq = synced_seq_of_last(bus, w);
	w->out.durability =
	    is_synced(bus, w) ? DURABILITY_SYNCED : DURABILITY_WRITTEN;
	call_on_cancel(w->call, NULL);
	call_reply(w->call, &w->out, (struct slice){ NULL, 0 });
}

/* Its events are stored all the same; only the answer is too late. */
static void
on_cancel(struct call *call)
{
	struct bus *bus = worker_self(call_worker(call));
	struct publish_queue *q = bus->queue;

	for (size_t i = 0; i < q->count; i++) {
		if (q->waiting[i].call != call)
			continue;
		q->count--;
		q->written -= i < q->written;
		memmove(&q->waiting[i], &q->waiting[i + 1],
		    (q->count - i) * sizeof(*q->waiting));
		break;
	}
	call_fail(call, call_cancel_reason(call), "written, not yet synced");
}

/* All of the turn is routed now.  One look at the clock for all of it. */
static void
measure(const struct bus *bus)
{
	struct publish_queue *q = bus->queue;
	const struct metric *figure = bus->figures.of;
	uint64_t now_ns, each_ns;

	if (q->turn_events == 0)
		return;
	now_ns = mono_now().ns;
	each_ns = (now_ns - q->turn_begun.ns) / q->turn_events;
	metric_record_many(figure[FIGURE_EVENT], each_ns, q->turn_events);
	for (size_t i = q->written; i < q->count; i++) {
		const struct waiting *w = &q->waiting[i];
		uint64_t took_ns = now_ns - w->received.ns;

		metric_record_many(figure[FIGURE_ROUTE], took_ns,
		    publish_events_of(w));
		if (w->has_trace) {
			exemplar_note(figure[FIGURE_ROUTE], took_ns, &w->trace);
			exemplar_note(figure[FIGURE_EVENT], each_ns, &w->trace);
		}
	}
	q->turn_events = 0;
}

void
publish_written(struct bus *bus)
{
	struct publish_queue *q = bus->queue;
	size_t kept = q->written;

	measure(bus);
	for (size_t i = q->written; i < q->count; i++) {
		struct waiting *w = &q->waiting[i];

		if (!w->wants_sync || is_synced(bus, w)) {
			answer(bus, w);
			continue;
		}
		call_on_cancel(w->call, on_cancel);
		q->waiting[kept++] = *w;
	}
	q->count = q->written = kept;
	q->turn_bytes = 0;
	if (q->checked_cap > SCRATCH_KEEP) {
		free(q->checked);
		q->checked = NULL;
		q->checked_cap = 0;
	}
	if (kept > 0)
		streams_sync_soon(bus);
}

void
publish_synced(struct stream *stream)
{
	struct bus *bus = stream->bus;
	struct publish_queue *q = bus->queue;
	size_t kept = 0;

	if (q->written == 0)
		return;
	/* those of a turn that is not written yet stay behind */
	for (size_t i = 0; i < q->written; i++) {
		struct waiting *w = &q->waiting[i];

		if (is_synced(bus, w))
			answer(bus, w);
		else
			q->waiting[kept++] = *w;
	}
	memmove(&q->waiting[kept], &q->waiting[q->written],
	    (q->count - q->written) * sizeof(*q->waiting));
	q->count -= q->written - kept;
	q->written = kept;
	if (kept > 0)
		journal_sync_soon(stream->journal);
}

size_t
publish_waiting(const struct bus *bus)
{
	return bus->queue->count;
}

void
publish_fail_all(struct bus *bus, enum ms_err err, const char *text)
{
	struct publish_queue *q = bus->queue;

	while (q->count > 0) {
		struct call *call = q->waiting[--q->count].call;

		call_on_cancel(call, NULL);
		call_fail(call, err, "%s", text);
	}
	q->written = 0;
}
