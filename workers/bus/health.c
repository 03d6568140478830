/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/bus/health.h"

#include <inttypes.h>

#include "common/str.h"
#include "workers/bus/slot.h"
#include "workers/bus/supervision.h"
#include "workers/worker_health.h"

/* fdatasync of what others share a disk with may take long; much longer and
 * what was written waits for its safety. */
#define SYNC_SLACK_MS  1000u
#define SYNC_FAILED_MS 30000u
#define BEHIND_MANY    100000u

static void
check_sync(struct stream *stream)
{
	const struct journal *journal = stream->journal;
	struct worker *w = stream->bus->worker;
	struct journal_safety safety = journal_safety(journal);
	enum health_level level = HEALTH_OK;
	char age[UNIT_TEXT_BYTES];

	if (journal_has_failed(journal)) {
		health_say(w, "log", stream->dir, HEALTH_FAILED,
		    "the log has failed");
		return;
	}
	if (safety.unsynced_ms >= SYNC_FAILED_MS)
		level = HEALTH_FAILED;
	else if (safety.unsynced_ms >=
	    stream->bus->conf.sync_interval_ms + SYNC_SLACK_MS)
		level = HEALTH_DEGRADED;
	if (level != HEALTH_OK)
		health_say(w, "log", stream->dir, level,
		    "events written %s ago are not synced yet",
		    print_duration(safety.unsynced_ms, age));
	else if (safety.was_synced)
		health_say(w, "log", stream->dir, HEALTH_OK,
		    "synced to %" PRIu64 " of %" PRIu64 ", last %s ago",
		    journal_synced_seq(journal), journal_last_seq(journal),
		    print_duration(safety.since_sync_ms, age));
	else
		health_say(w, "log", stream->dir, HEALTH_OK,
		    "all %" PRIu64 " events are synced",
		    journal_last_seq(journal));
}

static void
check_consumers(struct bus *bus)
{
	uint64_t most = 0;
	struct slot *slot, *next, *slowest = NULL;

	HASH_ITER(hh, bus->slots, slot, next) {
		uint64_t last = journal_visible_seq(slot->stream->journal);
		uint64_t floor = slot->consumer->ack_floor;
		uint64_t behind = last > floor ? last - floor : 0;

		if (behind > most) {
			most = behind;
			slowest = slot;
		}
	}
	if (!slowest)
		health_say(bus->worker, "consumers", "", HEALTH_OK,
		    "%u consumer%s, none behind", slots_count(bus),
		    slots_count(bus) == 1 ? "" : "s");
	else
		health_say(bus->worker, "consumers", slowest->consumer->name,
		    most > BEHIND_MANY ? HEALTH_DEGRADED : HEALTH_OK,
		    "%s is %" PRIu64 " event%s behind, the most of %u",
		    slowest->consumer->name, most, most == 1 ? "" : "s",
		    slots_count(bus));
}

static void
check_msd(struct bus *bus)
{
	if (!bus->supervision)
		health_say(bus->worker, "supervision", "msd", HEALTH_OK,
		    "not asked for");
	else if (supervision_is_linked(bus->supervision))
		health_say(bus->worker, "supervision", "msd", HEALTH_OK,
		    "events of msd come in");
	else
		health_say(bus->worker, "supervision", "msd", HEALTH_DEGRADED,
		    "msd does not tell its events");
}

void
bus_health(struct worker *w)
{
	struct bus *bus = worker_self(w);

	health_check_aside(w, "log directory", bus->dir, HEALTH_BUDGET_MS,
	    health_look_dir, bus->dir);
	for (size_t i = 0; i < bus->stream_count; i++)
		check_sync(bus->streams[i]);
	check_consumers(bus);
	check_msd(bus);
}
