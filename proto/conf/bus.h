/* SPDX-License-Identifier: Apache-2.0 */
/* [bus] */
#ifndef PROTO_CONF_BUS_H
#define PROTO_CONF_BUS_H

#include "proto/conf/sections.h"

enum on_corruption {
	ON_CORRUPTION_STOP,   /* do not start, say what is damaged */
	ON_CORRUPTION_ISOLATE /* go on without the damaged range */
};

enum flow_mode {
	FLOW_MODE_OFF,
	FLOW_MODE_WARN,  /* count and tell violations */
	FLOW_MODE_REJECT /* refuse them, too */
};

struct bus_conf {
	char *dir;                  /* NULL = state_dir/bus */
	uint64_t segment_bytes;     /* 64M */
	uint64_t max_payload_bytes; /* 1M */
	uint64_t sync_interval_ms;  /* 10ms: fdatasync at the latest */
	uint64_t retention_bytes;   /* 4G; unsettled events are kept */
	uint64_t retention_age_ms;  /* 7d */
	uint64_t retention_count;   /* events, 0 = any number */
	uint64_t buffer_bytes;      /* 500 MB: what is kept in memory */
	uint64_t dedup_window_ms;   /* 2m */
	uint64_t dedup_entries;     /* 4000000 */
	uint64_t live_heartbeat_ms; /* 1s, only while events flow */
	int on_corruption;          /* stop; enum on_corruption */
	uint32_t max_consumers;     /* 256 */
	uint32_t max_ack_pending;   /* 16384 events in flight per consumer */
	int flow;         /* warn; enum flow_mode; [subject] may say more */
	bool supervision; /* yes: msd's events are published */
};
extern const struct field bus_rows[];
void bus_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);

#endif
