/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of PostgreSQL's protocol 3 that the pool writes or looks into.
 * Pure.  Writers append to a buf; texts are cut at their first NUL.
 */
#ifndef WORKERS_POOL_PG_PROTO_H
#define WORKERS_POOL_PG_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

/* SQLSTATEs we speak ourselves. */
#define PG_TOO_MANY           "53300"
#define PG_ADMIN_SHUTDOWN     "57P01"
#define PG_CANNOT_CONNECT_NOW "57P03"
#define PG_PROTOCOL_VIOLATION "08P01"
#define PG_CONNECTION_FAILURE "08006"
#define PG_UNSUPPORTED        "0A000"
#define PG_BAD_AUTHORIZATION  "28000"

struct pg_key { /* what a CancelRequest must name */
	uint32_t pid;
	uint32_t secret;
};

uint32_t pg_get_u32(const void *p);
void pg_put_u32(struct buf *out, uint32_t v);

void pg_put_auth_ok(struct buf *out);
void pg_put_param(struct buf *out, const char *name, const char *value);
void pg_put_backend_key(struct buf *out, struct pg_key key);
void pg_put_ready(struct buf *out);
void pg_put_fatal(struct buf *out, const char *sqlstate, const char *message);
/* The body of the server's ErrorResponse with severity FATAL: to the client
 * its connection ends here, whatever it was to the server. */
void pg_put_error_as_fatal(struct buf *out, struct slice body);
/* Minor versions above 0 and protocol options we do not know. */
void pg_put_negotiate(struct buf *out, const char *const *options,
    size_t count);

void pg_put_query(struct buf *out, const char *text);
void pg_put_sync(struct buf *out);
void pg_put_terminate(struct buf *out);
/* set_config($1, $2, false) for each pair, as one pipeline with one Sync:
 * values need no quoting, one error undoes all. */
struct pg_setting {
	const char *name;
	const char *value;
};
void pg_put_settings(struct buf *out, const struct pg_setting *settings,
    size_t count);
void pg_put_cancel(struct buf *out, struct pg_key key);

/* One field of an ErrorResponse ('C' SQLSTATE, 'M' message); NULL = absent.
 * Borrows body. */
const char *pg_error_field(struct slice body, char field);
/* Two NUL-terminated texts that fill the body of a ParameterStatus. */
bool pg_parse_param(struct slice body, const char **name_r,
    const char **value_r);

#endif
