/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for a subject: which stream takes it, which policy it has, which
 * class it is counted in; as numbers.  Looked up for every event, so what was
 * looked up lately is kept.  Pure.
 */
#ifndef WORKERS_BUS_TOPICS_H
#define WORKERS_BUS_TOPICS_H

#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define TOPIC_CLASSES_MAX 64u /* by first token; those behind share the last */
#define TOPIC_CLASS_OTHER (TOPIC_CLASSES_MAX - 1)

struct topic {
	uint8_t stream; /* index; 0: main */
	uint8_t policy; /* index; 0: what holds for all others */
	uint8_t class;  /* index */
};

struct topics;
struct topics *topics_new(void);
void topics_free(struct topics **topics);
/* The patterns were checked; of two that are equal the first one counts. */
void topics_add_stream(struct topics *topics, const char *pattern,
    uint8_t stream);
void topics_add_policy(struct topics *topics, const char *pattern,
    uint8_t policy);
/* The patterns go, the classes stay. */
void topics_reset(struct topics *topics);
/* The subject was checked. */
struct topic topics_find(struct topics *topics, struct slice subject);
/* "agent"; "other" for the last; NULL: not in use yet. */
const char *topics_class(const struct topics *topics, uint8_t class);

#endif
