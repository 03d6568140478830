/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of [metrics]: where numbers go, how often, and what that may cost. */
#include "proto/conf/metrics.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define SECOND_MS        UINT64_C(1000)
#define THRESHOLD_MAX_NS UINT64_C(60000000000)
#define HOUR_MS          (3600 * SECOND_MS)
#define PPM              1000000u

#define METRICS(member) .off = offsetof(struct metrics_conf, member)

static const struct field_name statsd_labels_names[] = {
	{ "tags", STATSD_TAGS }, { "path", STATSD_PATH }, { NULL, 0 }
};

/* "0.25" to millionths. */
static enum ms_err
parse_rate(struct slice text, void *at, struct arena *arena, struct why *why)
{
	uint32_t *ppm = at;
	uint64_t whole = 0, part = 0, unit = PPM;
	struct slice rest = text, digits;

	(void)arena;
	if (!slice_cut(&rest, '.', &digits) || !parse_u64(digits, &whole) ||
	    rest.len > 6 || (rest.len && !parse_u64(rest, &part)))
		return why_set(why, MS_EINVAL,
		    "a number from 0.001 to 1.0 is wanted");
	for (size_t i = 0; i < rest.len; i++)
		unit /= 10;
	if (whole > 1 || whole * PPM + part * unit > PPM ||
	    whole * PPM + part * unit < PPM / 1000)
		return why_set(why, MS_EINVAL,
		    "a number from 0.001 to 1.0 is wanted");
	*ppm = (uint32_t)(whole * PPM + part * unit);
	return MS_OK;
}

static void
print_rate(const void *at, struct buf *out)
{
	uint32_t ppm = *(const uint32_t *)at, digits = 6, part = ppm % PPM;

	while (digits > 1 && part % 10 == 0) {
		part /= 10;
		digits--;
	}
	buf_printf(out, "%u.%0*u", ppm / PPM, (int)digits, part);
}

/* "100us", "5ms", "1s", "0": finer than other durations need to be. */
static enum ms_err
parse_threshold(struct slice text, void *at, struct arena *arena,
    struct why *why)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	size_t digits = 0;
	uint64_t n = 0, unit = 0;
	struct slice name;

	(void)arena;
	while (digits < text.len && isdigit((unsigned char)text.ptr[digits]))
		digits++;
	name = (struct slice){ text.ptr + digits, text.len - digits };
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (slice_is(name, units[i].name))
			unit = units[i].ns;
	if (!parse_u64((struct slice){ text.ptr, digits }, &n) ||
	    (!unit && (n || name.len)) || (unit && n > THRESHOLD_MAX_NS / unit))
		return why_set(why, MS_EINVAL,
		    "'%.*s' is not a duration up to 60s (such as 100us, 5ms)",
		    (int)text.len, text.ptr);
	*(uint64_t *)at = n * unit;
	return MS_OK;
}

static void
print_threshold(const void *at, struct buf *out)
{
	uint64_t us = *(const uint64_t *)at / 1000;

	if (us % 1000000 == 0)
		buf_printf(out, us ? "%" PRIu64 "s" : "0", us / 1000000);
	else if (us % 1000 == 0)
		buf_printf(out, "%" PRIu64 "ms", us / 1000);
	else
		buf_printf(out, "%" PRIu64 "us", us);
}

