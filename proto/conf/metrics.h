/* SPDX-License-Identifier: Apache-2.0 */
/* [metrics] */
#ifndef PROTO_CONF_METRICS_H
#define PROTO_CONF_METRICS_H

#include "proto/conf/sections.h"

enum statsd_labels {
	STATSD_TAGS, /* name:1|c|#worker:bus */
	STATSD_PATH  /* name.bus:1|c, for servers that know no tags */
};

/* What is promised of the core: the 99th percentile over a minute. */
enum sla_promise {
	SLA_ROUTING,     /* ms_bus_route_seconds < 1 ms */
	SLA_PERSISTENCE, /* ms_persist_commit_seconds < 5 ms */
	SLA_ACQUISITION, /* ms_pool_acquire_seconds < 10 ms */
	SLA_PROCESSING,  /* ms_bus_event_seconds < 100 us */
	SLA_PROMISES
};

struct metrics_conf {
	char *listen;                /* 127.0.0.1:9464 */
	uint32_t max_connections;    /* 64 */
	uint64_t request_timeout_ms; /* 10s: from accept to a whole request */
	uint32_t max_scrapes;        /* 8 at the same time */
	struct rate scrape_rate;     /* 50/1s; count 0 = any number */
	uint64_t interval_ms;        /* 60s: of StatsD and the file */
	char *statsd;                /* HOST:PORT; NULL = none */
	int statsd_labels;           /* tags; enum statsd_labels */
	char *json_file;             /* NULL = none */
	uint64_t sample_interval_ms; /* 10s */
	uint32_t batch_size;         /* 1000 series in a turn of the loop */
	uint64_t max_collection_time_ms; /* 10ms */
	uint64_t sla_ns[SLA_PROMISES];   /* by enum sla_promise; 0 = off */
	uint64_t history_ms;             /* 1h; 0 = none */
	uint64_t health_interval_ms;     /* 10s */
	uint32_t health_confirm;         /* 2 looks in a row make a change */
	uint32_t sampling_ppm; /* 1.0: every update, of every worker */
};
extern const struct field metrics_rows[];
void metrics_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);
/* Allowed, and probably not meant: numbers for the whole network. */
void metrics_advise(const struct conf *conf, struct conf_errors *advice);

/* "HOST:PORT", "[ADDR]:PORT": host without brackets, borrowed from text.  Port
 * 0 is allowed.  False with a reason. */
bool endpoint_split(struct slice text, struct slice *host_r, uint16_t *port_r,
    struct why *why);
/* 127.0.0.0/8, ::1 */
bool address_is_loopback(struct slice host);
/* `listen` that means: no listener. */
bool listen_is_none(const char *listen);

#endif
