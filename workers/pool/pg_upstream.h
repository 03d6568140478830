/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the servers of a pool are: a libpq conninfo, checked once at start and
 * turned into libpq's arrays for each connection.
 */
#ifndef WORKERS_POOL_PG_UPSTREAM_H
#define WORKERS_POOL_PG_UPSTREAM_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "common/err.h"
#include "common/str.h"

struct pg_upstream {
	PQconninfoOption *options;
	const char *host;     /* a list, NULL = not given */
	const char *port;     /* the same */
	bool has_names;       /* to be looked up: see pg_lookup.h */
	const char *database; /* NULL = the client's */
	const char *user;     /* NULL = the client's */
	char *application_name;
};

/* Lists of one length, separated by commas, instead of the conninfo's. */
struct pg_hosts {
	const char *host;
	const char *hostaddr; /* an empty one: host is no name */
	const char *port;     /* an empty one: the default */
};

/* MS_ECONFIG: what cannot be done (TLS, yet) included. */
enum ms_err pg_upstream_init(struct pg_upstream *up, const char *conninfo,
    const char *pool_name, struct why *why);
/* As it was given, or libpq's default; NULL: neither. */
const char *pg_upstream_option(const struct pg_upstream *up, const char *key);
void pg_upstream_fini(struct pg_upstream *up);
/* Of a host list: what only a resolver can tell the address of. */
bool pg_upstream_is_name(struct slice host);
/* PQconnectStartParams(); NULL = out of memory.  hosts NULL: those of the
 * conninfo, when it has no names. */
PGconn *pg_upstream_dial(const struct pg_upstream *up,
    const struct pg_hosts *hosts, const char *database, const char *user);

#endif