const struct field metrics_rows[] = {
	{ .name = "listen",
	    .type = FIELD_STR,
	    METRICS(listen),
	    .def = "127.0.0.1:9464",
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .max = 300,
	    .help =
		"Address and port of /metrics, /health and /ready; there "
		"is no encryption and no password, so keep it on loopback "
		"or behind a proxy. Port 0 takes any; none = no listener." },
	{ .name = "max_connections",
	    .type = FIELD_U32,
	    METRICS(max_connections),
	    .def = "64",
	    .min = 4,
	    .max = 4096,
	    .help = "Connections at most; one more and the one that has been "
		    "waiting longest is closed." },
	{ .name = "request_timeout",
	    .type = FIELD_DURATION,
	    METRICS(request_timeout_ms),
	    .def = "10s",
	    .flags = FIELD_RELOAD,
	    .min = 100,
	    .max = 300 * SECOND_MS,
	    .help = "A request must have come, and its answer must have been "
		    "taken, within this time." },
	{ .name = "max_scrapes",
	    .type = FIELD_U32,
	    METRICS(max_scrapes),
	    .def = "8",
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .max = 1024,
	    .help = "Answers of /metrics being made or taken at the same time; "
		    "further ones get 503." },
	{ .name = "scrape_rate",
	    .type = FIELD_RATE,
	    METRICS(scrape_rate),
	    .def = "50/1s",
	    .flags = FIELD_RELOAD,
	    .help = "Requests of /metrics in a period, as many at once; "
		    "further ones get 503 and the time to come again; 0 = any "
		    "number." },
	{ .name = "interval",
	    .type = FIELD_DURATION,
	    METRICS(interval_ms),
	    .def = "60s",
	    .flags = FIELD_RELOAD,
	    .min = 100,
	    .max = HOUR_MS,
	    .help = "How often StatsD and the JSON file are given numbers." },
	{ .name = "statsd",
	    .type = FIELD_STR,
	    METRICS(statsd),
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .max = 300,
	    .help = "HOST:PORT of a StatsD server (UDP)." },
	{ .name = "statsd_labels",
	    .type = FIELD_ENUM,
	    METRICS(statsd_labels),
	    .def = "tags",
	    .names = statsd_labels_names,
	    .flags = FIELD_RELOAD,
	    .help = "How StatsD is told labels: tags = |#worker:bus behind the "
		    "value; path = the label's value becomes a part of the "
		    "name, for servers that know no tags." },
	{ .name = "json_file",
	    .type = FIELD_STR,
	    METRICS(json_file),
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .max = 4000,
	    .help = "File that numbers are appended to, a JSON object a line; "
		    "it may be moved away at any time, the next lines begin "
		    "a new one." },
	{ .name = "sample_interval",
	    .type = FIELD_DURATION,
	    METRICS(sample_interval_ms),
	    .def = "10s",
	    .min = 100,
	    .max = 60 * SECOND_MS,
	    .help = "How often all numbers are looked at, for history and "
		    "thresholds." },
	{ .name = "batch_size",
	    .type = FIELD_U32,
	    METRICS(batch_size),
	    .def = "1000",
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .max = 1000000,
	    .help = "Series handled in one go, before others get their turn." },
	{ .name = "max_collection_time",
	    .type = FIELD_DURATION,
	    METRICS(max_collection_time_ms),
	    .def = "10ms",
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .max = 10 * SECOND_MS,
	    .help =
		"Collecting may take the loop for this long in one go; what "
		"is left waits for the next turn and is counted." },
	{ .name = "sla_routing",
	    .type = FIELD_CUSTOM,
	    METRICS(sla_ns[SLA_ROUTING]),
	    .def = "1ms",
	    .parse = parse_threshold,
	    .print = print_threshold,
	    .flags = FIELD_RELOAD,
	    .help =
		"How long an event may take from its receipt until it is routed, as the "
		"99th percentile of a minute; more is the event "
		"sla.breached. 0 = not watched." },
	{ .name = "sla_persistence",
	    .type = FIELD_CUSTOM,
	    METRICS(sla_ns[SLA_PERSISTENCE]),
	    .def = "5ms",
	    .parse = parse_threshold,
	    .print = print_threshold,
	    .flags = FIELD_RELOAD,
	    .help =
		"How long a batch of events may take to be committed in PostgreSQL, as the "
		"99th percentile of a minute; more is the event "
		"sla.breached. 0 = not watched." },
	{ .name = "sla_acquisition",
	    .type = FIELD_CUSTOM,
	    METRICS(sla_ns[SLA_ACQUISITION]),
	    .def = "10ms",
	    .parse = parse_threshold,
	    .print = print_threshold,
	    .flags = FIELD_RELOAD,
	    .help =
		"How long a client may wait for a connection of a pool, as the "
		"99th percentile of a minute; more is the event "
		"sla.breached. 0 = not watched." },
	{ .name = "sla_processing",
	    .type = FIELD_CUSTOM,
	    METRICS(sla_ns[SLA_PROCESSING]),
	    .def = "100us",
	    .parse = parse_threshold,
	    .print = print_threshold,
	    .flags = FIELD_RELOAD,
	    .help = "How long the bus may work on one event, as the "
		    "99th percentile of a minute; more is the event "
		    "sla.breached. 0 = not watched." },
	{ .name = "history",
	    .type = FIELD_DURATION,
	    METRICS(history_ms),
	    .def = "1h",
	    .max = HOUR_MS,
	    .help = "How far msctl top --replay can look back, in 360 steps; "
		    "0 = not at all." },
	{ .name = "health_interval",
	    .type = FIELD_DURATION,
	    METRICS(health_interval_ms),
	    .def = "10s",
	    .flags = FIELD_RELOAD,
	    .min = 100,
	    .max = HOUR_MS,
	    .help = "How often msd and every service are asked how well they "
		    "are." },
	{ .name = "health_confirm",
	    .type = FIELD_U32,
	    METRICS(health_confirm),
	    .def = "2",
	    .flags = FIELD_RELOAD,
	    .min = 1,
	    .max = 100,
	    .help = "So many looks in a row must agree before a change is "
		    "believed and told as health.changed." },
	{ .name = "sampling_rate",
	    .type = FIELD_CUSTOM,
	    METRICS(sampling_ppm),
	    .def = "1.0",
	    .flags = FIELD_RELOAD,
	    .parse = parse_rate,
	    .print = print_rate,
	    .help = "Share of updates that every worker makes, 0.001 to 1.0; "
		    "each then counts for those left out. Workers lower it by "
		    "themselves when counting takes more than a hundredth of a "
		    "processor." },
	FIELD_END
};

