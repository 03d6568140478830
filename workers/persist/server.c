/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/persist/server.h"

#include <stdlib.h>

#include "common/defs.h"
#include "workers/persist/pg.h"

static enum ms_err
run(struct db_job *job, PGconn *conn, struct why *why)
{
	struct server *server = container_of(job, struct server, job);
	PGresult *result;
	enum ms_err err =
	    pg_query(conn, "SHOW max_connections", 0, NULL, &result, why);

	if (err != MS_OK)
		return err;
	if (PQntuples(result) == 1)
		server->answer = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return MS_OK;
}

static void
done(struct db_job *job, enum ms_err err, const struct why *why)
{
	struct server *server = container_of(job, struct server, job);

	(void)why; /* asked again by whoever wants to know */
	server->asking = false;
	if (err == MS_OK)
		server->max_connections = server->answer;
}

void
server_ask(struct server *server, struct db *db)
{
	if (server->max_connections || server->asking)
		return;
	server->job.run = run;
	server->job.done = done;
	server->asking = db_submit(db, &server->job) == MS_OK;
}
