/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations on request, and at start where the configuration says so. */
#ifndef WORKERS_PERSIST_MIGRATE_H
#define WORKERS_PERSIST_MIGRATE_H

#include "workers/persist/db.h"
#include "workers/worker.h"

/* Answers call (a persist.migrate_* request) when the database has.  dir is
 * borrowed.  then(arg) runs after a successful application; may be NULL. */
void migrate_serve(struct db *db, struct call *call, const char *dir,
    bool apply, void (*then)(void *arg), void *arg);
/* done(arg, err) runs on the loop; failures have been logged. */
void migrate_now(struct db *db, const char *dir,
    void (*done)(void *arg, enum ms_err err), void *arg);

#endif
