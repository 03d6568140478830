/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bus to the database: one durable consumer, one batch at a time.  A
 * batch that cannot be stored is kept and tried again with backoff, for as
 * long as it takes; the bus holds what comes behind it.
 */
#ifndef WORKERS_PERSIST_INTAKE_H
#define WORKERS_PERSIST_INTAKE_H

#include "proto/conf/persist.h"
#include "proto/msg/persist.h"
#include "workers/persist/db.h"
#include "workers/worker.h"

#define INTAKE_CONSUMER "persist"

struct intake;

/* Connects to the bus in the background; conf and db are borrowed. */
enum ms_err intake_open(struct worker *w, const struct persist_conf *conf,
    struct db *db, struct intake **intake_r, struct why *why);
/* After the last job of db has been answered. */
void intake_close(struct intake **intake);
/* Consumes from now on; a second call tries a waiting batch at once. */
void intake_go(struct intake *intake);
/* done(w) runs when no batch is being written. */
void intake_drain(struct intake *intake, void (*done)(struct worker *w));
void intake_stats(const struct intake *intake, struct persist_stats_out *out);

#endif
