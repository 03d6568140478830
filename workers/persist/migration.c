/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database's side of migrations.  The history row is written in the same
 * transaction as the change, so there is no "half applied"; the down text is
 * kept with it, so a rollback does not depend on files that may be gone.
 */
#include "workers/persist/migration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mono.h"
#include "workers/persist/pg.h"

static const char history_sql[] =
    "CREATE SCHEMA IF NOT EXISTS ms_migrations;"
    "CREATE TABLE IF NOT EXISTS ms_migrations.history ("
    " version text PRIMARY KEY, description text NOT NULL,"
    " checksum text NOT NULL, down_sql text,"
    " applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
    " execution_ms bigint NOT NULL, applied_by text NOT NULL"
    " DEFAULT session_user)";
static const char exists_sql[] =
    "SELECT to_regclass('ms_migrations.history') IS NOT NULL";
static const char select_sql[] =
    "SELECT version, description, checksum, execution_ms,"
    " to_char(applied_at AT TIME ZONE 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM ms_migrations.history";
static const char insert_sql[] =
    "INSERT INTO ms_migrations.history"
    " (version, description, checksum, down_sql, execution_ms)"
    " VALUES ($1, $2, $3, $4, $5)";

enum {
	VERSION,
	DESCRIPTION,
	CHECKSUM,
	EXECUTION_MS,
	APPLIED_AT
};

static int
row_of(const PGresult *history, const char *version)
{
	for (int i = 0; history != NULL && i < PQntuples(history); i++)
		if (strcmp(PQgetvalue(history, i, VERSION), version) == 0)
			return i;
	return -1;
}

static enum ms_err
history_read(PGconn *conn, PGresult **history_r, struct why *why)
{
	PGresult *result;
	enum ms_err err = pg_query(conn, exists_sql, 0, NULL, &result, why);
	bool exists;

	*history_r = NULL;
	if (err != MS_OK)
		return err;
	exists = PQgetvalue(result, 0, 0)[0] == 't';
	PQclear(result);
	return exists ? pg_query(conn, select_sql, 0, NULL, history_r, why)
		      : MS_OK;
}

static enum ms_err
check_applied(const struct migration_list *list, const PGresult *history,
    struct why *why)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct migration *m = &list->items[i];
		int row = row_of(history, m->version);

		if (row >= 0 &&
		    strcmp(PQgetvalue(history, row, CHECKSUM), m->checksum) !=
			0)
			return why_set(why, MS_ECONFLICT,
			    "migration %s_%s was edited after it was applied "
			    "(checksum %.12s, applied %.12s)",
			    m->version, m->description, m->checksum,
			    PQgetvalue(history, row, CHECKSUM));
	}
	return MS_OK;
}

static enum ms_err
apply_inside(PGconn *conn, const struct migration *m, struct why *why)
{
	struct mono begun = mono_now();
	char ms[24];
	const char *params[] = { m->version, m->description, m->checksum,
		m->down.len ? m->down.ptr : NULL, ms };
	PGresult *result;
	enum ms_err err = pg_run(conn, m->up.ptr, why);

	if (err != MS_OK)
		return err;
	snprintf(ms, sizeof ms, "%llu",
	    (unsigned long long)mono_ms_between(begun, mono_now()));
	err = pg_query(conn, insert_sql, 5, params, &result, why);
	if (err == MS_OK)
		PQclear(result);
	return err;
}

static enum ms_err
apply_one(PGconn *conn, const struct migration *m, struct why *why)
{
	struct why inner = { 0 };
	enum ms_err err =
	    pg_run(conn, "BEGIN; SET LOCAL lock_timeout = '10s'", why);

	if (err != MS_OK)
		return err;
	err = apply_inside(conn, m, &inner);
	if (err == MS_OK)
		err = pg_run(conn, "COMMIT", &inner);
	if (err == MS_OK)
		return MS_OK;
	if (PQstatus(conn) == CONNECTION_OK)
		(void)!pg_run(conn, "ROLLBACK", NULL);
	return why_set(why, err == MS_ENOTFOUND ? MS_EINVAL : err,
	    "migration %s_%s: %s", m->version, m->description, inner.text);
}

