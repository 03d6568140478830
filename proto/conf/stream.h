/* SPDX-License-Identifier: Apache-2.0 */
/* [stream NAME]: a log of its own for some subjects. */
#ifndef PROTO_CONF_STREAM_H
#define PROTO_CONF_STREAM_H

#include "proto/conf/sections.h"

#define STREAM_MAIN     "main" /* what no other stream takes; [bus] has its keys */
#define STREAM_NAME_MAX 31u
#define STREAMS_MAX     16u /* with main */

enum stream_visible {
	STREAM_VISIBLE_WRITTEN, /* events are handed out when written */
	STREAM_VISIBLE_SYNCED   /* only when they survive power loss */
};

struct stream_conf {
	struct words subjects;     /* patterns */
	int durability;            /* the least an ack promises */
	int visible;               /* enum stream_visible */
	uint64_t retention_bytes;  /* 1G */
	uint64_t retention_age_ms; /* 7d */
	uint64_t retention_count;  /* events, 0 = any number */
};
extern const struct field stream_rows[];
extern const struct field_name stream_durability_names[];
extern const struct field_name stream_visible_names[];
void stream_check(const struct conf_section *section, const void *base,
    struct conf_errors *errors);
/* Too many of them, or a pattern in two. */
void streams_check(const struct conf *conf, struct conf_errors *errors);

#endif
