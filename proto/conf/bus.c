/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [bus]: the log's place and size, and how much the broker keeps. */
#include "proto/conf/bus.h"

#include "common/mono.h"
#include "proto/envelope.h"

#define KIB     UINT64_C(1024)
#define MIB     (1024 * KIB)
#define GIB     (1024 * MIB)
#define HOUR_MS UINT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

#define BUS(member) .off = offsetof(struct bus_conf, member)

static const struct field_name on_corruption_names[] = {
	{ "stop", ON_CORRUPTION_STOP }, { "isolate", ON_CORRUPTION_ISOLATE },
	{ NULL, 0 }
};

static const struct field_name flow_names[] = { { "off", FLOW_MODE_OFF },
	{ "warn", FLOW_MODE_WARN }, { "reject", FLOW_MODE_REJECT },
	{ NULL, 0 } };

const struct field bus_rows[] = {
	{ .name = "dir",
	    .type = FIELD_STR,
	    BUS(dir),
	    .min = 1,
	    .max = 4000,
	    .help = "Directory of the event log; `bus` below state_dir when "
		    "not given." },
	{ .name = "segment_size",
	    .type = FIELD_SIZE,
	    BUS(segment_bytes),
	    .def = "64M",
	    .min = 64 * KIB,
	    .max = 4 * GIB,
	    .help = "Size of one file of the log." },
	{ .name = "max_payload",
	    .type = FIELD_SIZE,
	    BUS(max_payload_bytes),
	    .def = "1M",
	    .min = KIB,
	    .max = ENVELOPE_PAYLOAD_CEILING,
	    .help = "Largest payload of one event; larger ones are refused." },
	{ .name = "sync_interval",
	    .type = FIELD_DURATION,
	    BUS(sync_interval_ms),
	    .def = "10ms",
	    .min = 1,
	    .max = 60000,
	    .help = "What was written is on the disk at the latest this long "
		    "afterwards." },
	{ .name = "retention_size",
	    .type = FIELD_SIZE,
	    BUS(retention_bytes),
	    .def = "4G",
	    .min = 128 * KIB,
	    .max = 1024 * 1024 * GIB,
	    .help = "The oldest segments go when the log is larger than this; "
		    "events a consumer has not settled stay." },
	{ .name = "retention_age",
	    .type = FIELD_DURATION,
	    BUS(retention_age_ms),
	    .def = "7d",
	    .min = 1000,
	    .max = DURATION_INFINITY,
	    .help = "Segments older than this go; events a consumer has not "
		    "settled stay." },
	{ .name = "retention_count",
	    .type = FIELD_U64,
	    BUS(retention_count),
	    .def = "0",
	    .help = "The oldest segments go when this many newer events are "
		    "there; 0 = any number.  Events a consumer has not settled "
		    "stay." },
	{ .name = "buffer",
	    .type = FIELD_SIZE,
	    BUS(buffer_bytes),
	    .def = "500000000",
	    .min = 32 * MIB,
	    .max = 64 * GIB,
	    .help = "What the broker keeps in memory at most: 42 % for the "
		    "window of duplicates, 26 % for live subscribers that are "
		    "slow, 22 % for requests, the rest for what was written "
		    "last and for indexes." },
	{ .name = "dedup_window",
	    .type = FIELD_DURATION,
	    BUS(dedup_window_ms),
	    .def = "2m",
	    .max = DAY_MS,
	    .help = "An event with the source and id of one seen within this "
		    "time is a duplicate; 0 turns this off." },
	{ .name = "dedup_entries",
	    .type = FIELD_U64,
	    BUS(dedup_entries),
	    .def = "4000000",
	    .min = 1024,
	    .max = 64000000,
	    .help = "Identities remembered at most; more events within "
		    "dedup_window shorten it." },
	{ .name = "live_heartbeat",
	    .type = FIELD_DURATION,
	    BUS(live_heartbeat_ms),
	    .def = "1s",
	    .min = 100,
	    .max = 60000,
	    .help = "While events flow, quiet subscribers are told this often "
		    "how far the log is, so that they notice a gap." },
	{ .name = "on_corruption",
	    .type = FIELD_ENUM,
	    BUS(on_corruption),
	    .def = "stop",
	    .names = on_corruption_names,
	    .help = "When stored events are damaged: stop = do not start; "
		    "isolate = keep the file in quarantine, write the damaged "
		    "events off and go on." },
	{ .name = "max_consumers",
	    .type = FIELD_U32,
	    BUS(max_consumers),
	    .def = "256",
	    .min = 1,
	    .max = 4096,
	    .help = "Durable consumers at most." },
	{ .name = "max_ack_pending",
	    .type = FIELD_U32,
	    BUS(max_ack_pending),
	    .def = "16384",
	    .min = 1,
	    .max = 1u << 20,
	    .help = "Events of one consumer that may be in flight, delivered "
		    "and not settled." },
	{ .name = "flow",
	    .type = FIELD_ENUM,
	    BUS(flow),
	    .def = "warn",
	    .names = flow_names,
	    .help = "When an event names a cause that never was, or not its "
		    "cause's correlation and trace: warn = count it and tell "
		    "flow.violation; reject = refuse it, too; off = do not "
		    "look.  [subject] may say otherwise for some." },
	{ .name = "supervision",
	    .type = FIELD_BOOL,
	    BUS(supervision),
	    .def = "yes",
	    .help = "Publish what msd does as supervision.EVENT "
		    "(supervision.exited, ...)." },
	FIELD_END
};

void
bus_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct bus_conf *bus = base;
	char keep[UNIT_TEXT_BYTES], segment[UNIT_TEXT_BYTES];

	/* the open segment is never removed: with less than two, nothing is */
	if (bus->retention_bytes / 2 < bus->segment_bytes)
		conf_error(errors, section_place(section, "retention_size"),
		    "retention_size: %s is less than two segments "
		    "(segment_size = %s)",
		    print_size(bus->retention_bytes, keep),
		    print_size(bus->segment_bytes, segment));
}
