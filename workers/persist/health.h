/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the writer says when it is looked at closely: does the database answer,
 * is its schema ours, how far behind the bus are we?  One question to each at a
 * time; while one is not answered no other is asked.
 */
#ifndef WORKERS_PERSIST_HEALTH_H
#define WORKERS_PERSIST_HEALTH_H

#include "workers/persist/db.h"
#include "workers/worker_health.h"

struct link;
struct link_hub;

struct persist_health {
	struct worker *w;
	struct db *db;
	const char *migrations; /* directory */
	/* the database */
	struct db_job job;
	bool asking;
	struct mono asked; /* since then */
	struct health_ticket database, schema;
	uint32_t pending; /* the answer, the database thread's until then */
	char version[64];
	/* the bus */
	struct link_hub *hub;
	struct link *link;
	ev_io io;
	bool asking_bus;
	struct health_ticket bus;
};

/* Borrows all; closed after the last job of db has been answered. */
void persist_health_init(struct persist_health *h, struct worker *w,
    struct db *db, const char *migrations);
void persist_health_fini(struct persist_health *h);
void persist_health(struct persist_health *h);

#endif