static enum ms_err
apply_pending(PGconn *conn, const struct migration_list *list,
    struct migration_report *report, struct why *why)
{
	PGresult *history = NULL;
	enum ms_err err = history_read(conn, &history, why);

	if (err == MS_OK)
		err = check_applied(list, history, why);
	for (size_t i = 0; err == MS_OK && i < list->count; i++) {
		if (row_of(history, list->items[i].version) >= 0)
			continue;
		err = apply_one(conn, &list->items[i], why);
		if (err == MS_OK)
			report->applied++;
	}
	PQclear(history);
	return err;
}

static enum ms_err
apply(PGconn *conn, const struct migration_list *list,
    struct migration_report *report, struct why *why)
{
	enum ms_err err = pg_run(conn,
	    "SET lock_timeout = '30s';"
	    "SELECT pg_advisory_lock(" MIGRATION_LOCK_KEY ")",
	    why);

	if (err != MS_OK)
		return err;
	err = pg_run(conn, history_sql, why);
	if (err == MS_OK)
		err = apply_pending(conn, list, report, why);
	if (PQstatus(conn) == CONNECTION_OK)
		(void)!pg_run(conn,
		    "SELECT pg_advisory_unlock(" MIGRATION_LOCK_KEY ");"
		    "RESET lock_timeout",
		    NULL);
	return err;
}

static void
report_one(const struct migration *m, const PGresult *history,
    struct migration_report *report, struct json *rows)
{
	struct json *row = json_put_object(rows, NULL);
	int at = row_of(history, m->version);
	bool same;

	json_put_str(row, "version", m->version);
	json_put_str(row, "description", m->description);
	json_put_str(row, "checksum", m->checksum);
	if (at < 0) {
		json_put_str(row, "state", "pending");
		report->pending++;
		return;
	}
	same = strcmp(PQgetvalue(history, at, CHECKSUM), m->checksum) == 0;
	json_put_str(row, "state", same ? "applied" : "edited");
	json_put_str(row, "applied_at", PQgetvalue(history, at, APPLIED_AT));
	json_put_num(row, "execution_ms",
	    strtod(PQgetvalue(history, at, EXECUTION_MS), NULL));
	snprintf(report->version, sizeof report->version, "%s", m->version);
}

/* Applied, but their files are gone. */
static void
report_missing(const struct migration_list *list, const PGresult *history,
    struct json *rows)
{
	for (int i = 0; history != NULL && i < PQntuples(history); i++) {
		const char *version = PQgetvalue(history, i, VERSION);
		bool found = false;
		struct json *row;

		for (size_t k = 0; k < list->count && !found; k++)
			found = strcmp(list->items[k].version, version) == 0;
		if (found)
			continue;
		row = json_put_object(rows, NULL);
		json_put_str(row, "version", version);
		json_put_str(row, "description",
		    PQgetvalue(history, i, DESCRIPTION));
		json_put_str(row, "state", "missing");
		json_put_str(row, "applied_at",
		    PQgetvalue(history, i, APPLIED_AT));
	}
}

enum ms_err
migrations_run(PGconn *conn, const struct migration_list *list, bool do_apply,
    struct migration_report *report, struct why *why)
{
	enum ms_err err = do_apply ? apply(conn, list, report, why) : MS_OK;
	PGresult *history = NULL;
	struct json *rows;
	enum ms_err seen;

	if (PQstatus(conn) != CONNECTION_OK)
		return err;
	seen = history_read(conn, &history, err ? NULL : why);
	rows = json_array();
	for (size_t i = 0; i < list->count; i++)
		report_one(&list->items[i], history, report, rows);
	report_missing(list, history, rows);
	json_print(rows, &report->rows);
	json_free(&rows);
	PQclear(history);
	return err ? err : seen;
}
