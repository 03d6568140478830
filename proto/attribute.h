/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attributes an event may carry and the rules CloudEvents 1.0 has for
 * them.  Private to the envelope and its JSON form; keys are on the wire.
 */
#ifndef PROTO_ATTRIBUTE_H
#define PROTO_ATTRIBUTE_H

#include "proto/envelope.h"

enum attribute_key {
	KEY_TYPE = 1,
	KEY_SOURCE,
	KEY_SUBJECT,
	KEY_CONTENT_TYPE,
	KEY_DATA_SCHEMA,
	KEY_TRACEPARENT,
	KEY_TRACESTATE,
	KEY_PARTITION_KEY,
	KEY_EXPIRY_TIME,
	KEY_RECORDED_TIME,
	KEY_DATA_REF,
	KEY_PRODUCER,
	KEY_PRODUCER_SEQ,
	KEY_SIGNATURE,
	KEY_ID,
	KEY_COUNT,
	KEY_EXTENSION = 255
};

#define EXTENSION_NAME_BYTES_MAX 20u

struct attribute_row {
	const char *name; /* in CloudEvents JSON */
	enum attribute_type type;
	size_t off; /* of its slice in struct envelope */
	bool is_time;
};
/* By key; [0] is empty. */
extern const struct attribute_row attribute_rows[KEY_COUNT];

static inline struct slice *
attribute_slice(struct envelope *event, const struct attribute_row *row)
{
	return (struct slice *)(void *)((char *)event + row->off);
}
static inline struct slice
attribute_value(const struct envelope *event, const struct attribute_row *row)
{
	return *(
	    const struct slice *)(const void *)((const char *)event + row->off);
}

const struct attribute_row *attribute_find(struct slice name);
/* MS_EATTRIBUTE naming the attribute, and the offset of a wrong byte. */
enum ms_err attribute_check(const struct attribute_row *row, struct slice value,
    struct why *why);
/* Also what is asked of new events only, so that what a log holds already can
 * be read for ever: a traceparent must be one. */
enum ms_err attribute_check_new(const struct attribute_row *row,
    struct slice value, struct why *why);
enum ms_err extension_check(const struct attribute *extension, struct why *why);

#endif
