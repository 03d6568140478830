/* SPDX-License-Identifier: Apache-2.0 */
/* [log] and [config]: small sections of small workers. */
#ifndef PROTO_CONF_WORKERS_H
#define PROTO_CONF_WORKERS_H

#include "proto/conf/sections.h"

struct log_conf {
	uint64_t line_bytes; /* longer lines are split */
	uint64_t flush_ms;   /* reserved for buffering; 0 = write at once */
};
struct config_conf {
	char *dir; /* NULL = state_dir/config */
};
extern const struct field log_rows[], config_rows[];

#endif
