/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the database become errors of ours here and nowhere else, by
 * SQLSTATE class (PostgreSQL manual, appendix A).
 */
#include "workers/persist/pg.h"

#include <string.h>

static enum ms_err
err_of_state(const char *state)
{
	static const struct {
		const char *prefix;
		enum ms_err err;
	} rows[] = {
		{ "40", MS_EBUSY },         /* serialization, deadlock */
		{ "23505", MS_EBUSY },      /* somebody stored it meanwhile */
		{ "55P03", MS_EBUSY },      /* lock not available */
		{ "57014", MS_EBUSY },      /* cancelled, statement timeout */
		{ "22", MS_EINVAL },        /* data exception */
		{ "23", MS_EINVAL },        /* constraint */
		{ "54", MS_EINVAL },        /* program limit, e.g. index row */
		{ "3F000", MS_ENOTFOUND },  /* no such schema */
		{ "42P01", MS_ENOTFOUND },  /* no such table */
		{ "08", MS_EUNAVAILABLE },  /* connection */
		{ "57P", MS_EUNAVAILABLE }, /* shutting down, crash, starting */
		{ "53",
		    MS_EUNAVAILABLE }, /* out of connections, disk, memory */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strncmp(state, rows[i].prefix, strlen(rows[i].prefix)) == 0)
			return rows[i].err;
	return MS_EIO;
}

enum ms_err
pg_error(PGconn *conn, const PGresult *result, struct why *why)
{
	const char *state =
	    result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text =
	    result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	enum ms_err err;

	if (text == NULL || text[0] == '\0')
		text = PQerrorMessage(conn);
	if (PQstatus(conn) != CONNECTION_OK)
		err = MS_EUNAVAILABLE;
	else
		err = state ? err_of_state(state) : MS_EIO;
	return why_set(why, err, "%.*s%s%s%s", (int)strcspn(text, "\n"), text,
	    state ? " (SQLSTATE " : "", state ? state : "", state ? ")" : "");
}

static enum ms_err
finish(PGconn *conn, PGresult *result, ExecStatusType wanted, struct why *why)
{
	ExecStatusType got = PQresultStatus(result);
	enum ms_err err = MS_OK;

	if (got != wanted && got != PGRES_EMPTY_QUERY)
		err = pg_error(conn, result, why);
	PQclear(result);
	return err;
}

enum ms_err
pg_run(PGconn *conn, const char *sql, struct why *why)
{
	PGresult *result = PQexec(conn, sql);

	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		PQclear(result);
		return MS_OK;
	}
	return finish(conn, result, PGRES_COMMAND_OK, why);
}

enum ms_err
pg_query(PGconn *conn, const char *sql, int count, const char *const *params,
    PGresult **result_r, struct why *why)
{
	PGresult *result =
	    PQexecParams(conn, sql, count, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
		*result_r = result;
		return MS_OK;
	}
	return finish(conn, result, PGRES_TUPLES_OK, why);
}

enum ms_err
pg_copy(PGconn *conn, const char *sql, struct slice stream, struct why *why)
{
	enum ms_err err = finish(conn, PQexec(conn, sql), PGRES_COPY_IN, why);
	PGresult *result, *more;

	if (err != MS_OK)
		return err;
	while (stream.len > 0) {
		int n = stream.len > (1u << 20) ? 1 << 20 : (int)stream.len;

		if (PQputCopyData(conn, stream.ptr, n) != 1)
			return pg_error(conn, NULL, why);
		stream.ptr += n;
		stream.len -= (size_t)n;
	}
	if (PQputCopyEnd(conn, NULL) != 1)
		return pg_error(conn, NULL, why);
	result = PQgetResult(conn);
	while ((more = PQgetResult(conn)) != NULL)
		PQclear(more);
	return finish(conn, result, PGRES_COMMAND_OK, why);
}
