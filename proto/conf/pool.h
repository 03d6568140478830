/* SPDX-License-Identifier: Apache-2.0 */
/* [pool NAME] */
#ifndef PROTO_CONF_POOL_H
#define PROTO_CONF_POOL_H

#include "proto/conf/sections.h"

enum pool_kind {
	POOL_POSTGRES,
	POOL_REDIS /* not supported yet */
};
struct pool_conf {
	int kind;
	char *listen_dir;            /* NULL = run_dir/pool; the socket is
	                               .s.PGSQL.<listen_port> in it */
	uint32_t listen_port;        /* 6432 */
	uint32_t listen_mode;        /* octal, 0660 */
	char *upstream;              /* libpq conninfo; the database and user of
	                               the client are used when absent here */
	uint32_t size;               /* 25 server connections at most */
	uint32_t min_size;           /* 0 */
	uint32_t max_clients;        /* 10000 */
	uint64_t acquire_timeout_ms; /* 30s: waiting for a server */
	uint64_t fail_fast_ms;       /* 10s: the server away for this long */
	uint64_t connect_timeout_ms; /* 10s */
	uint64_t idle_timeout_ms;    /* 600s */
	uint64_t max_lifetime_ms;    /* 1800s, +-10 % */
	char *mode;                  /* session; others not supported yet */
};
extern const struct field pool_rows[];
void pool_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);
/* Two pools on one socket. */
void pools_check(const struct conf *conf, struct conf_errors *errors);

#endif
