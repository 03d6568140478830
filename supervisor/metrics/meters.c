/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/metrics/meters.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/alloc.h"
#include "common/log.h"
#include "proto/contract.h"
#include "supervisor/metrics/segments.h"
#include "supervisor/tree/exit_reason.h"

static const struct metric_row rows[METER_COUNT] = {
	[METER_READY_TIME] = { .name = "ms_supervisor_ready_seconds",
	    .help = "Time from a worker's start to its readiness.",
	    .kind = METRIC_HISTOGRAM,
	    .unit = METRIC_UNIT_SECONDS },
	[METER_CLIENTS] = { .name = "ms_supervisor_control_clients",
	    .help = "Connections to the control socket.",
	    .kind = METRIC_GAUGE },
};

/* Series of these come as they happen; names are few. */
static const struct metric_row events_row = {
	.name = "ms_supervisor_events_total",
	.help = "What happened to the tree, by the name of the event.",
	.kind = METRIC_COUNTER,
	.labels = { "event" },
};
static const struct metric_row exits_row = {
	.name = "ms_supervisor_exits_total",
	.help = "Ends of workers' processes, by what ended them and who "
		"wanted it.",
	.kind = METRIC_COUNTER,
	.labels = { "kind", "cause" },
};
static const struct metric_row requests_row = {
	.name = "ms_supervisor_control_requests_total",
	.help = "Requests on the control socket, by their verb.",
	.kind = METRIC_COUNTER,
	.labels = { "verb" },
};

static void
count(const struct metric_row *row, const char *const *labels)
{
	metric_add(metrics_series(row, labels), 1);
}

void
meters_open(struct meters *meters, struct segments *segments, uint64_t life)
{
	struct why why = { "" };
	char *path = xasprintf("%s/" METRICS_MSD, segments->dir);

	if (segments_make(segments, METRICS_MSD, geteuid(), getegid()) &&
	    metrics_attach(path, &why) != MS_OK)
		log_warn("msd does not count", "error=%s", LOGQ(why.text));
	metrics_declare_all(rows, METER_COUNT, meters->of);
	metrics_life_begin(life, mono_now().ns);
	free(path);
}

void
meters_close(void)
{
	metrics_detach();
}

void
meters_event(const char *event)
{
	count(&events_row, (const char *[]){ event });
}

void
meters_exit(const struct exit_reason *reason)
{
	count(&exits_row,
	    (const char *[]){ exit_kind_name(reason->kind),
		exit_cause_name(reason->cause) });
}

void
meters_request(const char *verb)
{
	count(&requests_row, (const char *[]){ verb });
}

void
meters_ready(const struct meters *meters, struct mono started)
{
	metric_record(meters->of[METER_READY_TIME], mono_now().ns - started.ns);
}

void
meters_clients(const struct meters *meters, unsigned clients)
{
	metric_set(meters->of[METER_CLIENTS], clients);
}
