/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said to the configuration daemon (service "config"). */
#ifndef PROTO_MSG_CONFIG_H
#define PROTO_MSG_CONFIG_H

#include "proto/msg.h"

struct config_get_in {
	char *key; /* "bus.dir", "pool.main.size": kind[.name].key */
};
struct config_get_out {
	char *value;  /* in force, in user's units; secrets are "***" */
	char *origin; /* "file:line:column", "environment" or "default" */
	char *help;
	bool given;
	uint64_t generation;
};
/* config.list: body of the reply = JSON array of {key,value,origin} */
struct config_list_in {
	char *prefix; /* NULL = all */
};
struct config_list_out {
	uint32_t count;
	uint64_t generation;
};
struct config_status_out {
	uint64_t generation; /* counts accepted configurations from 1 */
	char *loaded_at;     /* RFC 3339 */
	uint32_t files;
	uint32_t errors;      /* of the last refused reload, 0 when none */
	char *error;          /* its first error */
	uint32_t digest;      /* conf_digest() of what is in force */
	uint32_t subscribers; /* who is told of changes */
};
/* config.check: the file as it is now, read and judged, not taken over; body of
 * the reply = JSON array of its errors */
struct config_check_out {
	uint32_t errors;
	uint32_t changed; /* keys that would change */
	uint32_t files;
	uint64_t generation; /* in force */
	char *path;
};
extern const struct msg_desc msg_config_get, msg_config_list, msg_config_status,
    msg_config_check;

/* Announced on config.pub.ipc after each accepted change: `config \0` then
 * JSON {"generation":N,"changed":["bus.dir",...]}. */

#endif
