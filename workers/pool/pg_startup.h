/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first packet of a client: u32 length, u32 code, body; it has no type.
 * Reads every byte string; refuses what PostgreSQL refuses.  Pure.
 */
#ifndef WORKERS_POOL_PG_STARTUP_H
#define WORKERS_POOL_PG_STARTUP_H

#include <stdbool.h>

#include "common/arena.h"
#include "common/err.h"
#include "workers/pool/pg_proto.h"

#define PG_STARTUP_BYTES_MAX \
	10000u /* as PostgreSQL's MAX_STARTUP_PACKET_LENGTH */
#define PG_SETTINGS_MAX   64u
#define PG_NAME_BYTES_MAX 63u /* of a database, a user: NAMEDATALEN - 1 */

enum pg_first {
	PG_FIRST_MORE,    /* not whole yet */
	PG_FIRST_SSL,     /* answer 'N', expect another first packet */
	PG_FIRST_GSS,     /* likewise */
	PG_FIRST_CANCEL,  /* startup->cancel */
	PG_FIRST_STARTUP, /* the rest of startup */
	PG_FIRST_BAD      /* why; answer FATAL with startup->sqlstate, close */
};

struct pg_startup {
	const char *user;
	const char *database; /* the user's when not given */
	/* to be set in the session, those of `options` first */
	struct pg_setting settings[PG_SETTINGS_MAX];
	size_t setting_count;
	uint32_t minor;                       /* above 0: negotiate */
	const char *unknown[PG_SETTINGS_MAX]; /* _pq_.* */
	size_t unknown_count;
	struct pg_key cancel;
	const char *sqlstate; /* of PG_FIRST_BAD */
	size_t bytes;         /* of the packet */
};

/* Strings are copied into arena. */
enum pg_first pg_startup_parse(struct slice bytes, struct arena *arena,
    struct pg_startup *startup_r, struct why *why);

#endif
