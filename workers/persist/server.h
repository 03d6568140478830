/* SPDX-License-Identifier: Apache-2.0 */
/* What the database server allows, asked once over the connection that is
 * there anyway. */
#ifndef WORKERS_PERSIST_SERVER_H
#define WORKERS_PERSIST_SERVER_H

#include "workers/persist/db.h"

struct server {
	struct db_job job;
	bool asking;
	uint64_t answer;          /* the database thread's until it is done */
	uint64_t max_connections; /* 0 = not known yet */
};

/* Nothing when it is known or being asked for. */
void server_ask(struct server *server, struct db *db);

#endif
