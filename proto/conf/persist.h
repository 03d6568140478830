/* SPDX-License-Identifier: Apache-2.0 */
/* [persist] */
#ifndef PROTO_CONF_PERSIST_H
#define PROTO_CONF_PERSIST_H

#include "proto/conf/sections.h"

enum environment {
	ENVIRONMENT_PRODUCTION,
	ENVIRONMENT_STAGING,
	ENVIRONMENT_DEVELOPMENT
};
struct persist_conf {
	char *database;        /* libpq conninfo; NULL = the pool `main` */
	char *migrations;      /* directory; NULL = lib_dir's migrations */
	int environment;       /* production */
	bool auto_migrate;     /* refused in production */
	struct words subjects; /* patterns to store; none = all */
	uint32_t batch_events; /* 1000 */
	uint64_t batch_bytes;  /* 4M */
	struct span_ms retry;  /* 100ms..5s towards a database that is away */
};
extern const struct field persist_rows[];
void persist_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);

#endif
