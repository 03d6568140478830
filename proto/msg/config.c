/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the configuration daemon's verbs.  Tags are the wire: a number is never
 * given a second meaning, new fields take the next free one.
 */
#include "proto/msg/config.h"

#define KEY_BYTES_MAX 256

static const struct field nothing[] = { FIELD_END };

static const struct field get_in[] = {
	{ .name = "key",
	    .type = FIELD_STR,
	    .tag = 1,
	    .off = offsetof(struct config_get_in, key),
	    .flags = FIELD_REQUIRED,
	    .min = 1,
	    .max = KEY_BYTES_MAX,
	    .help = "KIND[.NAME].KEY, such as bus.dir or pool.main.size" },
	FIELD_END,
};
static const struct field get_out[] = {
	{ .name = "value",
	    .type = FIELD_STR,
	    .tag = 1,
	    .off = offsetof(struct config_get_out, value),
	    .help = "the value in force, secrets as ***" },
	{ .name = "origin",
	    .type = FIELD_STR,
	    .tag = 2,
	    .off = offsetof(struct config_get_out, origin),
	    .help = "file:line:column, environment or default" },
	{ .name = "help",
	    .type = FIELD_STR,
	    .tag = 3,
	    .off = offsetof(struct config_get_out, help),
	    .help = "what the key means" },
	{ .name = "given",
	    .type = FIELD_BOOL,
	    .tag = 4,
	    .off = offsetof(struct config_get_out, given),
	    .help = "it was given and is not the default" },
	{ .name = "generation",
	    .type = FIELD_U64,
	    .tag = 5,
	    .off = offsetof(struct config_get_out, generation),
	    .help = "counts accepted configurations from 1" },
	FIELD_END,
};

static const struct field list_in[] = {
	{ .name = "prefix",
	    .type = FIELD_STR,
	    .tag = 1,
	    .off = offsetof(struct config_list_in, prefix),
	    .max = KEY_BYTES_MAX,
	    .help = "only keys that begin with this, none = all" },
	FIELD_END,
};
static const struct field list_out[] = {
	{ .name = "count",
	    .type = FIELD_U32,
	    .tag = 1,
	    .off = offsetof(struct config_list_out, count),
	    .help = "keys in the body" },
	{ .name = "generation",
	    .type = FIELD_U64,
	    .tag = 2,
	    .off = offsetof(struct config_list_out, generation),
	    .help = "counts accepted configurations from 1" },
	FIELD_END,
};

static const struct field status_out[] = {
	{ .name = "generation",
	    .type = FIELD_U64,
	    .tag = 1,
	    .off = offsetof(struct config_status_out, generation),
	    .help = "counts accepted configurations from 1" },
	{ .name = "loaded_at",
	    .type = FIELD_STR,
	    .tag = 2,
	    .off = offsetof(struct config_status_out, loaded_at),
	    .help = "when it was loaded" },
	{ .name = "files",
	    .type = FIELD_U32,
	    .tag = 3,
	    .off = offsetof(struct config_status_out, files),
	    .help = "files it was read from" },
	{ .name = "errors",
	    .type = FIELD_U32,
	    .tag = 4,
	    .off = offsetof(struct config_status_out, errors),
	    .help = "errors of the last refused reload, 0 = none" },
	{ .name = "error",
	    .type = FIELD_STR,
	    .tag = 5,
	    .off = offsetof(struct config_status_out, error),
	    .help = "the first of them" },
	{ .name = "digest",
	    .type = FIELD_U32,
	    .tag = 6,
	    .off = offsetof(struct config_status_out, digest),
	    .help = "a number over what is in force" },
	{ .name = "subscribers",
	    .type = FIELD_U32,
	    .tag = 7,
	    .off = offsetof(struct config_status_out, subscribers),
	    .help = "programs that are told of changes" },
	FIELD_END,
};

static const struct field check_out[] = {
	{ .name = "errors",
	    .type = FIELD_U32,
	    .tag = 1,
	    .off = offsetof(struct config_check_out, errors),
	    .help = "errors of the file as it is now" },
	{ .name = "changed",
	    .type = FIELD_U32,
	    .tag = 2,
	    .off = offsetof(struct config_check_out, changed),
	    .help = "keys that a reload would change" },
	{ .name = "files",
	    .type = FIELD_U32,
	    .tag = 3,
	    .off = offsetof(struct config_check_out, files),
	    .help = "files that were read" },
	{ .name = "generation",
	    .type = FIELD_U64,
	    .tag = 4,
	    .off = offsetof(struct config_check_out, generation),
	    .help = "that is in force" },
	{ .name = "path",
	    .type = FIELD_STR,
	    .tag = 5,
	    .off = offsetof(struct config_check_out, path),
	    .help = "the first file" },
	FIELD_END,
};

const struct msg_desc msg_config_get = {
	.verb = "config.get",
	.in = get_in,
	.in_bytes = sizeof(struct config_get_in),
	.out = get_out,
	.out_bytes = sizeof(struct config_get_out),
	.idempotent = true,
	.priority = PRIORITY_HIGH,
	.help = "one key: value, origin, meaning",
};
const struct msg_desc msg_config_list = {
	.verb = "config.list",
	.in = list_in,
	.in_bytes = sizeof(struct config_list_in),
	.out = list_out,
	.out_bytes = sizeof(struct config_list_out),
	.idempotent = true,
	.priority = PRIORITY_HIGH,
	.help = "all keys with value and origin (body: JSON array)",
};
const struct msg_desc msg_config_status = {
	.verb = "config.status",
	.in = nothing,
	.out = status_out,
	.out_bytes = sizeof(struct config_status_out),
	.idempotent = true,
	.priority = PRIORITY_HIGH,
	.help = "generation in force and the last refused reload",
};
const struct msg_desc msg_config_check = {
	.verb = "config.check",
	.in = nothing,
	.out = check_out,
	.out_bytes = sizeof(struct config_check_out),
	.idempotent = true,
	.help = "judges the file as it is now (body: JSON array of errors)",
};
