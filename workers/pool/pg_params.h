/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server last said about its session by ParameterStatus, to be told to
 * the next client.  Bounded: more names than the bound are not remembered.
 */
#ifndef WORKERS_POOL_PG_PARAMS_H
#define WORKERS_POOL_PG_PARAMS_H

#include "common/buf.h"

#define PG_PARAMS_MAX 32u /* PostgreSQL 15 reports 13 */

struct pg_params {
	struct pg_param {
		char *name;
		char *value;
	} at[PG_PARAMS_MAX];
	size_t count;
};

void pg_params_fini(struct pg_params *params);
void pg_params_set(struct pg_params *params, const char *name,
    const char *value);
/* NULL when it was never reported.  Names as GUCs: in any case. */
const char *pg_params_get(const struct pg_params *params, const char *name);
/* A ParameterStatus for each. */
void pg_params_print(const struct pg_params *params, struct buf *out);

#endif
