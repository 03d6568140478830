/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event of the bus as one row of the staging table, in PostgreSQL's binary
 * COPY format.  Pure: no connection.
 */
#ifndef WORKERS_PERSIST_ROW_H
#define WORKERS_PERSIST_ROW_H

#include "common/buf.h"
#include "proto/envelope.h"

/* The staging table rows are copied into, and how. */
extern const char row_staging_sql[];
extern const char row_copy_sql[];

void row_stream_begin(struct buf *out);
void row_stream_end(struct buf *out);
/*
 * Appends one row.  as_raw: the payload goes to event_raw whatever it is
 * (for events PostgreSQL's jsonb has refused).  Without it a JSON payload
 * that jsonb can hold goes to event_data.
 */
void row_add(const struct envelope *event, bool as_raw, struct buf *out);

/* The aggregate an event belongs to (attribute, else subject / key / source).
 */
struct slice row_aggregate_type(const struct envelope *event);
struct slice row_aggregate_id(const struct envelope *event);

#endif
