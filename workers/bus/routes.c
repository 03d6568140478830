/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker answers: one row per verb. */
#include "common/mono.h"
#include "proto/msg/bus.h"
#include "workers/bus/bus.h"
#include "workers/bus/quarantine.h"

#define NS_PER_MS 1000000

static void
do_stats(void *self, struct call *call)
{
	const struct bus *bus = self;
	const struct journal *j = bus->streams[0]->journal;
	const struct metric *figure = bus->figures.of;
	int64_t now_ms = (int64_t)(mono_now().ns / NS_PER_MS);
	struct stream_totals all = streams_totals(bus, now_ms);
	struct bus_stats_out out = {
		.first_seq = journal_first_seq(j),
		.last_seq = journal_last_seq(j),
		.synced_seq = journal_synced_seq(j),
		.events_in = metric_own(figure[FIGURE_EVENTS]),
		.duplicates_in = metric_own(figure[FIGURE_DUPLICATES]),
		.bytes_in = metric_own(figure[FIGURE_RECEIVED_BYTES]),
		.refused_in = figures_refused_all(&bus->figures),
		.events_out = metric_own(figure[FIGURE_DELIVERED]),
		.live_messages = metric_own(figure[FIGURE_LIVE_MESSAGES]),
		.segments = all.segments,
		.log_bytes = all.bytes,
		.dedup_entries = all.dedup_entries,
		.dedup_window_ms = all.dedup_window_ms,
		.consumers = slots_count(self),
		.waiting_fetches = slots_parked(self) + read_parked(self),
		.log_epoch = journal_epoch(j),
		.retention_bytes = bus->conf.retention_bytes,
		.retention_age_ms = bus->conf.retention_age_ms,
		.dedup_entries_max = bus->conf.dedup_entries,
		.dedup_wanted_ms = bus->conf.dedup_window_ms,
		.max_consumers = bus->conf.max_consumers,
		.max_ack_pending = bus->conf.max_ack_pending,
		.waiting_publishes = (uint32_t)publish_waiting(bus),
		.live_queue = WORKER_PUB_QUEUE,
		.quarantined = quarantine_count(journal_dir(j)),
		.dir = bus->dir,
		.flow_violations = figures_violations(&bus->figures),
	};

	call_reply(call, &out, (struct slice){ NULL, 0 });
}

const struct route bus_routes[] = { { &msg_bus_publish, do_publish },
	{ &msg_bus_fetch, do_fetch }, { &msg_bus_settle, do_settle },
	{ &msg_bus_read, do_read }, { &msg_bus_consumer, do_consumer },
	{ &msg_bus_consumers, do_consumers }, { &msg_bus_streams, do_streams },
	{ &msg_bus_stats, do_stats }, ROUTE_END };
