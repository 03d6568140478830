/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations: files NNNN_name.sql with NNNN_name.down.sql beside them, and the
 * table ms_migrations.history of what was applied.  Applied one by one, each
 * in a transaction of its own with its history row, under an advisory lock;
 * the first failure stops.  A file that changed after it was applied is
 * MS_ECONFLICT and nothing is done.  Runs on the database thread.
 */
#ifndef WORKERS_PERSIST_MIGRATION_H
#define WORKERS_PERSIST_MIGRATION_H

#include <libpq-fe.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"

#define MIGRATIONS_MAX      4096u
#define MIGRATION_BYTES_MAX (8u << 20)
#define MIGRATION_LOCK_KEY  "7220101" /* pg_advisory_lock; any fixed number */

struct migration {
	const char *version;     /* "0001" */
	const char *description; /* "framework" */
	struct slice up;
	struct slice down;                /* empty when there is no down file */
	char checksum[SHA256_TEXT_BYTES]; /* SHA-256 of up, CRLF as LF */
};

struct migration_list {
	struct arena arena;      /* owns all texts */
	struct migration *items; /* by version */
	size_t count;
};

/* MS_ENOTFOUND no such directory, MS_ECONFIG bad names or two of a version. */
enum ms_err migration_list_read(const char *dir, struct migration_list *list_r,
    struct why *why);
void migration_list_fini(struct migration_list *list);

struct migration_report {
	uint32_t applied; /* now */
	uint32_t pending; /* left */
	char version[64]; /* newest applied, "" none */
	struct buf rows;  /* JSON array, see proto/msg/persist.h */
};
/* apply = false only looks.  rows is filled even after a failure. */
enum ms_err migrations_run(PGconn *conn, const struct migration_list *list,
    bool apply, struct migration_report *report, struct why *why);

#endif
