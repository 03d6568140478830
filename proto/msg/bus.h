/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said to the event bus (service "bus"). */
#ifndef PROTO_MSG_BUS_H
#define PROTO_MSG_BUS_H

#include "proto/msg.h"
#include "proto/msg/bus_publish.h"
#include "proto/settle.h"

/* bus.consumer: creates a durable consumer, or confirms an equal one.
 * A name that exists with another filter or policy is MS_ECONFLICT. */
enum deliver_policy {
	DELIVER_ALL,
	DELIVER_NEW
};
extern const struct field_name deliver_policy_names[];
struct bus_consumer_in {
	char *name;
	struct words filter; /* patterns; none = all */
	int deliver;
	uint64_t ack_wait_ms;
};
struct bus_consumer_out {
	bool created;
	uint64_t ack_floor; /* everything up to here is settled */
};

/* bus.fetch: next events of a consumer, body of the reply = a batch (absent
 * when none came within wait_ms).  settle_* settles earlier ones first. */
struct bus_fetch_in {
	char *consumer;
	uint32_t max_events;
	uint64_t max_bytes;
	uint64_t wait_ms;     /* long poll, at most BUS_FETCH_WAIT_MAX_MS */
	uint64_t settle_upto; /* 0 = none: everything delivered to this member
	                         up to here succeeded */
	char *member; /* who fetches; in-flight events belong to a member */
};
struct bus_fetch_out {
	uint32_t count;
	uint64_t first_seq;
	uint64_t last_seq;
	uint64_t pending; /* matching events behind these */
	uint64_t ack_floor;
};
#define BUS_FETCH_WAIT_MAX_MS 30000u

/* bus.settle: results for delivered events first..last */
struct bus_settle_in {
	char *consumer;
	char *member;
	uint64_t first_seq;
	uint64_t last_seq;
	int result;
	uint64_t delay_ms;
};
struct bus_settle_out {
	uint64_t ack_floor;
};

/* bus.read: stored events from a sequence on, no consumer; for tail, repair */
struct bus_read_in {
	uint64_t from_seq; /* 0 = newest `last` events */
	uint32_t last;
	uint32_t max_events;
	uint64_t max_bytes;
	char *filter; /* a pattern; NULL = all */
	uint64_t wait_ms;
	char *stream; /* NULL = main */
	/* only what is of this event or correlation: its id, cause or
	 * correlation says so; zero = all */
	struct id128 related;
	uint64_t since_ns; /* with from_seq 0 and last 0: stored since then,
	                      wall clock */
};
struct bus_read_out {
	uint32_t count;
	uint64_t next_seq; /* ask from here on next */
	uint64_t first_stored_seq;
	uint64_t last_stored_seq;
};

struct bus_stats_out {
	uint64_t first_seq, last_seq, synced_seq;
	uint64_t events_in, duplicates_in, bytes_in, refused_in;
	uint64_t events_out, live_messages, segments, log_bytes;
	uint64_t dedup_entries, dedup_window_ms;
	uint32_t consumers, waiting_fetches;
	uint32_t log_epoch;
	/* the bounds these are to be read beside */
	uint64_t retention_bytes, retention_age_ms;
	uint64_t dedup_entries_max, dedup_wanted_ms;
	uint32_t max_consumers, max_ack_pending;
	uint32_t waiting_publishes, live_queue;
	uint32_t quarantined; /* files below dir/quarantine */
	char *dir;
	uint64_t flow_violations;
};
/* bus.consumers: body = JSON array, one object per durable consumer */

/* bus.streams: body = JSON array, one object per stream, main first */

extern const struct msg_desc msg_bus_consumer, msg_bus_fetch, msg_bus_settle,
    msg_bus_read, msg_bus_stats, msg_bus_consumers, msg_bus_streams;

/*
 * Live traffic on bus.pub.ipc: `class \0`, then PUB_HEAD_BYTES, then a batch
 * of events of one stream whose subjects share that first token.  prev_seq is
 * the last sequence sent in this class of this stream before, so a subscriber
 * sees a gap.  A message without events (count 0) is the heartbeat.
 *
 *  0 u64 prev_seq   8 u64 last_seq   16 char stream[32], zeros behind the name
 */
#define PUB_HEAD_BYTES        48u
#define PUB_STREAM_OFF        16u
#define PUB_STREAM_NAME_BYTES 32u

#endif
