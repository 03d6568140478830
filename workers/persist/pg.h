/* SPDX-License-Identifier: Apache-2.0 */
/* Small words over libpq: run, and say what went wrong in our errors. */
#ifndef WORKERS_PERSIST_PG_H
#define WORKERS_PERSIST_PG_H

#include <libpq-fe.h>

#include "common/err.h"
#include "common/str.h"

/*
 * MS_EUNAVAILABLE connection gone, MS_EBUSY worth another try at once
 * (serialization, deadlock, duplicate in a race), MS_EINVAL the data is at
 * fault, MS_ENOTFOUND schema or table missing, MS_EIO the rest.
 */
enum ms_err pg_error(PGconn *conn, const PGresult *result, struct why *why);

/* One or more statements without parameters; results are dropped. */
enum ms_err pg_run(PGconn *conn, const char *sql, struct why *why);
/* Text parameters (NULL = null), a tuple result the caller clears. */
enum ms_err pg_query(PGconn *conn, const char *sql, int count,
    const char *const *params, PGresult **result_r, struct why *why);
/* COPY ... FROM STDIN: the whole stream at once. */
enum ms_err pg_copy(PGconn *conn, const char *sql, struct slice stream,
    struct why *why);

#endif
