/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the servers of a pool are: a libpq conninfo, checked once at start and
 * turned into libpq's arrays for each connection.
 */
#ifndef WORKERS_POOL_PG_UPSTREAM_H
#define WORKERS_POOL_PG_UPSTREAM_H

#include <libpq-fe.h>

#include "common/err.h"

struct pg_upstream {
	PQconninfoOption *options;
	const char *database; /* NULL = the client's */
	const char *user;     /* NULL = the client's */
	char *application_name;
};

/* MS_ECONFIG, MS_EUNSUPPORTED (TLS and names that need DNS, yet). */
enum ms_err pg_upstream_init(struct pg_upstream *up, const char *conninfo,
    const char *pool_name, struct why *why);
/* As it was given, or libpq's default; NULL: neither. */
const char *pg_upstream_option(const struct pg_upstream *up, const char *key);
void pg_upstream_fini(struct pg_upstream *up);
/* PQconnectStartParams(); NULL = out of memory. */
PGconn *pg_upstream_dial(const struct pg_upstream *up, const char *database,
    const char *user);

#endif
