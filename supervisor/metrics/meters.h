/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What msd counts of itself, in run_dir/metrics/@msd.  Only of the whole: the
 * numbers of one worker are in its status, so that a worker costs msd nothing
 * here.
 */
#ifndef SUPERVISOR_METRICS_METERS_H
#define SUPERVISOR_METRICS_METERS_H

#include "common/metrics.h"
#include "common/mono.h"

struct exit_reason;
struct segments;

enum meter {
	METER_READY_TIME,
	METER_CLIENTS,
	METER_COUNT
};

struct meters {
	struct metric of[METER_COUNT];
};

/* Again after a re-exec and a crash, where they go on.  life: how many msd
 * there were before this one. */
void meters_open(struct meters *meters, struct segments *segments,
    uint64_t life);
void meters_close(void);

void meters_event(const char *event);
void meters_exit(const struct exit_reason *reason);
void meters_request(const char *verb);
void meters_ready(const struct meters *meters, struct mono started);
void meters_clients(const struct meters *meters, unsigned count);

#endif
