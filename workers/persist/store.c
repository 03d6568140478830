/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch, one transaction: lock the cursor (a predecessor that was killed
 * may still be committing on the server), COPY into a staging table, then one
 * statement numbers the new events within their aggregates and inserts them.
 */
#include "workers/persist/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "workers/persist/pg.h"
#include "workers/persist/row.h"

#define TRIES_MAX 5 /* of a batch that lost a race */

static const char lock_sql[] =
    "INSERT INTO ms_framework.cursors (consumer, seq) VALUES ($1, 0) "
    "ON CONFLICT (consumer) DO UPDATE SET consumer = excluded.consumer";
static const char cursor_sql[] =
    "UPDATE ms_framework.cursors SET seq = $2, updated_at = now() "
    "WHERE consumer = $1";
static const char insert_sql[] =
    "WITH fresh AS ("
    " SELECT DISTINCT ON (i.id, i.source) i.* FROM incoming i"
    " WHERE NOT EXISTS (SELECT 1 FROM ms_framework.event_store e"
    "  WHERE e.id = i.id AND e.source = i.source)"
    " ORDER BY i.id, i.source, i.bus_seq"
    "), numbered AS ("
    " SELECT f.*, coalesce(a.version, 0) + row_number() OVER ("
    "  PARTITION BY f.aggregate_type, f.aggregate_id ORDER BY f.bus_seq)"
    "  AS version"
    " FROM fresh f LEFT JOIN ms_framework.aggregates a"
    "  USING (aggregate_type, aggregate_id)"
    "), heads AS ("
    " INSERT INTO ms_framework.aggregates AS h"
    "  (aggregate_type, aggregate_id, version)"
    " SELECT aggregate_type, aggregate_id, max(version) FROM numbered"
    "  GROUP BY aggregate_type, aggregate_id"
    " ON CONFLICT (aggregate_type, aggregate_id)"
    "  DO UPDATE SET version = excluded.version"
    ") INSERT INTO ms_framework.event_store (id, source, id_text, bus_seq,"
    "  subject, aggregate_type, aggregate_id, event_version, event_type,"
    "  event_data, event_raw, content_type, metadata, correlation_id,"
    "  causation_id, created_at)"
    " SELECT id, source, id_text, bus_seq, subject, aggregate_type,"
    "  aggregate_id, version, event_type, event_data, event_raw,"
    "  content_type, metadata, correlation_id, causation_id, created_at"
    " FROM numbered ORDER BY bus_seq";

void
store_init(struct store *store)
{
	*store = (struct store){ 0 };
	arena_init(&store->arena, 0);
}

void
store_fini(struct store *store)
{
	buf_fini(&store->stream);
	arena_fini(&store->arena);
}

enum ms_err
store_session(PGconn *conn, struct why *why)
{
	enum ms_err err = pg_run(conn,
	    "SET client_min_messages = warning; SET statement_timeout = '60s';"
	    "SET idle_in_transaction_session_timeout = '60s'",
	    why);

	return err ? err : pg_run(conn, row_staging_sql, why);
}

static enum ms_err
fill_stream(struct store *store, const struct ms_event *events, size_t count,
    bool as_raw, struct why *why)
{
	struct envelope_limits limits = envelope_limits_default;
	struct envelope envelope;
	enum ms_err err;

	limits.payload_bytes = ENVELOPE_PAYLOAD_CEILING;
	buf_reset(&store->stream);
	row_stream_begin(&store->stream);
	for (size_t i = 0; i < count; i++) {
		arena_reset(&store->arena);
		err = envelope_decode((struct slice){ events[i].frame,
					  events[i].frame_bytes },
		    &limits, &store->arena, &envelope, why);
		if (err != MS_OK)
			return err;
		row_add(&envelope, as_raw, &store->stream);
	}
	row_stream_end(&store->stream);
	return store->stream.failed
	    ? why_set(why, MS_ENOMEM, "no memory for a batch of %zu", count)
	    : MS_OK;
}

static enum ms_err
execute(PGconn *conn, const char *sql, int count, const char *const *params,
    uint64_t *rows_r, struct why *why)
{
	PGresult *result;
	enum ms_err err = pg_query(conn, sql, count, params, &result, why);

	if (err != MS_OK)
		return err;
	if (rows_r != NULL)
		*rows_r = strtoull(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return MS_OK;
}

static enum ms_err
write_inside(struct store *store, PGconn *conn, const char *consumer,
    uint64_t last_seq, uint64_t *rows_r, struct why *why)
{
	char seq[24];
	const char *params[] = { consumer, seq };
	enum ms_err err;

	snprintf(seq, sizeof seq, "%llu", (unsigned long long)last_seq);
	if ((err = execute(conn, lock_sql, 1, params, NULL, why)) != MS_OK)
		return err;
	err = pg_copy(conn, row_copy_sql, buf_slice(&store->stream), why);
	if (err == MS_OK)
		err = execute(conn, insert_sql, 0, NULL, rows_r, why);
	if (err == MS_OK)
		err = execute(conn, cursor_sql, 2, params, NULL, why);
	return err;
}

static enum ms_err
write_once(struct store *store, PGconn *conn, const char *consumer,
    uint64_t last_seq, uint64_t *rows_r, struct why *why)
{
	enum ms_err err = pg_run(conn, "BEGIN", why);

	if (err == MS_OK)
		err =
		    write_inside(store, conn, consumer, last_seq, rows_r, why);
	if (err == MS_OK)
		return pg_run(conn, "COMMIT", why);
	if (PQstatus(conn) == CONNECTION_OK)
		(void)!pg_run(conn, "ROLLBACK", NULL);
	return err;
}

static enum ms_err
write_range(struct store *store, PGconn *conn, const char *consumer,
    const struct ms_event *events, size_t count, bool as_raw,
    struct stored *stored, struct why *why)
{
	uint64_t last_seq = events[count - 1].seq, rows = 0;
	enum ms_err err = fill_stream(store, events, count, as_raw, why);

	for (int i = 0; err == MS_OK && i < TRIES_MAX; i++) {
		err = write_once(store, conn, consumer, last_seq, &rows, why);
		if (err != MS_EBUSY)
			break;
		if (i + 1 < TRIES_MAX)
			err = MS_OK;
	}
	if (err != MS_OK)
		return err;
	stored->events += rows;
	stored->duplicates += count - rows;
	stored->as_raw += as_raw ? rows : 0;
	stored->cursor_seq = last_seq;
	return MS_OK;
}

enum ms_err
store_events(struct store *store, PGconn *conn, const char *consumer,
    const struct ms_event *events, size_t count, struct stored *stored,
    struct why *why)
{
	size_t half = count / 2;
	enum ms_err err = write_range(store, conn, consumer, events, count,
	    false, stored, why);

	if (err != MS_EINVAL)
		return err;
	if (count == 1)
		return write_range(store, conn, consumer, events, 1, true,
		    stored, why);
	err = store_events(store, conn, consumer, events, half, stored, why);
	if (err != MS_OK)
		return err;
	return store_events(store, conn, consumer, events + half, count - half,
	    stored, why);
}