bool
listen_is_none(const char *listen)
{
	return !listen || strcmp(listen, "none") == 0;
}

static bool
split_at_port(struct slice text, struct slice *host_r, struct slice *port_r)
{
	const char *colon = memrchr(text.ptr, ':', text.len);

	if (!colon || colon == text.ptr)
		return false;
	*host_r = (struct slice){ text.ptr, (size_t)(colon - text.ptr) };
	*port_r = (struct slice){ colon + 1,
		(size_t)(text.ptr + text.len - colon - 1) };
	return true;
}

bool
endpoint_split(struct slice text, struct slice *host_r, uint16_t *port_r,
    struct why *why)
{
	struct slice host, digits;
	uint64_t port;

	if (!split_at_port(text, &host, &digits) || !parse_u64(digits, &port) ||
	    port > 65535) {
		why_set(why, MS_EINVAL, "'%.*s' is not HOST:PORT",
		    (int)text.len, text.ptr);
		return false;
	}
	if (host.ptr[0] == '[' && host.len > 2 &&
	    host.ptr[host.len - 1] == ']') {
		host.ptr++;
		host.len -= 2;
	} else if (memchr(host.ptr, ':', host.len)) {
		why_set(why, MS_EINVAL, "'%.*s': write [ADDRESS]:PORT",
		    (int)text.len, text.ptr);
		return false;
	}
	*host_r = host;
	*port_r = (uint16_t)port;
	return true;
}

static bool
address_parse(struct slice host, int family, void *addr_r)
{
	char text[INET6_ADDRSTRLEN];

	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.ptr, host.len);
	text[host.len] = '\0';
	return inet_pton(family, text, addr_r) == 1;
}

bool
address_is_loopback(struct slice host)
{
	struct in6_addr six;
	struct in_addr four;

	if (address_parse(host, AF_INET, &four))
		return ntohl(four.s_addr) >> 24 == 127;
	return address_parse(host, AF_INET6, &six) &&
	    IN6_IS_ADDR_LOOPBACK(&six);
}

static void
check_listen(const struct conf_section *section, const char *listen,
    struct conf_errors *errors)
{
	struct why why = { "" };
	struct in6_addr any;
	struct slice host;
	uint16_t port;

	if (listen_is_none(listen))
		return;
	if (!endpoint_split(slice_of(listen), &host, &port, &why))
		conf_error(errors, section_place(section, "listen"),
		    "listen: %s", why.text);
	else if (!address_parse(host, AF_INET, &any) &&
	    !address_parse(host, AF_INET6, &any))
		conf_error(errors, section_place(section, "listen"),
		    "listen: '%.*s' is no address; names are not looked up "
		    "here, write 127.0.0.1:%u or [::1]:%u",
		    (int)host.len, host.ptr, port, port);
}

static void
check_statsd(const struct conf_section *section, const char *statsd,
    struct conf_errors *errors)
{
	struct why why = { "" };
	struct slice host;
	uint16_t port;

	if (!statsd)
		return;
	if (!endpoint_split(slice_of(statsd), &host, &port, &why))
		conf_error(errors, section_place(section, "statsd"),
		    "statsd: %s", why.text);
	else if (port == 0)
		conf_error(errors, section_place(section, "statsd"),
		    "statsd: '%s': port 0 cannot be sent to", statsd);
}

void
metrics_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors)
{
	const struct metrics_conf *metrics = base;

	check_listen(section, metrics->listen, errors);
	check_statsd(section, metrics->statsd, errors);
}

void
metrics_advise(const struct conf *conf, struct conf_errors *advice)
{
	const struct conf_section *section = conf_find(conf, "metrics", "");
	const struct conf_entry *entry =
	    section ? conf_entry_find(section, "listen") : NULL;
	struct slice host;
	uint16_t port;

	if (entry && endpoint_split(entry->value, &host, &port, NULL) &&
	    !address_is_loopback(host))
		conf_error(advice, &entry->place,
		    "listen: %.*s can be reached from other machines; the "
		    "numbers are neither encrypted nor behind a password",
		    (int)host.len, host.ptr);
}
