/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libpq pipeline against CONNINFO: a thousand queries before the first answer
 * is read, one of which fails; every answer must be the one of its question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#define GROUPS   10
#define PER_SYNC 100
#define BAD      55 /* of group 3: a division by zero */

static void
die(PGconn *conn, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, PQerrorMessage(conn));
	exit(1);
}

static void
ask(PGconn *conn, int group, int i)
{
	char text[16];
	const char *values[] = { text };
	const char *sql = group == 3 && i == BAD
	    ? "select 1 / ($1::int - $1::int)"
	    : "select $1::int";

	snprintf(text, sizeof(text), "%d", group * PER_SYNC + i);
	if (!PQsendQueryParams(conn, sql, 1, NULL, values, NULL, NULL, 0))
		die(conn, "cannot send");
}

static void
expect(PGconn *conn, int group, int i)
{
	PGresult *result = PQgetResult(conn);
	ExecStatusType status = PQresultStatus(result);
	ExecStatusType want = group != 3 || i < BAD ? PGRES_TUPLES_OK
	    : i == BAD                              ? PGRES_FATAL_ERROR
						    : PGRES_PIPELINE_ABORTED;

	if (status != want)
		die(conn, PQresStatus(status));
	if (want == PGRES_TUPLES_OK &&
	    atoi(PQgetvalue(result, 0, 0)) != group * PER_SYNC + i)
		die(conn, "the answer of another question");
	PQclear(result);
	if (PQgetResult(conn) != NULL)
		die(conn, "more than one answer");
}

static void
expect_sync(PGconn *conn)
{
	PGresult *result = PQgetResult(conn);

	if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
		die(conn, "no sync");
	PQclear(result);
}

int
main(int argc, char **argv)
{
	PGconn *conn = PQconnectdb(argc == 2 ? argv[1] : "");

	if (PQstatus(conn) != CONNECTION_OK || !PQenterPipelineMode(conn))
		die(conn, "cannot connect");
	for (int group = 0; group < GROUPS; group++) {
		for (int i = 0; i < PER_SYNC; i++)
			ask(conn, group, i);
		if (!PQpipelineSync(conn))
			die(conn, "cannot sync");
	}
	for (int group = 0; group < GROUPS; group++) {
		for (int i = 0; i < PER_SYNC; i++)
			expect(conn, group, i);
		expect_sync(conn);
	}
	if (!PQexitPipelineMode(conn))
		die(conn, "not at the end");
	PQfinish(conn);
	return 0;
}
